"""HL7 v2 PID and PD1 to Patient, AL1 and IAM to AllergyIntolerance.

An allergy is named by its patient and its code (else its words), so that AL1, IAM and a repeated
message mean one record. 'No known drug allergy' stays an entry in the source's words: it does
not say that no allergy is known.
"""

from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import ClinicalStatus, Gender
from downtime.feeds import times
from downtime.feeds.context import FeedContext
from downtime.feeds.hl7.codes import GENDERS
from downtime.feeds.hl7.message_reader import ChangeDraft, MessageReader
from downtime.feeds.hl7.segments import (
    DELETED,
    Segment,
    address_text,
    coded_text,
    coded_texts,
    component_text,
    person_names,
    telephone_number,
)
from downtime.feeds.model import Operation, Value

_CATEGORIES = {
    **dict.fromkeys(("DA", "DRUG"), "medication"),
    **dict.fromkeys(("EA", "AA", "PA", "LA"), "environment"),
    "FA": "food",
}
_SEVERITIES = {"SV": "severe", "MO": "moderate", "MI": "mild", "U": ""}
_IAM_STATUS = {"E": ClinicalStatus.ENTERED_IN_ERROR, "I": ClinicalStatus.INACTIVE}
_NONE_KNOWN_CODES = frozenset({"716186003", "NKA"})
"""SNOMED CT 716186003 'No known allergy'."""
_NONE_KNOWN_TEXTS = frozenset(
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


def read_patient(
    reader: MessageReader,
    pid: Segment,
    numbers: tuple[Identifier, ...],
    event: str,
    pd1: Segment | None,
) -> ChangeDraft:
    """What PID (and PD1) say of the person."""
    fields = reader.context.identity_fields(numbers)
    if "nhs_number" in fields and pid.get_raw_field(32):
        fields["nhs_number_status"] = "verified" if pid.text(32) == "01" else "unverified"
    _add_name(pid, fields)
    _add_birth_and_death(pid, reader.context, fields)
    _add_contact(pid, fields)
    if pd1 is not None and (doctor := person_names(pd1, 4) or coded_texts(pd1, 3)) is not None:
        fields["general_practitioner"] = doctor
    return ChangeDraft("Patient", "", numbers, fields, event=event)


def _add_name(pid: Segment, fields: dict[str, Value]) -> None:
    """The legal name of PID-5 when one is marked so, else the first. A name is said as a whole."""
    if not pid.get_raw_field(5):
        return
    delimiters = pid.delimiters
    names = pid.repetitions(5) or [""]
    legal = (name for name in names if component_text(name, 7, delimiters) == "L")
    chosen = next(legal, names[0]) if len(names) > 1 else names[0]
    fields["family"] = component_text(chosen, 1, delimiters)
    given_names = (component_text(chosen, 2, delimiters), component_text(chosen, 3, delimiters))
    fields["given"] = " ".join(name for name in given_names if name)
    fields["prefix"] = component_text(chosen, 5, delimiters)


def _add_birth_and_death(pid: Segment, context: FeedContext, fields: dict[str, Value]) -> None:
    if pid.get_raw_field(7):
        fields["birth_date"] = times.parse_date(pid.text(7), context.zone)
        fields["birth_date_text"] = pid.text(7)
    if pid.get_raw_field(8):
        sent = pid.text(8).upper()
        fields["gender"] = GENDERS.get(sent[:1], Gender.UNKNOWN) if sent else ""
    is_dead, died_at = pid.text(30).upper(), times.parse_time(pid.text(29), context.zone)
    if is_dead == "N" or pid.get_raw_field(29) == DELETED:
        fields["deceased"] = ""
    elif died_at or is_dead == "Y":
        fields["deceased"] = died_at or "true"


def _add_contact(pid: Segment, fields: dict[str, Value]) -> None:
    delimiters = pid.delimiters
    if pid.get_raw_field(11):
        places = [
            value
            for value in pid.repetitions(11)
            if component_text(value, 7, delimiters) not in ("BR", "BDL")
        ]
        homes = (value for value in places if component_text(value, 7, delimiters) == "H")
        home = next(homes, (places or [""])[0])
        fields["address"] = address_text(home, delimiters)
        fields["postcode"] = component_text(home, 5, delimiters)
    if pid.get_raw_field(13):
        numbers = (telephone_number(value, delimiters) for value in pid.repetitions(13))
        fields["phone"] = next((number for number in numbers if number), "")


def read_allergies(
    reader: MessageReader, segments: list[Segment], numbers: tuple[Identifier, ...], event: str
) -> list[ChangeDraft]:
    """What AL1 and IAM segments say: one change an allergy."""
    drafts = (_read_allergy(reader, segment, numbers, event) for segment in segments)
    return [draft for draft in drafts if draft]


def _read_allergy(
    reader: MessageReader, segment: Segment, numbers: tuple[Identifier, ...], event: str
) -> ChangeDraft | None:
    """The allergy of one segment; None when it names no substance."""
    values = segment.repetitions(3)
    code, substance = segment.text(3), coded_text(values[0], segment.delimiters) if values else ""
    if not code and not substance:
        return None
    is_iam = segment.fields[0] == "IAM"
    category, severity = segment.text(2).upper(), segment.text(4)
    status = _IAM_STATUS.get(segment.text(17).upper()) if is_iam else None
    fields: dict[str, Value] = {
        "substance": substance,
        "code": code,
        "category": _CATEGORIES.get(category, ""),
        "severity": _SEVERITIES.get(severity.upper(), severity),
        "reaction": coded_texts(segment, 5) or "",
        "status": status or ClinicalStatus.ACTIVE,
        "none_known": int(says_none_known(code, substance)),
    }
    recorded = times.parse_time(segment.text(13 if is_iam else 6), reader.context.zone)
    if recorded:
        fields["recorded"] = recorded
    is_deleted = is_iam and segment.text(6).upper() == "D"
    return ChangeDraft(
        "AllergyIntolerance",
        f"{numbers[0]}|{(code or substance).upper()}",
        numbers,
        fields,
        event=event,
        operation=Operation.DELETE if is_deleted else Operation.SET,
    )


def says_none_known(code: str, substance: str) -> bool:
    """Whether an entry of an allergy list states that no allergy is known at all."""
    return code.upper() in _NONE_KNOWN_CODES or substance.casefold() in _NONE_KNOWN_TEXTS
