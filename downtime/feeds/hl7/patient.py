"""HL7 v2 PID and PD1 to Patient, with all else that a message says of a person: see `read_person`.

A hospital sends the same PID with every message of a stay: what it says is read once.
"""

from functools import lru_cache
from typing import NamedTuple

from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import Gender
from downtime.feeds import times
from downtime.feeds.context import FeedContext
from downtime.feeds.hl7.alerts import read_patient_notes
from downtime.feeds.hl7.allergies import read_allergies
from downtime.feeds.hl7.codes import GENDERS
from downtime.feeds.hl7.data_types import (
    DELETED,
    address_text,
    coded_texts,
    component_text,
    first_part,
    person_names,
    split_components,
    telephone_number,
)
from downtime.feeds.hl7.encoding import Delimiters
from downtime.feeds.hl7.identifiers import person_identifiers, visit_identifiers
from downtime.feeds.hl7.message_reader import FieldReader, MessageReader
from downtime.feeds.hl7.problems import read_problems
from downtime.feeds.hl7.segments import Hl7Message, Segment
from downtime.feeds.model import Change, Finding, FindingKind, Value
from downtime.feeds.profiles import CodeTable


class PersonDetails(NamedTuple):
    """What a PID says: who it is about, the fields of Patient, and what is wrong with it."""

    numbers: tuple[Identifier, ...]
    fields: dict[str, Value]
    findings: tuple[Finding, ...]
    account: str
    """PID-18."""


def identify(reader: MessageReader, part: Hl7Message) -> tuple[Identifier, ...]:
    """Who a message, or a part of it, is about, the most specific number first; else empty."""
    pid = part.find_segment("PID")
    if pid is not None:
        details = _read_details(pid, reader)
        if details.numbers:
            return details.numbers
    return visit_identifiers(pid, part.find_segment("PV1"), reader)


def _read_details(pid: Segment, reader: FieldReader) -> PersonDetails:
    return _read_pid(pid.line, pid.delimiters, reader.facility, reader.context)


def read_account(reader: FieldReader, part: Hl7Message) -> str:
    """PID-18, under which a stay may be known."""
    pid = part.find_segment("PID")
    return _read_details(pid, reader).account if pid is not None else ""


def read_person(
    reader: MessageReader, part: Hl7Message, numbers: tuple[Identifier, ...], event: str = ""
) -> list[Change]:
    """What a message says of one person: details, allergies, problems and what to know of them."""
    changes: list[Change] = []
    pid, names = part.find_segment("PID"), part.by_name
    if pid is not None:
        changes.append(_read_patient(reader, part, pid, numbers, event))
    if "AL1" in names or "IAM" in names:
        changes += read_allergies(reader, part, numbers, event)
    if "DG1" in names or "PRB" in names:
        changes += read_problems(reader, part, numbers, event)
    return changes + read_patient_notes(reader, part, numbers, event)


def _read_patient(
    reader: MessageReader,
    part: Hl7Message,
    pid: Segment,
    numbers: tuple[Identifier, ...],
    event: str,
) -> Change:
    """The change of Patient; a date of birth after the message is believed by nobody."""
    details = _read_details(pid, reader)
    fields = details.fields
    if not details.numbers:
        fields = reader.context.identity_fields(numbers) | fields
    for finding in details.findings:
        reader.note(finding.kind, finding.text, finding.segment)
    if reader.sent and str(fields.get("birth_date", "")) > reader.sent:
        reader.note(FindingKind.TIME_UNREADABLE, "PID-7 is no date of birth", "PID-7")
        fields = fields | {"birth_date": ""}
    pd1 = part.find_segment("PD1")
    if pd1 is not None:
        fields = fields | _read_practitioner(pd1.line, pd1.delimiters)
    return reader.change("Patient", "", numbers, fields, event)


@lru_cache(maxsize=8192)
def _read_practitioner(line: str, delimiters: Delimiters) -> dict[str, Value]:
    """What one PD1 says; nobody changes it."""
    pd1 = Segment("PD1", line, delimiters)
    for number, texts in ((4, person_names), (3, coded_texts)):
        if raw := pd1.get_raw_field(number):
            return {"general_practitioner": texts(raw, delimiters)}
    return {}


