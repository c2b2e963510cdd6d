"""HL7 v2 PV1 (with PV2 and DG1) to Encounter.

Key: visit number (PV1-19), else account (PID-18), else the first number of the patient; the profile
of the source may say otherwise. PV1-3 is said from its first filled part on: a ward without a bed
empties the bed, a bed without a ward is another bed of the same ward.

Updates (A08, A31 …) say no status, unless a discharge time (PV1-45) that has passed comes with them.
One still to come is an expected end: shown, and never an end.
"""

from typing import NamedTuple

from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import EncounterClass, EncounterStatus
from downtime.feeds import times
from downtime.feeds.hl7.data_types import (
    DELETED,
    coded_text,
    coded_texts,
    person_names,
    split_components,
)
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.segments import Hl7Message, Segment
from downtime.feeds.model import Change, FindingKind, Operation, Value
from downtime.feeds.profiles import CodeTable

STATUS_BY_EVENT = {
    **dict.fromkeys(("A05", "A14"), EncounterStatus.PLANNED),
    **dict.fromkeys(("A01", "A02", "A04", "A06", "A07", "A09", "A10"), EncounterStatus.IN_PROGRESS),
    **dict.fromkeys(("A21", "A22"), EncounterStatus.IN_PROGRESS),
    **dict.fromkeys(("A12", "A13", "A32", "A33", "A52", "A53"), EncounterStatus.IN_PROGRESS),
    **dict.fromkeys(("A11", "A27", "A38"), EncounterStatus.CANCELLED),
    "A03": EncounterStatus.FINISHED,
}
"""The status of an encounter that each event means; other events leave it as it was."""
_CLASS_BY_EVENT = {"A06": EncounterClass.INPATIENT, "A07": EncounterClass.OUTPATIENT}
_CLASSES = {
    **dict.fromkeys(("I", "B"), EncounterClass.INPATIENT),
    **dict.fromkeys(("O", "R"), EncounterClass.OUTPATIENT),
    **dict.fromkeys(("D", "DC", "DAYCASE"), EncounterClass.DAYCASE),
    "E": EncounterClass.EMERGENCY,
}
"""HL7 table 0004, and what systems send instead."""
_INPATIENT, _OUTPATIENT = EncounterClass.INPATIENT, EncounterClass.OUTPATIENT
_SET, _CANCEL, _DELETE = Operation.SET, Operation.CANCEL, Operation.DELETE
_NO_CLASS = frozenset({"", "P", "N", "U", "C"})
"""Classes of HL7 table 0004 that say nothing of a stay."""
_BEGINNINGS = frozenset({"A01", "A04"})
_DISCHARGE = "A03"
_CANCEL_DISCHARGE = "A13"
_CANCEL_PENDING_DISCHARGE = "A25"
_PENDING_DISCHARGE = "A16"
_DELETE_VISIT = "A23"


class VisitEvent(NamedTuple):
    """When something happened to a stay."""

    order: str = ""
    """By which its change is ordered."""
    moment: str = ""
    """When it was; differs from `order` only in the hour that happens twice."""
    is_cancellation: bool = False


def read_encounter(
    reader: MessageReader,
    part: Hl7Message,
    pv1: Segment,
    numbers: tuple[Identifier, ...],
    event: VisitEvent,
) -> Change:
    """What one PV1 says of a stay."""
    pid = part.find_segment("PID")
    raw = pv1.pad_fields(45)
    fields: dict[str, Value] = {}
    if visit := pv1.text(19) or (pid.text(18) if pid else ""):
        fields["visit_number"] = visit
    _add_class_and_place(reader, pv1, raw, fields)
    _add_people(pv1, raw, fields)
    _add_reason(reader, part, fields)
    _add_period_and_status(reader, part, pv1, event, fields)
    operation = _CANCEL if event.is_cancellation else _SET
    if reader.trigger == _DELETE_VISIT:
        operation = _DELETE
    key = reader.find_visit(pid, pv1) or str(numbers[0])
    return reader.change("Encounter", key, numbers, fields, event.order, operation)


def _add_class_and_place(
    reader: MessageReader, pv1: Segment, raw: list[str], fields: dict[str, Value]
) -> None:
    """PV1-2, PV1-3 and PV1-6."""
    if place := raw[3]:
        first = place.split(pv1.delimiters.repetition, 1)[0]
        ward, bay, bed = map(str.strip, split_components(first, 3, pv1.delimiters))
        if ward or place == DELETED:
            fields["ward"], fields["bay"], fields["bed"] = ward, bay, bed
        elif bay:
            fields["bay"], fields["bed"] = bay, bed
        elif bed:
            fields["bed"] = bed
    if kind := _class(reader, pv1.text(2), is_placed=bool(place), in_bed=bool(fields.get("bed"))):
        fields["kind"] = kind
    if raw[6]:
        fields["prior_ward"] = pv1.text(6)


