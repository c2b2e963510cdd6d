"""Appointments and places on theatre lists: SIU (HL7 v2 chapter 10). Pure."""

from downtime.entry.facts import Fact, PaperPerson
from downtime.returns.hl7.notes import Note, comment_segments, list_notes, source_note, word_value
from downtime.returns.hl7.segment_writer import (
    DOWNTIME,
    TABLES,
    UCUM,
    SegmentWriter,
    Value,
    build_segment,
    fit_coded,
    text_only,
)

_CHANGED, _MOVED = "S14", "S13"
_APPOINTMENTS = TABLES["appointments"]
_FIELDS = (
    "kind", "number", "location", "start", "status", "reason", "description", "practitioner",
    "minutes", "specialty", "rebook_start", "rebook_location",
)  # fmt: skip
"""What the segments of an appointment have fields for."""
_FORMER = {"start": "Former start", "location": "Former place", "status": "What became of it"}
"""What the old date said, beside a new one."""


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
    pv1: dict[int, Value] = {10: fit_coded(fields.get("specialty", ""))}
    return [
        build_segment("SCH", sch),
        *([build_segment("TQ1", {7: start})] if timing else []),
        *comment_segments([source_note(fact), *_notes(fact, event, writer)]),
        writer.pid(person),
        writer.pv1(fact, pv1, other="O"),
        build_segment("RGS", {1: "1", 2: change}),
        *_resources(fact, change, start, location, writer),
    ]


def _resources(
    fact: Fact, change: str, start: str, location: str, writer: SegmentWriter
) -> list[str]:
    """What is done (AIS), where (AIL) and by whom (AIP), as far as paper says."""
    fields = fact.fields
    shared: dict[int, Value] = {1: "1", 2: change}
    description, practitioner = fields.get("description", ""), fields.get("practitioner", "")
    minutes = fields.get("minutes", "")
    length: dict[int, Value] = {9: minutes, 10: ("min", "minutes", UCUM)} if minutes else {}
    place: dict[int, Value] = {3: writer.location(location), 4: text_only("Room"), 6: start}
    person: dict[int, Value] = {3: text_only(practitioner), 4: text_only("Clinician"), 6: start}
    service = {3: text_only(description), 4: start}
    return [
        *([build_segment("AIS", {**shared, **service})] if description else []),
        build_segment("AIL", {**shared, **place, **length}),
        *([build_segment("AIP", {**shared, **person})] if practitioner else []),
    ]


def _notes(fact: Fact, event: str, writer: SegmentWriter) -> tuple[Note, ...]:
    """Its notes, and what a new date or a status leaves without a field."""
    fields = fact.fields
    carried = set(_FIELDS)
    if not fit_coded(fields.get("specialty", "")):
        carried.discard("specialty")
    former = ["status"] if event in (_MOVED, _CHANGED) else []
    if event == _MOVED:
        former += ["start", *(["location"] if fields.get("rebook_location") else [])]
    moved = tuple(
        (_FORMER[name], word_value(fields[name], writer.zone))
        for name in former
        if fields.get(name)
    )
    happened = ("Happened", word_value(fact.event, writer.zone))
    return (*list_notes(fact, carried, writer.zone), *moved, happened)
