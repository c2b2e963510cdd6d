"""HL7 v2 SIU messages (S12 to S26) to Appointment.

Key: the scheduler's own number (SCH-2), else the requester's (SCH-1). Start: TQ1-7, else AIS-4,
SCH-11.4, AIL-6, AIP-6, AIG-8. Status: S15, S16 and S26 by their event, S17 takes the appointment
away, else SCH-25. Blocked time (S23, S24) concerns no patient: accepted, nothing taken.
"""

from downtime.clinical.identifiers import Identifier
from downtime.feeds import times
from downtime.feeds.hl7.data_types import person_names, coded_texts
from downtime.feeds.hl7.identifiers import patient_identifiers
from downtime.feeds.hl7.order_groups import note_text
from downtime.feeds.hl7.patient import MessageReader, read_patient
from downtime.feeds.hl7.segments import Hl7Message, Segment, component_text
from downtime.feeds.model import Change, UnusableMessageError, Value

STATUS_BY_EVENT = {"S15": "cancelled", "S16": "cancelled", "S26": "noshow"}
STATUS_BY_FILLER_STATUS = {
    "booked": "booked",
    "pending": "booked",
    "overbook": "booked",
    "waitlist": "booked",
    "confirmed": "booked",
    "arrived": "arrived",
    "started": "arrived",
    "complete": "fulfilled",
    "completed": "fulfilled",
    "cancelled": "cancelled",
    "canceled": "cancelled",
    "dc": "cancelled",
    "deleted": "cancelled",
    "blocked": "cancelled",
    "noshow": "noshow",
}
"""HL7 table 0278, and what systems send in its place."""
_NO_PATIENT = frozenset({"S23", "S24"})
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
_UNITS = {"s": 1 / 60, "sec": 1 / 60, "second": 1 / 60, "seconds": 1 / 60}
_UNITS |= {"h": 60, "hr": 60, "hour": 60, "hours": 60, "d": 1440, "day": 1440, "days": 1440}


def read_appointment(who: MessageReader, trigger: str) -> list[Change]:
    """All that one scheduling message says; Unusable without a number or a patient."""
    if trigger in _NO_PATIENT:
        return []
    message = who.message
    sch, pid = message.first("SCH"), message.first("PID")
    number = (sch.text(2) or sch.text(1)) if sch else ""
    if sch is None or not number:
        raise UnusableMessageError(
            "SCH", "neither SCH-1 nor SCH-2 holds a number: the appointment has no name"
        )
    numbers = patient_identifiers(pid, message.first("PV1"), message, who.context)
    numbers = numbers or (Identifier("APPT", who.source, number),)
    said = [read_patient(who, pid, numbers, "", message.first("PD1"))] if pid else []
    removed = trigger == "S17"
    return [
        *said,
        Change(
            type="Appointment",
            source=who.source,
            key=number,
            patient=numbers,
            fields={} if removed else _fields(who, trigger, sch, number),
            sent=who.sent,
            operation="delete" if removed else "set",
            position=who.position,
        ),
    ]


def _fields(who: MessageReader, trigger: str, sch: Segment, number: str) -> dict[str, Value]:
    message = who.message
    status = STATUS_BY_EVENT.get(trigger) or STATUS_BY_FILLER_STATUS.get(
        sch.text(25).replace(" ", "").casefold(), ""
    )
    said = {
        "status": status or ("booked" if trigger in ("S12", "S13") else ""),
        "location": _location(message, sch),
        "practitioner": _first(message, "AIP", 3) or _first(message, "PV1", 7),
        "specialty": _worded(message, "PV1", 10),
        "description": _description(message, sch),
        "note": note_text(_notes_of_appointment(message)),
    }
    fields: dict[str, Value] = {name: value for name, value in said.items() if value}
    fields["number"] = number
    fields["kind"] = "theatre" if who.source == who.context.theatres else "clinic"
    start_text = _time_text(message, _STARTS)
    start = times.parse_time(start_text, who.context.zone)
    if start:
        fields["start"], fields["start_text"] = start, start_text
    end = times.parse_time(_time_text(message, _ENDS), who.context.zone)
    if minutes := _minutes(message) or times.minutes_between(start, end):
        fields["minutes"] = minutes
    return fields


def _time_text(message: Hl7Message, places: tuple[tuple[str, int, int], ...]) -> str:
    for name, field, component in places:
        segment = message.first(name)
        if segment and (text := segment.text(field, component)):
            return text
    return ""


def _minutes(message: Hl7Message) -> int:
    """The length and its unit stand side by side; a unit that is not said is minutes."""
    for name, field in _LENGTHS:
        segment = message.first(name)
        length = segment.text(field) if segment else ""
        if segment and length.isascii() and length.isdigit() and len(length) < 7:
            unit = (segment.text(field + 1) or "min").casefold()
            return round(int(length) * _UNITS.get(unit, 1))
    return 0


def _location(message: Hl7Message, sch: Segment) -> str:
    """AIL-3 (its description, else point of care, else room), else the schedule, else PV1-3."""
    for segment, field in ((message.first("AIL"), 3), (sch, 5), (message.first("PV1"), 3)):
        for value in segment.repetitions(field) if segment else ():
            order = (2, 1) if segment is sch else (9, 1, 2, 4)
            if segment and (place := _one_of(value, order, segment)):
                return place
    return ""


def _one_of(value: str, components: tuple[int, ...], segment: Segment) -> str:
    parts = (component_text(value, component, segment.marks) for component in components)
    return next((part for part in parts if part), "")


def _first(message: Hl7Message, name: str, field: int) -> str:
    segment = message.first(name)
    return (person_names(segment, field) or "") if segment else ""


def _worded(message: Hl7Message, name: str, field: int) -> str:
    segment = message.first(name)
    return (coded_texts(segment, field) or "") if segment else ""


def _description(message: Hl7Message, sch: Segment) -> str:
    services = [coded_texts(segment, 3) or "" for segment in message.all("AIS")]
    named = ", ".join(dict.fromkeys(service for service in services if service))
    return named or coded_texts(sch, 7) or coded_texts(sch, 8) or coded_texts(sch, 6) or ""


def _notes_of_appointment(message: Hl7Message) -> list[Segment]:
    """The NTE between SCH and the next segment that is neither NTE nor TQ1."""
    found, inside = [], False
    for segment in message.segments:
        if segment.fields[0] == "SCH":
            inside = True
        elif inside and segment.fields[0] == "NTE":
            found.append(segment)
        elif inside and segment.fields[0] != "TQ1":
            break
    return found
