"""Appointments and places on theatre lists: SIU (HL7 v2 chapter 10). Pure."""

from downtime.entry.facts import Fact, PaperPerson
from downtime.returns.hl7.segment_writer import (
    DOWNTIME,
    TABLES,
    SegmentWriter,
    Value,
    build_segment,
    note_segments,
    text_only,
)

_CHANGED, _MOVED = "S14", "S13"
_APPOINTMENTS = TABLES["appointments"]


def appointment_type(fact: Fact, writer: SegmentWriter) -> str:
    """S12 booked, S13 moved to another time, S14 arrived or over, S15 cancelled, S26 did not come."""
    if fact.fields.get("rebook_start"):
        return f"SIU^{_MOVED}"
    return f"SIU^{_APPOINTMENTS['events'].get(fact.fields.get('status', 'booked'), _CHANGED)}"


def build_appointment(
    facts: tuple[Fact, ...], person: PaperPerson, writer: SegmentWriter
) -> list[str]:
    """The appointment by its own number where paper knows it; a new one by that of the form."""
    fact = facts[0]
    fields = fact.fields
    event = appointment_type(fact, writer).removeprefix("SIU^")
    start = writer.format_time(fields.get("rebook_start") or fields.get("start") or fact.event)
    location = fields.get("rebook_location") or fields.get("location", "")
    number: Value = fields.get("number") or (fact.number, DOWNTIME)
    timing = writer.is_from("2.7")
    status = (
        "Booked"
        if event == _MOVED
        else _APPOINTMENTS["status"].get(fields.get("status", "booked"), "Booked")
    )
    sch: dict[int, Value] = {
        1: number,
        2: number,
        6: (event, _APPOINTMENTS["reasons"][event], "L"),
        7: text_only(fields.get("reason") or fields.get("description", "")),
        8: text_only(fields.get("kind", "")),
        11: "" if timing else ("", "", "", start),
        16: text_only(fact.author),
        20: text_only(fact.transcriber),
        25: status,
    }
    change = {"S12": "", "S15": "D"}.get(event, "U")
    room, place = text_only("Room"), writer.location(location)
    ail: dict[int, Value] = {1: "1", 2: change, 3: place, 4: room, 6: start}
    return [
        build_segment("SCH", sch),
        *([build_segment("TQ1", {7: start})] if timing else []),
        *note_segments(fact),
        writer.pid(person),
        writer.pv1(fact, other="O"),
        build_segment("RGS", {1: "1", 2: change}),
        build_segment("AIL", ail),
    ]
