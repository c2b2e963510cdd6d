"""HL7 v2 SIU messages (S12 to S26) to Appointment.

Key: the scheduler's own number (SCH-2), else the requester's (SCH-1); a message with both says so of
each (`snapshot.settle_appointments`). Start: TQ1-7, else AIS-4,
SCH-11.4, AIL-6, AIP-6, AIG-8. Status: S15, S16 and S26 by their event, S17 takes the appointment
away, else SCH-25. Blocked time (S23, S24) concerns no patient: accepted, nothing taken.
"""

from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import AppointmentStatus
from downtime.feeds import times
from downtime.feeds.hl7.data_types import (
    coded_text,
    coded_texts,
    component_text,
    person_names,
    split_components,
)
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.patient import identify, read_person
from downtime.feeds.hl7.segments import Hl7Message, Segment, note_text
from downtime.feeds.model import (
    CONTINUED_AS,
    REQUESTED_AS,
    Change,
    FindingKind,
    Operation,
    UnusableMessageError,
    Value,
)
from downtime.feeds.profiles import CodeTable

STATUS_BY_EVENT = {
    "S15": AppointmentStatus.CANCELLED,
    "S16": AppointmentStatus.CANCELLED,
    "S26": AppointmentStatus.NOSHOW,
}
STATUS_BY_FILLER_STATUS = {
    **dict.fromkeys(
        ("booked", "pending", "overbook", "waitlist", "confirmed"), AppointmentStatus.BOOKED
    ),
    **dict.fromkeys(("arrived", "started"), AppointmentStatus.ARRIVED),
    **dict.fromkeys(("complete", "completed"), AppointmentStatus.FULFILLED),
    **dict.fromkeys(
        ("cancelled", "canceled", "dc", "deleted", "blocked"), AppointmentStatus.CANCELLED
    ),
    "noshow": AppointmentStatus.NOSHOW,
}
"""HL7 table 0278, and what systems send instead."""
_BOOKINGS = ("S12", "S13")
_DELETION = "S17"
_BLOCKED_TIME = frozenset({"S23", "S24"})
_NOTE_OWNERS = frozenset({"SCH", "TQ1", "RGS", "AIS", "AIG", "AIL", "AIP"})
_STARTS = (
    ("TQ1", 7, 1),
    ("AIS", 4, 1),
    ("SCH", 11, 4),
    ("AIL", 6, 1),
    ("AIP", 6, 1),
    ("AIG", 8, 1),
)
_ENDS = (("TQ1", 8, 1), ("SCH", 11, 5))
_LENGTHS = (("AIS", 7), ("AIL", 9), ("AIP", 9), ("AIG", 11), ("SCH", 9))
_MINUTES_OF_UNIT = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1 / 60),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 60),
    **dict.fromkeys(("d", "day", "days"), 1440),
}


def read_appointment(reader: MessageReader) -> list[Change]:
    """All that one scheduling message says; UnusableMessageError without a number or a patient."""
    if reader.trigger in _BLOCKED_TIME:
        reader.unused = "blocked time concerns no patient"
        return []
    sch = reader.message.find_segment("SCH")
    number = (sch.text(2) or sch.text(1)) if sch else ""
    if sch is None or not number:
        raise UnusableMessageError(
            "SCH", "neither SCH-1 nor SCH-2 holds a number: the appointment has no name"
        )
    fields = _fields(reader, sch, number)
    requested = sch.text(1) if sch.text(1) != number else ""
    if requested:
        fields[REQUESTED_AS] = requested
    operation = Operation.DELETE if reader.trigger == _DELETION else Operation.SET
    changes: list[Change] = []
    for part in reader.message.split_patients():
        numbers = identify(reader, part) or (Identifier("APPT", reader.source, number),)
        changes += read_person(reader, part, numbers)
        changes.append(reader.change("Appointment", number, numbers, fields, operation=operation))
        if requested:
            link: dict[str, Value] = {CONTINUED_AS: number}
            changes.append(
                reader.change("Appointment", requested, numbers, link, operation=operation)
            )
    return changes


