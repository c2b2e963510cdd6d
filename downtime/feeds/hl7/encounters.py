"""HL7 v2 PV1 (with PV2 and DG1) to Encounter: whose stay, of what class, where, with whom, why.

Key: visit number (PV1-19), else account (PID-18), else the first number of the patient; the profile
of the source may say otherwise. PV1-3 is said from its first filled part on: a ward without a bed
empties the bed, a bed without a ward is another bed of the same ward; where only its description
(PL.9) is filled, that is the place. What each event does to a stay: `stay_events`.
"""

from functools import lru_cache
from typing import NamedTuple

from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import EncounterClass
from downtime.feeds import times
from downtime.feeds.context import FeedContext
from downtime.feeds.hl7.data_types import (
    DELETED,
    coded_text,
    coded_texts,
    component_text,
    person_names,
    repetition_text,
    split_components,
)
from downtime.feeds.hl7.encoding import Delimiters
from downtime.feeds.hl7.message_reader import FieldReader, MessageReader
from downtime.feeds.hl7.patient import read_account
from downtime.feeds.hl7.segments import Hl7Message, Segment
from downtime.feeds.hl7.stay_events import (
    CANCEL_TRANSFER,
    TRANSFER,
    VisitEvent,
    add_event,
    says_presence,
)
from downtime.feeds.model import Change, Finding, FindingKind, Operation, Value
from downtime.feeds.named_resources import ADDRESSES
from downtime.feeds.profiles import CodeTable, VisitKey

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
_DELETE_VISIT = "A23"
_BY_PATIENT, _BY_ACCOUNT = VisitKey.PATIENT, VisitKey.ACCOUNT
_NO_PLACE: dict[str, Value] = {"ward": "", "bay": "", "bed": ""}


class VisitDetails(NamedTuple):
    """What a PV1 says of a stay, whoever's it is and whatever happened to it."""

    visit: str
    """PV1-19."""
    patient_class: str
    """PV1-2 as sent."""
    is_placed: bool
    """Whether PV1-3 says anything."""
    place: dict[str, Value]
    people: dict[str, Value]
    """With the specialty."""


def read_encounter(
    reader: MessageReader,
    part: Hl7Message,
    pv1: Segment,
    numbers: tuple[Identifier, ...],
    event: VisitEvent,
) -> Change:
    """What one PV1 says of a stay."""
    details, account = _read_details(pv1), read_account(reader, part)
    fields = _stay_fields(reader, reader.trigger, details, account)
    if prior := pv1.get_raw_field(6):
        fields["prior_ward"] = repetition_text(prior, 1, pv1.delimiters)
    _check_place(reader, pv1, fields)
    _add_reason(reader, part, fields)
    fields = add_event(reader, pv1, event, fields)
    operation = _CANCEL if event.is_cancellation else _SET
    if reader.trigger == _DELETE_VISIT:
        operation = _DELETE
    key = _choose_visit(reader.context, details.visit, account) or str(numbers[0])
    return reader.change("Encounter", key, numbers, fields, event.order, operation)


def read_whereabouts(
    reader: MessageReader, part: Hl7Message, numbers: tuple[Identifier, ...]
) -> list[Change]:
    """Where orders and results say that a patient lies: a stay of the sender's, of no status.

    It is a clue where the system that knows of stays has said nothing; that system needs none.
    """
    pv1, context = part.find_segment("PV1"), reader.context
    if pv1 is None or not numbers:
        return []
    source = context.known_system(reader.sender) or reader.source
    if source == context.holders["Encounter"]:
        return []
    account = read_account(reader, part)
    clue = _read_clue(pv1.line, pv1.delimiters, account, reader.trigger, context)
    for finding in clue.findings:
        reader.note(finding.kind, finding.text, finding.segment)
    if not clue.fields:
        return []
    key = clue.visit or str(numbers[0])
    return [reader.change("Encounter", key, numbers, clue.fields, source=source)]


class StayClue(NamedTuple):
    """What a PV1 that comes with an order or result says of where somebody lies."""

    visit: str
    """The number of the stay, when it is named by one."""
    fields: dict[str, Value]
    """Empty when it says nothing of a bed."""
    findings: tuple[Finding, ...]


@lru_cache(maxsize=8192)
def _read_clue(
    line: str, delimiters: Delimiters, account: str, trigger: str, context: FeedContext
) -> StayClue:
    """It is the same with all that is sent of a stay; nobody changes its fields."""
    details, reader = _read_line(line, delimiters), FieldReader(context, "")
    if not details.is_placed:
        return StayClue("", {}, ())
    fields = _stay_fields(reader, trigger, details, account)
    if not fields.get("ward") or fields.get("kind", _OUTPATIENT) == _OUTPATIENT:
        fields = {}
    visit = _choose_visit(context, details.visit, account)
    return StayClue(visit, fields, tuple(reader.findings))


