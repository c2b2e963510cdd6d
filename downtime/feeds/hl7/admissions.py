"""HL7 v2 ADT messages to Patient, Encounter, AllergyIntolerance, Location and merges.

Order: an encounter's change is dated by when it happened (EVN-6, else EVN-2), a cancellation by
when it was recorded (EVN-2; its EVN-6 is the time of what it cancels, HL7 v2.5 3.4.1.6), a person's
details and allergies by EVN-2; all else fails, by MSH-7.

Key of an encounter: visit number (PV1-19), else account (PID-18), else the first number of the
patient. PV1-3 is said as a whole: a ward without a bed empties the bed.

Updates (A08, A31 …) say no status, unless a discharge time (PV1-45) comes with them. A person is
never deleted by a message (A29): it is accepted and nothing is taken.
"""

from dataclasses import dataclass, field

from downtime.clinical.identifiers import Identifier
from downtime.feeds import times
from downtime.feeds.hl7.data_types import person_names, coded_texts
from downtime.feeds.hl7.identifiers import patient_identifiers, parse_identifiers
from downtime.feeds.hl7.patient import MessageReader, read_allergies, read_patient
from downtime.feeds.hl7.segments import Segment
from downtime.feeds.model import Change, UnusableMessageError, Value, bed_key

STATUS = {
    "A01": "in-progress",
    "A02": "in-progress",
    "A03": "finished",
    "A04": "in-progress",
    "A05": "planned",
    "A06": "in-progress",
    "A07": "in-progress",
    "A11": "cancelled",
    "A12": "in-progress",
    "A13": "in-progress",
    "A14": "planned",
    "A27": "cancelled",
    "A38": "cancelled",
    "A52": "in-progress",
    "A53": "in-progress",
}
"""The status of an encounter that each event means; other events leave it as it was."""
_KIND_BY_EVENT = {"A06": "inpatient", "A07": "outpatient"}
_CANCELLATIONS = frozenset({"A11", "A12", "A13", "A25", "A26", "A27", "A32", "A33", "A38"})
_MERGES = frozenset({"A18", "A30", "A34", "A36", "A39", "A40", "A46", "A47", "A49"})
_WITHOUT_VISIT = _MERGES | {"A28", "A31", "A24", "A37", "A60"}
_NOTHING_TAKEN = frozenset({"A29"})
_KINDS = {
    "I": "inpatient",
    "E": "emergency",
    "O": "outpatient",
    "R": "outpatient",
    "B": "inpatient",
    "D": "daycase",
    "DC": "daycase",
    "DAYCASE": "daycase",
}
_BED_STATES = {
    "C": "closed",
    "H": "cleaning",
    "K": "cleaning",
    "I": "closed",
    "O": "occupied",
    "U": "available",
}
"""HL7 table 0116."""


def read_admission(who: MessageReader, trigger: str) -> list[Change]:
    """All that one ADT message says; Unusable when it does not say who it is about."""
    if trigger in _NOTHING_TAKEN:
        return []
    if trigger == "A20":
        return _bed_status(who)
    found: list[Change] = []
    for group in _groups(who):
        found += _of_group(who, trigger, group)
    return found


@dataclass(slots=True)
class _Group:
    """One person of a message: a swap or a merge may hold several PID, a move several PV1."""

    first: dict[str, Segment] = field(default_factory=dict)
    visits: list[Segment] = field(default_factory=list)
    allergies: list[Segment] = field(default_factory=list)


def _groups(who: MessageReader) -> list[_Group]:
    groups = [_Group()]
    for segment in who.message.segments:
        name = segment.fields[0]
        if name == "PID" and "PID" in groups[-1].first:
            groups.append(_Group())
        groups[-1].first.setdefault(name, segment)
        if name == "PV1":
            groups[-1].visits.append(segment)
        elif name in ("AL1", "IAM"):
            groups[-1].allergies.append(segment)
    return groups


def _of_group(who: MessageReader, trigger: str, group: _Group) -> list[Change]:
    pid, first = group.first.get("PID"), group.first
    if pid is None:
        raise UnusableMessageError(
            "PID", "the message has no PID segment: it does not say who it is about"
        )
    numbers = patient_identifiers(pid, first.get("PV1"), who.message, who.context)
    if not numbers:
        raise UnusableMessageError(
            "PID", "PID-3 holds no identifier: the patient cannot be told apart"
        )
    recorded, happened = _event_times(who, trigger)
    found = [read_patient(who, pid, numbers, recorded, first.get("PD1"))]
    if trigger in _MERGES:
        found += _merge(who, numbers, first, recorded)
    if trigger not in _WITHOUT_VISIT:
        for pv1 in group.visits:
            found.append(_encounter(who, trigger, {**first, "PV1": pv1}, numbers, happened))
    return found + read_allergies(who, group.allergies, numbers, recorded)


