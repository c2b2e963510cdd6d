"""HL7 v2 PID and PD1 to Patient, with all else that a message says of a person: see `read_person`."""

from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import Gender
from downtime.feeds import times
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
    telephone_number,
)
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.problems import read_problems
from downtime.feeds.hl7.segments import Hl7Message, Segment
from downtime.feeds.model import Change, FindingKind, Value
from downtime.feeds.profiles import CodeTable


def read_person(
    reader: MessageReader,
    part: Hl7Message,
    pid: Segment,
    numbers: tuple[Identifier, ...],
    event: str = "",
) -> list[Change]:
    """What a message says of one person: details, allergies, problems and what to know of them."""
    fields = reader.context.identity_fields(numbers)
    _add_details(reader, pid, fields)
    pd1 = part.find_segment("PD1")
    if pd1 is not None:
        for number, texts in ((4, person_names), (3, coded_texts)):
            if raw := pd1.get_raw_field(number):
                fields["general_practitioner"] = texts(raw, pd1.delimiters)
                break
    changes = [reader.change("Patient", "", numbers, fields, event)]
    names = part.by_name
    if "AL1" in names or "IAM" in names:
        changes += read_allergies(reader, part, numbers, event)
    if "DG1" in names or "PRB" in names:
        changes += read_problems(reader, part, numbers, event)
    return changes + read_patient_notes(reader, part, numbers, event)


def _add_details(reader: MessageReader, pid: Segment, fields: dict[str, Value]) -> None:
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
    first, middle = (component_text(chosen, n, delimiters) for n in (2, 3))
    fields["family"] = first_part(chosen, 1, delimiters)
    fields["given"] = f"{first} {middle}".strip()
    fields["prefix"] = component_text(chosen, 5, delimiters)


def _add_birth_date(reader: MessageReader, pid: Segment, fields: dict[str, Value]) -> None:
    """A date of birth after the message is believed by nobody: its words are kept."""
    sent = pid.text(7)
    date = times.parse_date(sent, reader.context.zone)
    if (sent and not date) or (reader.sent and date > reader.sent):
        reader.note(FindingKind.TIME_UNREADABLE, "PID-7 is no date of birth", "PID-7")
        date = ""
    fields["birth_date"], fields["birth_date_text"] = date, sent


def _gender(reader: MessageReader, sent: str) -> str:
    if not sent:
        return ""
    meaning = reader.context.meaning(CodeTable.GENDER, sent)
    return meaning or GENDERS.get(sent[:1].upper(), Gender.UNKNOWN)


def _find_home(pid: Segment) -> str:
    """The home address (XAD-7 `H`), else the first that is no place of birth."""
    values = pid.repetitions(11)
    if len(values) == 1 and pid.delimiters.component not in values[0]:
        return values[0]
    kinds = [(component_text(value, 7, pid.delimiters), value) for value in values]
    places = [(kind, value) for kind, value in kinds if kind not in ("BR", "BDL")]
    return next((value for kind, value in places if kind == "H"), places[0][1] if places else "")


def _add_death(reader: MessageReader, pid: Segment, fields: dict[str, Value]) -> None:
    is_dead, died_at = pid.text(30).upper(), times.parse_time(pid.text(29), reader.context.zone)
    if is_dead == "N" or pid.get_raw_field(29) == DELETED:
        fields["deceased"] = ""
    elif died_at or is_dead == "Y":
        fields["deceased"] = died_at or "true"
