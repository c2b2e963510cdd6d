"""Writes what the PAS tells about people and their stays: ADT messages."""

from downtime.demo.movements import Movement
from downtime.demo.writers.hl7 import header, moment, parts, segment
from downtime.demo.writers.identity import number, pid, practice, pv1, pv2

_STRUCTURES = {
    "A02": "ADT_A02",
    "A03": "ADT_A03",
    "A11": "ADT_A09",
    "A12": "ADT_A09",
    "A28": "ADT_A05",
    "A40": "ADT_A39",
}
"""Message structures (HL7 v2.4 table 0354) that are not ADT_A01."""


def adt(movement: Movement, control: str) -> list[str]:
    """The segments of one ADT message."""
    kind = f"ADT^{movement.event}^{_STRUCTURES.get(movement.event, 'ADT_A01')}"
    segments = [
        header("PAS", "ALL", kind, control, movement.sent),
        _evn(movement),
        pid(movement.person, movement.stay.visit if movement.stay else ""),
        practice(movement.person),
    ]
    if movement.merged:
        segments.append(segment("MRG", {1: number(movement.merged)}))
    if movement.stay and movement.place:
        ended = movement.event == "A03"
        segments.append(pv1(movement.stay, movement.place, movement.prior, ended))
        segments.append(pv2(movement.stay))
    elif not movement.merged:
        segments.append("PV1|1|N")
    return [part for part in segments if part]


def _evn(movement: Movement) -> str:
    happened = movement.cancelled_event_time or movement.when
    return segment(
        "EVN",
        {
            1: movement.event,
            2: moment(movement.when if movement.cancelled_event_time else movement.sent),
            5: parts("WCLERK", "Ward", "Clerk"),
            6: moment(happened),
        },
    )