def _event_times(who: MessageReader, trigger: str) -> tuple[str, str]:
    """When the event was recorded and when it happened; empty when not said."""
    event = who.message.first("EVN")
    if event is None:
        return "", ""
    recorded = times.parse_instant(event.text(2), who.context.zone)
    happened = times.parse_instant(event.text(6), who.context.zone)
    return recorded, (recorded if trigger in _CANCELLATIONS else happened or recorded)


def _merge(
    who: MessageReader, numbers: tuple[Identifier, ...], group: dict[str, Segment], event: str
) -> list[Change]:
    mrg = group.get("MRG")
    gone = parse_identifiers(mrg, 1, who.message, who.context) if mrg else []
    gone = [number for number in gone if number not in numbers]
    if not gone:
        raise UnusableMessageError(
            "MRG", "MRG-1 holds no other identifier: there is nobody to merge"
        )
    return [
        Change(
            type="Patient",
            source=who.source,
            key="",
            patient=numbers,
            event=event,
            sent=who.sent,
            operation="merge",
            merged=tuple(gone),
            position=who.position,
        )
    ]


def _encounter(
    who: MessageReader,
    trigger: str,
    group: dict[str, Segment],
    numbers: tuple[Identifier, ...],
    event: str,
) -> Change:
    pid, pv1 = group["PID"], group["PV1"]
    visit = pv1.text(19) or pid.text(18)
    return Change(
        type="Encounter",
        source=who.source,
        key=visit or str(numbers[0]),
        patient=numbers,
        fields={} if trigger == "A23" else _stay(who, trigger, group, visit, event),
        event=event,
        sent=who.sent,
        operation="delete" if trigger == "A23" else "set",
        position=who.position,
    )


def _stay(
    who: MessageReader, trigger: str, group: dict[str, Segment], visit: str, event: str
) -> dict[str, Value]:
    pv1 = group["PV1"]
    fields: dict[str, Value] = {"visit_number": visit} if visit else {}
    kind = _KIND_BY_EVENT.get(trigger) or _KINDS.get(pv1.text(2).upper())
    if kind:
        fields["kind"] = kind
    _place(pv1, fields)
    _clinicians(pv1, group, fields)
    _span(who, trigger, pv1, event, fields)
    return fields


def _place(pv1: Segment, fields: dict[str, Value]) -> None:
    ward, bay, bed = (pv1.text(3, n) for n in (1, 2, 3))
    if ward or bay or bed or pv1.raw(3) == '""':
        fields["ward"], fields["bay"], fields["bed"] = ward, bay, bed
    if pv1.raw(6):
        fields["prior_ward"] = pv1.text(6)


def _clinicians(pv1: Segment, group: dict[str, Segment], fields: dict[str, Value]) -> None:
    """The attending (PV1-7), else admitting (17), else consulting (9) doctor; specialty; reason."""
    for number in (7, 17, 9):
        if (names := person_names(pv1, number)) is not None:
            fields["consultant"] = names
            break
    if (specialty := coded_texts(pv1, 10)) is not None:
        fields["specialty"] = specialty
    pv2, diagnosis = group.get("PV2"), group.get("DG1")
    reason = coded_texts(pv2, 3) if pv2 else None
    if not reason and diagnosis:
        reason = diagnosis.full_text(4) or coded_texts(diagnosis, 3) or reason
    if reason is not None:
        fields["reason"] = reason


def _span(
    who: MessageReader, trigger: str, pv1: Segment, event: str, fields: dict[str, Value]
) -> None:
    zone = who.context.zone
    if pv1.raw(44):
        fields["started"], fields["started_text"] = (
            times.parse_time(pv1.text(44), zone),
            pv1.text(44),
        )
    elif trigger in ("A01", "A04") and event:
        fields["started"] = event
    if trigger == "A13":
        fields["ended"], fields["ended_text"] = "", ""
    elif pv1.raw(45):
        fields["ended"], fields["ended_text"] = times.parse_time(pv1.text(45), zone), pv1.text(45)
    elif trigger == "A03" and (event or who.sent):
        fields["ended"] = event or who.sent
    status = STATUS.get(trigger)
    if status is None and fields.get("ended"):
        status = "finished"
    if status:
        fields["status"] = status


def _bed_status(who: MessageReader) -> list[Change]:
    """A20: NPU-1 is the bed, NPU-2 its state."""
    found = []
    for npu in who.message.all("NPU"):
        ward, bay, bed = (npu.text(1, n) for n in (1, 2, 3))
        state = _BED_STATES.get(npu.text(2).upper(), "")
        found.append(
            Change(
                type="Location",
                source=who.source,
                key=bed_key(ward, bay, bed),
                fields={"ward": ward, "bay": bay, "bed": bed, "status": state},
                sent=who.sent,
                position=who.position,
            )
        )
    return found
