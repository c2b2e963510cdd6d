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
from downtime.clinical.model import EncounterClass, EncounterStatus
from downtime.feeds import times
from downtime.feeds.hl7.codes import BED_STATES
from downtime.feeds.hl7.identifiers import parse_identifiers, patient_identifiers
from downtime.feeds.hl7.message_reader import ChangeDraft, MessageReader
from downtime.feeds.hl7.patient import read_allergies, read_patient
from downtime.feeds.hl7.segments import DELETED, Segment, coded_texts, person_names
from downtime.feeds.model import Operation, UnusableMessageError, Value, bed_key

STATUS_BY_EVENT = {
    **dict.fromkeys(("A05", "A14"), EncounterStatus.PLANNED),
    **dict.fromkeys(("A01", "A02", "A04", "A06", "A07"), EncounterStatus.IN_PROGRESS),
    **dict.fromkeys(("A12", "A13", "A52", "A53"), EncounterStatus.IN_PROGRESS),
    **dict.fromkeys(("A11", "A27", "A38"), EncounterStatus.CANCELLED),
    "A03": EncounterStatus.FINISHED,
}
"""The status of an encounter that each event means; other events leave it as it was."""
_CLASS_BY_EVENT = {"A06": EncounterClass.INPATIENT, "A07": EncounterClass.OUTPATIENT}
_CANCELLATIONS = frozenset({"A11", "A12", "A13", "A25", "A26", "A27", "A32", "A33", "A38"})
_MERGES = frozenset({"A18", "A30", "A34", "A36", "A39", "A40", "A46", "A47", "A49"})
_WITHOUT_VISIT = _MERGES | {"A28", "A31", "A24", "A37", "A60"}
_DELETE_PERSON = "A29"
_DELETE_VISIT = "A23"
_BED_STATUS = "A20"
_CLASSES = {
    **dict.fromkeys(("I", "B"), EncounterClass.INPATIENT),
    **dict.fromkeys(("O", "R"), EncounterClass.OUTPATIENT),
    **dict.fromkeys(("D", "DC", "DAYCASE"), EncounterClass.DAYCASE),
    "E": EncounterClass.EMERGENCY,
}
"""HL7 table 0004, and what systems send instead."""


def read_admission(reader: MessageReader) -> list[ChangeDraft]:
    """All that one ADT message says; UnusableMessageError when it names no patient."""
    if reader.trigger == _DELETE_PERSON:
        return []
    if reader.trigger == _BED_STATUS:
        return _read_bed_status(reader)
    changes: list[ChangeDraft] = []
    for group in _patient_groups(reader):
        changes += _read_group(reader, group)
    return changes


@dataclass(slots=True)
class _PatientGroup:
    """One person of a message: a swap or a merge may hold several PID, a move several PV1."""

    first_segments: dict[str, Segment] = field(default_factory=dict)
    visits: list[Segment] = field(default_factory=list)
    allergies: list[Segment] = field(default_factory=list)


def _patient_groups(reader: MessageReader) -> list[_PatientGroup]:
    groups = [_PatientGroup()]
    for segment in reader.message.segments:
        name = segment.fields[0]
        if name == "PID" and "PID" in groups[-1].first_segments:
            groups.append(_PatientGroup())
        groups[-1].first_segments.setdefault(name, segment)
        if name == "PV1":
            groups[-1].visits.append(segment)
        elif name in ("AL1", "IAM"):
            groups[-1].allergies.append(segment)
    return groups


def _read_group(reader: MessageReader, group: _PatientGroup) -> list[ChangeDraft]:
    pid, first = group.first_segments.get("PID"), group.first_segments
    if pid is None:
        raise UnusableMessageError(
            "PID", "the message has no PID segment: it does not say who it is about"
        )
    numbers = patient_identifiers(pid, first.get("PV1"), reader.message, reader.context)
    if not numbers:
        raise UnusableMessageError(
            "PID", "PID-3 holds no identifier: the patient cannot be told apart"
        )
    recorded, happened = _event_times(reader)
    changes = [read_patient(reader, pid, numbers, recorded, first.get("PD1"))]
    if reader.trigger in _MERGES:
        changes.append(_read_merge(reader, numbers, first, recorded))
    if reader.trigger not in _WITHOUT_VISIT:
        for pv1 in group.visits:
            changes.append(_read_encounter(reader, {**first, "PV1": pv1}, numbers, happened))
    return changes + read_allergies(reader, group.allergies, numbers, recorded)


