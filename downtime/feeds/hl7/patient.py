"""HL7 v2 PID and PD1 to Patient."""

from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import Gender
from downtime.feeds import times
from downtime.feeds.context import FeedContext
from downtime.feeds.hl7.codes import GENDERS
from downtime.feeds.hl7.data_types import (
    address_text,
    coded_texts,
    person_names,
    telephone_number,
)
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.segments import DELETED, Segment, component_text
from downtime.feeds.model import Change, Value


def read_patient(
    reader: MessageReader,
    pid: Segment,
    numbers: tuple[Identifier, ...],
    event: str,
    pd1: Segment | None,
) -> Change:
    """What PID (and PD1) say of the person."""
    fields = reader.context.identity_fields(numbers)
    if "nhs_number" in fields and pid.raw(32):
        fields["nhs_number_status"] = "verified" if pid.text(32) == "01" else "unverified"
    _add_name(pid, fields)
    _add_birth_and_death(pid, reader.context, fields)
    _add_contact(pid, fields)
    if pd1 is not None and (doctor := person_names(pd1, 4) or coded_texts(pd1, 3)) is not None:
        fields["general_practitioner"] = doctor
    return reader.change("Patient", "", numbers, fields, event=event)


def _add_name(pid: Segment, fields: dict[str, Value]) -> None:
    """The legal name of PID-5 when one is marked so, else the first. A name is said as a whole."""
    if not pid.raw(5):
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
    if pid.raw(7):
        fields["birth_date"] = times.parse_date(pid.text(7), context.zone)
        fields["birth_date_text"] = pid.text(7)
    if pid.raw(8):
        sent = pid.text(8).upper()
        fields["gender"] = GENDERS.get(sent[:1], Gender.UNKNOWN) if sent else ""
    is_dead, died_at = pid.text(30).upper(), times.parse_time(pid.text(29), context.zone)
    if is_dead == "N" or pid.raw(29) == DELETED:
        fields["deceased"] = ""
    elif died_at or is_dead == "Y":
        fields["deceased"] = died_at or "true"


def _add_contact(pid: Segment, fields: dict[str, Value]) -> None:
    delimiters = pid.delimiters
    if pid.raw(11):
        places = [
            value
            for value in pid.repetitions(11)
            if component_text(value, 7, delimiters) not in ("BR", "BDL")
        ]
        homes = (value for value in places if component_text(value, 7, delimiters) == "H")
        home = next(homes, (places or [""])[0])
        fields["address"] = address_text(home, delimiters)
        fields["postcode"] = component_text(home, 5, delimiters)
    if pid.raw(13):
        numbers = (telephone_number(value, delimiters) for value in pid.repetitions(13))
        fields["phone"] = next((number for number in numbers if number), "")