@lru_cache(maxsize=8192)
def _read_pid(
    line: str, delimiters: Delimiters, facility: str, context: FeedContext
) -> PersonDetails:
    """What one PID says; nobody changes the fields of what is returned."""
    pid, reader = Segment("PID", line, delimiters), FieldReader(context, facility)
    numbers = person_identifiers(pid, reader)
    fields = context.identity_fields(numbers) if numbers else {}
    _add_details(reader, pid, fields)
    return PersonDetails(numbers, fields, tuple(reader.findings), pid.text(18))


def _add_details(reader: FieldReader, pid: Segment, fields: dict[str, Value]) -> None:
    """What was sent of name, birth, death, address and telephone; each is said as a whole."""
    raw, delimiters = pid.pad_fields(32), pid.delimiters
    if raw[5]:
        _add_name(pid, fields)
    if raw[7]:
        _add_birth_date(reader, pid, fields)
    if raw[8]:
        fields["gender"] = _gender(reader, pid.text(8))
    if raw[11]:
        home = _find_home(pid)
        fields["address"] = address_text(home, delimiters)
        fields["postcode"] = component_text(home, 5, delimiters)
    if raw[13]:
        phones = (telephone_number(value, delimiters) for value in pid.repetitions(13))
        fields["phone"] = next((phone for phone in phones if phone), "")
    if raw[29] or raw[30]:
        _add_death(reader, pid, fields)
    if raw[32] and "nhs_number" in fields:
        fields["nhs_number_status"] = "verified" if pid.text(32) == "01" else "unverified"


def _add_name(pid: Segment, fields: dict[str, Value]) -> None:
    """The legal name of PID-5 when one is marked so, else the first."""
    delimiters, names = pid.delimiters, pid.repetitions(5) or [""]
    chosen = names[0]
    if len(names) > 1:
        legal = (name for name in names if component_text(name, 7, delimiters) == "L")
        chosen = next(legal, chosen)
    _, first, middle, _, prefix = split_components(chosen, 5, delimiters)
    fields["family"] = first_part(chosen, 1, delimiters)
    fields["given"] = f"{first.strip()} {middle.strip()}".strip()
    fields["prefix"] = prefix.strip()


def _add_birth_date(reader: FieldReader, pid: Segment, fields: dict[str, Value]) -> None:
    sent = pid.text(7)
    date = times.parse_date(sent, reader.context.zone)
    if sent and not date:
        reader.note(FindingKind.TIME_UNREADABLE, "PID-7 is no date of birth", "PID-7")
    fields["birth_date"], fields["birth_date_text"] = date, sent


def _gender(reader: FieldReader, sent: str) -> str:
    if not sent:
        return ""
    meaning = reader.context.meaning(CodeTable.GENDER, sent)
    return meaning or GENDERS.get(sent[:1].upper(), Gender.UNKNOWN)


def _find_home(pid: Segment) -> str:
    """The home address (XAD-7 `H`), else the first that is no place of birth."""
    kinds = [(component_text(value, 7, pid.delimiters), value) for value in pid.repetitions(11)]
    places = [(kind, value) for kind, value in kinds if kind not in ("BR", "BDL")]
    return next((value for kind, value in places if kind == "H"), places[0][1] if places else "")


def _add_death(reader: FieldReader, pid: Segment, fields: dict[str, Value]) -> None:
    is_dead, died_at = pid.text(30).upper(), times.parse_time(pid.text(29), reader.context.zone)
    if pid.text(29).strip("0") and not died_at:
        reason = "PID-29 is no time of death that can be read"
        reader.note(FindingKind.TIME_UNREADABLE, reason, "PID-29")
    if is_dead == "N" or pid.get_raw_field(29) == DELETED:
        fields["deceased"] = ""
    elif died_at or is_dead == "Y":
        fields["deceased"] = died_at or "true"
