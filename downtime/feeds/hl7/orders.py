"""HL7 v2 orders (ORM, OML, OMG, OMI and their answers ORR, ORL, ORG, ORI) to ServiceRequest.

The stage follows from ORC-1 and ORC-5 (HL7 tables 0119 and 0038), ORC-5 being mostly blank; a
request still 'requested' whose specimen was taken (OBR-7, not after the message) or has arrived
(OBR-14, SPM-18) is `collected` or `received`. An order without an OBR (a medicine, a diet, an answer
that repeats nothing) is accepted and nothing is taken. A request is dated by ORC-9, else MSH-7.
"""

from downtime.clinical.identifiers import Identifier
from downtime.feeds import times
from downtime.feeds.hl7.data_types import coded_texts
from downtime.feeds.hl7.order_groups import (
    OrderGroup,
    note_text,
    order_groups,
    read_person,
    read_person_only,
    request_fields,
    request_key,
)
from downtime.feeds.hl7.patient import MessageReader
from downtime.feeds.model import Change, Value

STAGE_BY_CONTROL = {
    "CA": "cancelled",
    "OC": "cancelled",
    "CR": "cancelled",
    "DC": "cancelled",
    "OD": "cancelled",
    "DR": "cancelled",
    "UA": "cancelled",
    "RP": "cancelled",
    "RQ": "cancelled",
    "RU": "cancelled",
    "NW": "requested",
    "OK": "requested",
    "NA": "requested",
    "RO": "requested",
    "XO": "requested",
    "XX": "requested",
    "XR": "requested",
    "SN": "requested",
    "PA": "requested",
    "CH": "requested",
    "HD": "requested",
    "RL": "requested",
}
"""The stage that an order control (ORC-1) means; others (SC, RE, …) leave it to ORC-5."""
STAGE_BY_STATUS = {
    "A": "in-progress",
    "CA": "cancelled",
    "CM": "resulted",
    "DC": "cancelled",
    "IP": "in-progress",
    "RP": "cancelled",
    "SC": "requested",
    "HD": "requested",
}
"""The stage that an order status (ORC-5) means."""


def read_orders(who: MessageReader) -> list[Change]:
    """All that one order message says."""
    tests = [order for order in order_groups(who) if order.obr]
    if not tests:
        return read_person_only(who)
    numbers, said = read_person(who, tests)
    return said + [_request(who, order, numbers) for order in tests]


def _request(who: MessageReader, order: OrderGroup, numbers: tuple[Identifier, ...]) -> Change:
    department = order.value_of(0, 24)
    head = who.message.header
    fields = request_fields(who, order)
    fields.update(_asked(who, order))
    if stage := _stage(who, order, fields):
        fields["stage"] = stage
    return Change(
        type="ServiceRequest",
        source=who.context.answering_system(head.text(3), head.text(5), department),
        key=request_key(who, order),
        patient=numbers,
        fields=fields,
        event=times.parse_instant(order.orc.text(9), who.context.zone) if order.orc else "",
        sent=who.sent,
        position=who.position,
    )


def _asked(who: MessageReader, order: OrderGroup) -> dict[str, Value]:
    """When and why it was asked for: ORC-9, else OBR-6; OBR-13 and OBR-31, else the notes."""
    fields: dict[str, Value] = {}
    asked = (order.orc.text(9) if order.orc else "") or order.value_of(0, 6)
    authored = times.parse_time(asked, who.context.zone)
    if authored and (order.orc is None or order.orc.text(1) in ("", "NW", "RO", "SN")):
        fields["authored"], fields["authored_text"] = authored, asked
    obr = order.obr
    reasons = [obr.full_text(13), coded_texts(obr, 31) or ""] if obr else []
    notes = note_text(
        [segment for segment in order.following_segments if segment.fields[0] == "NTE"]
    )
    if reason := "; ".join(dict.fromkeys(r for r in reasons if r)) or notes:
        fields["reason"] = reason
    return fields


def _stage(who: MessageReader, order: OrderGroup, fields: dict[str, Value]) -> str:
    control = order.orc.text(1).upper() if order.orc else "NW"
    stage = STAGE_BY_CONTROL.get(control, "")
    if stage != "cancelled":
        stage = STAGE_BY_STATUS.get(order.value_of(5, 0).upper(), stage)
    if stage not in ("", "requested"):
        return stage
    arrived = order.obr.raw(14) if order.obr else ""
    arrived = arrived or "".join(
        s.raw(18) for s in order.following_segments if s.fields[0] == "SPM"
    )
    if arrived.strip('"'):
        return "received"
    collected = str(fields.get("collected", ""))
    return "collected" if "T" in collected and collected <= who.sent else stage