def _fields(reader: MessageReader, sch: Segment, number: str) -> dict[str, Value]:
    message, zone = reader.message, reader.context.zone
    notes = message.notes_after(_NOTE_OWNERS)
    location = _location(message, sch)
    also_at = _list_other_places(message, location)
    values = {
        "status": _status(reader, sch),
        "location": location,
        "practitioner": _persons(message, "AIP", 3) or _persons(message, "PV1", 7),
        "specialty": _coded(message, "PV1", 10),
        "description": _description(message, sch),
        "note": "\n".join(filter(None, (also_at, note_text(notes)))),
    }
    fields: dict[str, Value] = {name: value for name, value in values.items() if value}
    fields["number"] = number
    fields["kind"] = reader.context.appointment_kind(reader.source)
    start_text = _time_text(message, _STARTS)
    start = times.parse_time(start_text, zone)
    if start:
        fields["start"], fields["start_text"] = start, start_text
    elif start_text:
        reader.note(FindingKind.TIME_UNREADABLE, "the start of the appointment is no time", "SCH")
    end = times.parse_time(_time_text(message, _ENDS), zone)
    if minutes := _minutes(message) or times.minutes_between(start, end):
        fields["minutes"] = minutes
    return fields


def _status(reader: MessageReader, sch: Segment) -> str:
    sent, trigger = sch.text(25), reader.trigger
    if not sent and sch.get_raw_field(25):
        sent = coded_text(sch.get_raw_field(25), sch.delimiters)
    status = reader.context.meaning(CodeTable.APPOINTMENT_STATUS, sent) if sent else ""
    status = status or STATUS_BY_FILLER_STATUS.get(sent.replace(" ", "").casefold(), "")
    if sent and not status:
        reader.note(FindingKind.UNKNOWN_STATUS, "SCH-25 is no status that is known", "SCH-25")
    by_event = STATUS_BY_EVENT.get(trigger)
    return by_event or status or (AppointmentStatus.BOOKED if trigger in _BOOKINGS else "")


def _time_text(message: Hl7Message, places: tuple[tuple[str, int, int], ...]) -> str:
    for name, field, component in places:
        segment = message.find_segment(name)
        if segment and (text := segment.text(field, component)):
            return text
    return ""


def _minutes(message: Hl7Message) -> int:
    """The length and its unit stand side by side; a unit that is not said is minutes."""
    for name, field in _LENGTHS:
        segment = message.find_segment(name)
        length = segment.text(field) if segment else ""
        if segment and length.isascii() and length.isdigit() and len(length) < 7:
            unit = (segment.text(field + 1) or "min").casefold()
            return round(int(length) * _MINUTES_OF_UNIT.get(unit, 1))
    return 0


def _location(message: Hl7Message, sch: Segment) -> str:
    """AIL-3 (its description, else point of care, else room), else the schedule, else PV1-3."""
    for segment, field in (
        (message.find_segment("AIL"), 3),
        (sch, 5),
        (message.find_segment("PV1"), 3),
    ):
        for value in segment.repetitions(field) if segment else ():
            order = (2, 1) if segment is sch else (9, 1, 2, 4)
            if segment and (place := _first_component(value, order, segment)):
                return place
    return ""


def _first_component(value: str, components: tuple[int, ...], segment: Segment) -> str:
    parts = (component_text(value, component, segment.delimiters) for component in components)
    return next((part for part in parts if part), "")


def _list_other_places(message: Hl7Message, location: str) -> str:
    """Where else it takes place: of several AIL only the first is the list that it stands on."""
    places = dict.fromkeys(
        _first_component(value, (9,), segment)
        or " ".join(filter(None, split_components(value, 2, segment.delimiters)))
        for segment in message.list_segments("AIL")[1:]
        for value in segment.repetitions(3)[:1]
    )
    others = [place for place in places if place and place != location]
    return f"Also at: {'; '.join(others)}" if others else ""


def _persons(message: Hl7Message, name: str, field: int) -> str:
    """Everybody who is named, surgeon and anaesthetist, each once."""
    names = (
        person_names(segment.get_raw_field(field), segment.delimiters)
        for segment in message.list_segments(name)
    )
    return ", ".join(dict.fromkeys(person for person in names if person))


def _coded(message: Hl7Message, name: str, field: int) -> str:
    segment = message.find_segment(name)
    raw = segment.get_raw_field(field) if segment else ""
    return coded_texts(raw, segment.delimiters) if segment and raw else ""


def _description(message: Hl7Message, sch: Segment) -> str:
    services = [coded_texts(s.get_raw_field(3), s.delimiters) for s in message.list_segments("AIS")]
    description = ", ".join(dict.fromkeys(service for service in services if service))
    reasons = (_coded(message, "SCH", field) for field in (7, 8, 6))
    return description or next((reason for reason in reasons if reason), "")