def _class(reader: MessageReader, sent: str, *, is_placed: bool, in_bed: bool) -> str:
    """What a class means; one that lies in beds by its profile is a stay where a bed is named.

    Where such a class comes without any place, nothing is said: nobody leaves a bed by silence.
    """
    kind = _CLASS_BY_EVENT.get(reader.trigger) or reader.context.meaning(
        CodeTable.PATIENT_CLASS, sent
    )
    kind = kind or _CLASSES.get(sent.upper(), "")
    if not kind and sent.upper() not in _NO_CLASS:
        reader.note(FindingKind.UNKNOWN_CODE, "PV1-2 is no class that is known", "PV1-2")
    if kind == _OUTPATIENT and sent in reader.context.profile.bed_classes:
        if in_bed:
            return _INPATIENT
        return kind if is_placed or reader.trigger in STATUS_BY_EVENT else ""
    return kind


def _add_people(pv1: Segment, raw: list[str], fields: dict[str, Value]) -> None:
    """The attending (PV1-7), else admitting (17), else consulting (9) doctor; specialty."""
    for number in (7, 17, 9):
        if raw[number]:
            names = "" if raw[number] == DELETED else person_names(raw[number], pv1.delimiters)
            fields["consultant"] = names
            break
    if raw[10]:
        fields["specialty"] = coded_texts(raw[10], pv1.delimiters)


def _add_reason(reader: MessageReader, part: Hl7Message, fields: dict[str, Value]) -> None:
    """PV2-3, else the diagnosis (DG1-4, DG1-3); PV2-9 is the expected end."""
    pv2, diagnosis = part.find_segment("PV2"), part.find_segment("DG1")
    reason = sent = ""
    if pv2 is not None:
        sent = pv2.get_raw_field(3)
        reason = coded_texts(sent, pv2.delimiters) if sent else ""
        if expected := times.parse_time(pv2.text(9), reader.context.zone):
            fields["expected_end"] = expected
    if not reason and diagnosis is not None:
        coded = diagnosis.get_raw_field(3)
        reason = diagnosis.full_text(4) or (
            coded_text(coded, diagnosis.delimiters) if coded else ""
        )
    if reason or sent:
        fields["reason"] = reason


def _add_period_and_status(
    reader: MessageReader,
    part: Hl7Message,
    pv1: Segment,
    event: VisitEvent,
    fields: dict[str, Value],
) -> None:
    trigger = reader.trigger
    status = STATUS_BY_EVENT.get(trigger, "")
    if not reader.add_time(fields, "started", pv1, 44):
        if pv1.get_raw_field(44) == DELETED:
            fields["started"], fields["started_text"] = "", ""
        elif trigger in _BEGINNINGS and event.moment:
            fields["started"] = event.moment
    if trigger == _CANCEL_DISCHARGE:
        fields["ended"], fields["ended_text"] = "", ""
    elif trigger == _CANCEL_PENDING_DISCHARGE:
        fields["expected_end"] = ""
    elif pv1.get_raw_field(45):
        status = _add_end(reader, pv1, event, fields) or status
    elif trigger == _DISCHARGE and (event.moment or reader.sent):
        fields["ended"] = event.moment or reader.sent
    if status:
        fields["status"] = status


def _add_end(
    reader: MessageReader, pv1: Segment, event: VisitEvent, fields: dict[str, Value]
) -> str:
    """PV1-45 as the end, when it was sent as a discharge or has passed; else as the expected end."""
    ends: dict[str, Value] = {}
    ended = reader.add_time(ends, "ended", pv1, 45)
    if reader.trigger in STATUS_BY_EVENT and reader.trigger != _DISCHARGE:
        expected = ended
    else:
        now = reader.sent or event.order
        is_past = bool(ended) and bool(now) and ended < now[: len(ended)]
        expected = "" if reader.trigger == _DISCHARGE or is_past else ended
    if pv1.get_raw_field(45) == DELETED:
        fields["ended"], fields["ended_text"], fields["expected_end"] = "", "", ""
    elif expected or reader.trigger == _PENDING_DISCHARGE:
        fields["expected_end"] = ended
    elif ended:
        fields.update(ends)
        return EncounterStatus.FINISHED
    elif reader.trigger == _DISCHARGE:
        fields["ended"] = event.moment or reader.sent
    return ""