def find_visit(reader: MessageReader, part: Hl7Message, pv1: Segment | None) -> str:
    """The key of the stay, when the message names it by a number."""
    visit = _read_line(pv1.line, pv1.delimiters).visit if pv1 is not None else ""
    return _choose_visit(reader.context, visit, read_account(reader, part))


def _choose_visit(context: FeedContext, visit: str, account: str) -> str:
    """The number by which the profile of the source tells stays apart."""
    key = context.profile.visit_key
    if key == _BY_PATIENT:
        return ""
    return (account or visit) if key == _BY_ACCOUNT else (visit or account)


@lru_cache(maxsize=8192)
def _read_line(line: str, delimiters: Delimiters) -> VisitDetails:
    """What a PV1 says that comes with every order and result of a stay; nobody changes it."""
    return _read_details(Segment("PV1", line, delimiters))


def _read_details(pv1: Segment) -> VisitDetails:
    raw, delimiters = pv1.pad_fields(19), pv1.delimiters
    place = _read_place(raw[3], delimiters) if raw[3] else {}
    people = _read_people(raw, delimiters)
    return VisitDetails(pv1.text(19), pv1.text(2), bool(raw[3]), place, people)


def _stay_fields(
    reader: FieldReader, trigger: str, details: VisitDetails, account: str
) -> dict[str, Value]:
    """What PV1 says of a stay, whatever happened to it."""
    fields: dict[str, Value] = {}
    visit, sent, is_placed, place, people = details
    if visit or account:
        fields["visit_number"] = visit or account
        if visit and account and visit != account:
            fields[ADDRESSES] = (account,)
    fields |= place
    in_bed = bool(place.get("bed"))
    if kind := _class(reader, trigger, sent, is_placed=is_placed, in_bed=in_bed):
        fields["kind"] = kind
    fields |= people
    return fields


@lru_cache(maxsize=16_384)
def _read_place(raw: str, delimiters: Delimiters) -> dict[str, Value]:
    """Ward, bay and bed of PV1-3 or PV1-6, as far as they are said; nobody changes what is given."""
    first = raw.split(delimiters.repetition, 1)[0]
    ward, bay, bed = map(str.strip, split_components(first, 3, delimiters))
    if ward:
        return {"ward": ward, "bay": bay, "bed": bed}
    if bay:
        return {"bay": bay, "bed": bed}
    if bed:
        return {"bed": bed}
    if description := component_text(first, 9, delimiters):
        return {"ward": description, "bay": "", "bed": ""}
    parts = set(first.split(delimiters.component))
    return _NO_PLACE if DELETED in parts and parts <= {DELETED, ""} else {}


def _check_place(reader: MessageReader, pv1: Segment, fields: dict[str, Value]) -> None:
    """A transfer that names no place, and one taken back that does not say where they are now.

    For that, PV1-6 may; else nobody believes that they are where they were not moved to.
    """
    trigger = reader.trigger
    if trigger not in (TRANSFER, CANCEL_TRANSFER) or fields.keys() & _NO_PLACE.keys():
        return
    if trigger == CANCEL_TRANSFER:
        fields |= _NO_PLACE | _read_place(pv1.get_raw_field(6), pv1.delimiters)
    if not fields.get("ward"):
        text = f"{trigger} does not say where the patient now is"
        reader.note(FindingKind.NOT_READ, text, "PV1-3")


def _class(reader: FieldReader, trigger: str, sent: str, *, is_placed: bool, in_bed: bool) -> str:
    """What a class means; one that lies in beds by its profile is a stay where a bed is named.

    Where such a class comes without any place, nothing is said: nobody leaves a bed by silence.
    """
    context = reader.context
    kind = _CLASS_BY_EVENT.get(trigger) or context.meaning(CodeTable.PATIENT_CLASS, sent)
    kind = kind or _CLASSES.get(sent.upper(), "")
    if not kind and sent.upper() not in _NO_CLASS:
        reader.note(FindingKind.UNKNOWN_CODE, "PV1-2 is no class that is known", "PV1-2")
    if kind == _OUTPATIENT and sent in context.profile.bed_classes:
        if in_bed:
            return _INPATIENT
        return kind if is_placed or says_presence(trigger) else ""
    return kind


def _read_people(raw: list[str], delimiters: Delimiters) -> dict[str, Value]:
    """The attending (PV1-7), else admitting (17), else consulting (9) doctor; specialty."""
    people: dict[str, Value] = {}
    if sent := raw[7] or raw[17] or raw[9]:
        people["consultant"] = "" if sent == DELETED else person_names(sent, delimiters)
    if raw[10]:
        people["specialty"] = coded_texts(raw[10], delimiters)
    return people


def _add_reason(reader: MessageReader, part: Hl7Message, fields: dict[str, Value]) -> None:
    """PV2-3, else the diagnosis (DG1-4, DG1-3); PV2-9 is the expected end."""
    if "PV2" not in part.by_name and "DG1" not in part.by_name:
        return
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