def _event_times(reader: MessageReader) -> tuple[str, str]:
    """When the event was recorded and when it happened; empty when not said."""
    evn = reader.message.find_segment("EVN")
    if evn is None:
        return "", ""
    recorded = times.parse_instant(evn.text(2), reader.context.zone)
    happened = times.parse_instant(evn.text(6), reader.context.zone)
    return recorded, (recorded if reader.trigger in _CANCELLATIONS else happened or recorded)


def _read_merge(
    reader: MessageReader, numbers: tuple[Identifier, ...], group: dict[str, Segment], event: str
) -> ChangeDraft:
    mrg = group.get("MRG")
    merged = parse_identifiers(mrg, 1, reader.message, reader.context) if mrg else []
    merged = [number for number in merged if number not in numbers]
    if not merged:
        raise UnusableMessageError(
            "MRG", "MRG-1 holds no other identifier: there is nobody to merge"
        )
    operation = Operation.MERGE
    return ChangeDraft("Patient", "", numbers, {}, event, operation, merged=tuple(merged))


def _read_encounter(
    reader: MessageReader,
    group: dict[str, Segment],
    numbers: tuple[Identifier, ...],
    event: str,
) -> ChangeDraft:
    pid, pv1 = group["PID"], group["PV1"]
    visit = pv1.text(19) or pid.text(18)
    fields: dict[str, Value] = {"visit_number": visit} if visit else {}
    kind = _CLASS_BY_EVENT.get(reader.trigger) or _CLASSES.get(pv1.text(2).upper())
    if kind:
        fields["kind"] = kind
    _add_place(pv1, fields)
    _add_clinicians(pv1, group, fields)
    _add_period_and_status(reader, pv1, event, fields)
    return ChangeDraft(
        "Encounter",
        visit or str(numbers[0]),
        numbers,
        fields,
        event=event,
        operation=Operation.DELETE if reader.trigger == _DELETE_VISIT else Operation.SET,
    )


def _add_place(pv1: Segment, fields: dict[str, Value]) -> None:
    ward, bay, bed = (pv1.text(3, n) for n in (1, 2, 3))
    if ward or bay or bed or pv1.get_raw_field(3) == DELETED:
        fields["ward"], fields["bay"], fields["bed"] = ward, bay, bed
    if pv1.get_raw_field(6):
        fields["prior_ward"] = pv1.text(6)


def _add_clinicians(pv1: Segment, group: dict[str, Segment], fields: dict[str, Value]) -> None:
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


def _add_period_and_status(
    reader: MessageReader, pv1: Segment, event: str, fields: dict[str, Value]
) -> None:
    zone, trigger = reader.context.zone, reader.trigger
    admitted, discharged = pv1.text(44), pv1.text(45)
    if pv1.get_raw_field(44):
        fields["started"], fields["started_text"] = times.parse_time(admitted, zone), admitted
    elif trigger in ("A01", "A04") and event:
        fields["started"] = event
    if trigger == "A13":
        fields["ended"], fields["ended_text"] = "", ""
    elif pv1.get_raw_field(45):
        fields["ended"], fields["ended_text"] = times.parse_time(discharged, zone), discharged
    elif trigger == "A03" and (event or reader.sent):
        fields["ended"] = event or reader.sent
    status = STATUS_BY_EVENT.get(trigger)
    if status is None and fields.get("ended"):
        status = EncounterStatus.FINISHED
    if status:
        fields["status"] = status


def _read_bed_status(reader: MessageReader) -> list[ChangeDraft]:
    """A20: NPU-1 is the bed, NPU-2 its state."""
    changes = []
    for npu in reader.message.list_segments("NPU"):
        ward, bay, bed = (npu.text(1, n) for n in (1, 2, 3))
        status = BED_STATES.get(npu.text(2).upper(), "")
        fields: dict[str, Value] = {"ward": ward, "bay": bay, "bed": bed, "status": status}
        changes.append(ChangeDraft("Location", bed_key(ward, bay, bed), (), fields))
    return changes
