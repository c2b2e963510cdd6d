"""HL7 v2 PID, PD1, AL1 and IAM to Patient and AllergyIntolerance.

An allergy is named by its patient and its code (else its words), so that AL1, IAM and a repeated
message speak of one record. 'No known drug allergy' stays an entry in the source's words: it does
not say that no allergy is known.
"""

from dataclasses import dataclass

from downtime.clinical.identifiers import MRN, NHS, Identifier
from downtime.feeds import times
from downtime.feeds.context import FeedContext
from downtime.feeds.hl7.data_types import (
    address_text,
    coded_text,
    person_names,
    telephone_number,
    coded_texts,
)
from downtime.feeds.hl7.segments import Hl7Message, Segment, component_text
from downtime.feeds.model import Change, Position, Value

GENDERS = {
    "M": "male",
    "F": "female",
    "1": "male",
    "2": "female",
    "O": "other",
    "A": "other",
    "U": "unknown",
    "N": "other",
    "X": "other",
    "I": "other",
    "0": "unknown",
    "9": "unknown",
}
"""HL7 table 0001, and the NHS Data Dictionary's PERSON STATED GENDER CODE."""
_CATEGORIES = {
    "DA": "medication",
    "DRUG": "medication",
    "FA": "food",
    "EA": "environment",
    "AA": "environment",
    "PA": "environment",
    "LA": "environment",
}
_SEVERITIES = {"SV": "severe", "MO": "moderate", "MI": "mild", "U": ""}
_IAM_STATUS = {"E": "entered-in-error", "I": "inactive"}
NONE_KNOWN_CODES = frozenset({"716186003", "NKA"})
"""SNOMED CT 716186003 'No known allergy'."""
NONE_KNOWN_WORDS = frozenset(
    {
        "no known allergies",
        "no known allergy",
        "nka",
        "nil known",
        "none known",
        "no known allergies (situation)",
        "no known allergy (situation)",
    }
)


@dataclass(frozen=True, slots=True)
class MessageReader:
    """What all changes of one message share."""

    message: Hl7Message
    context: FeedContext
    position: Position
    source: str
    sent: str


def read_patient(
    who: MessageReader,
    pid: Segment,
    numbers: tuple[Identifier, ...],
    event: str,
    pd1: Segment | None,
) -> Change:
    """What PID (and PD1) say of the person."""
    fields: dict[str, Value] = {"identifiers": tuple(str(number) for number in numbers)}
    for number in numbers:
        if number.type == NHS:
            fields.setdefault("nhs_number", number.value)
        elif number.type == MRN and number.authority == who.context.authority:
            fields.setdefault("mrn", number.value)
    if "nhs_number" in fields and pid.raw(32):
        fields["nhs_number_status"] = "verified" if pid.text(32) == "01" else "unverified"
    _name(pid, fields)
    _birth_and_death(pid, who.context, fields)
    _contact(pid, fields)
    if pd1 is not None and (doctor := person_names(pd1, 4) or coded_texts(pd1, 3)) is not None:
        fields["general_practitioner"] = doctor
    return Change(
        type="Patient",
        source=who.source,
        key="",
        patient=numbers,
        fields=fields,
        event=event,
        sent=who.sent,
        position=who.position,
    )


def _name(pid: Segment, fields: dict[str, Value]) -> None:
    """The legal name of PID-5 when one is marked so, else the first. A name is said as a whole."""
    if not pid.raw(5):
        return
    names = pid.repetitions(5) or [""]
    legal = (name for name in names if component_text(name, 7, pid.marks) == "L")
    chosen = next(legal, names[0]) if len(names) > 1 else names[0]
    fields["family"] = component_text(chosen, 1, pid.marks)
    given = (component_text(chosen, 2, pid.marks), component_text(chosen, 3, pid.marks))
    fields["given"] = " ".join(name for name in given if name)
    fields["prefix"] = component_text(chosen, 5, pid.marks)


def _birth_and_death(pid: Segment, context: FeedContext, fields: dict[str, Value]) -> None:
    if pid.raw(7):
        fields["birth_date"] = times.parse_date(pid.text(7), context.zone)
        fields["birth_date_text"] = pid.text(7)
    if pid.raw(8):
        sent = pid.text(8).upper()
        fields["gender"] = GENDERS.get(sent[:1], "unknown") if sent else ""
    died, when = pid.text(30).upper(), times.parse_time(pid.text(29), context.zone)
    if died == "N" or pid.raw(29) == '""':
        fields["deceased"] = ""
    elif when or died == "Y":
        fields["deceased"] = when or "true"


def _contact(pid: Segment, fields: dict[str, Value]) -> None:
    if pid.raw(11):
        places = [
            p for p in pid.repetitions(11) if component_text(p, 7, pid.marks) not in ("BR", "BDL")
        ]
        home = next(
            (p for p in places if component_text(p, 7, pid.marks) == "H"), (places or [""])[0]
        )
        fields["address"] = address_text(home, pid.marks)
        fields["postcode"] = component_text(home, 5, pid.marks)
    if pid.raw(13):
        numbers = (telephone_number(value, pid.marks) for value in pid.repetitions(13))
        fields["phone"] = next((number for number in numbers if number), "")


def read_allergies(
    who: MessageReader, segments: list[Segment], numbers: tuple[Identifier, ...], event: str
) -> list[Change]:
    """What AL1 and IAM segments say: one change an allergy."""
    found = []
    for segment in segments:
        code, substance = (
            segment.text(3),
            coded_text((segment.repetitions(3) or [""])[0], segment.marks),
        )
        if code or substance:
            found.append(_allergy(who, segment, numbers, event, code, substance))
    return found


def _allergy(
    who: MessageReader,
    segment: Segment,
    numbers: tuple[Identifier, ...],
    event: str,
    code: str,
    substance: str,
) -> Change:
    is_iam = segment.fields[0] == "IAM"
    kind, severity = segment.text(2).upper(), segment.text(4)
    status = _IAM_STATUS.get(segment.text(17).upper(), "active") if is_iam else "active"
    fields: dict[str, Value] = {
        "substance": substance,
        "code": code,
        "category": _CATEGORIES.get(kind, ""),
        "severity": _SEVERITIES.get(severity.upper(), severity),
        "reaction": coded_texts(segment, 5) or "",
        "status": status,
        "none_known": int(says_none_known(code, substance)),
    }
    recorded = times.parse_time(segment.text(13 if is_iam else 6), who.context.zone)
    if recorded:
        fields["recorded"] = recorded
    removed = is_iam and segment.text(6).upper() == "D"
    return Change(
        type="AllergyIntolerance",
        source=who.source,
        key=f"{numbers[0]}|{(code or substance).upper()}",
        patient=numbers,
        fields={} if removed else fields,
        event=event,
        sent=who.sent,
        operation="delete" if removed else "set",
        position=who.position,
    )


def says_none_known(code: str, substance: str) -> bool:
    """Whether an entry of an allergy list states that no allergy is known at all."""
    return code.upper() in NONE_KNOWN_CODES or substance.casefold() in NONE_KNOWN_WORDS
