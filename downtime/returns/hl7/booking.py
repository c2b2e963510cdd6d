"""Appointments and places on theatre lists: SIU (HL7 v2 chapter 10). Pure."""

from downtime.entry.facts import Fact, Person
from downtime.returns.hl7.common import DOWNTIME, Writer, notes, words
from downtime.returns.hl7.segments import Value, segment

_EVENTS = {"booked": "S12", "cancelled": "S15", "noshow": "S26"}
_CHANGED, _MOVED = "S14", "S13"
_STATUS = {
    "booked": "Booked",
    "arrived": "Started",
    "fulfilled": "Complete",
    "cancelled": "Cancelled",
    "noshow": "Noshow",
}
"""Table 0278."""
_REASONS = {
    "S12": "New booking",
    "S13": "Rescheduled",
    "S14": "Changed",
    "S15": "Cancelled",
    "S26": "Did not attend",
}


def booking_kind(fact: Fact, writer: Writer) -> str:
    """S12 booked, S13 moved to another time, S14 arrived or over, S15 cancelled, S26 did not come."""
    if fact.fields.get("rebook_start"):
        return f"SIU^{_MOVED}"
    return f"SIU^{_EVENTS.get(fact.fields.get('status', 'booked'), _CHANGED)}"


def booking(facts: tuple[Fact, ...], who: Person, writer: Writer) -> list[str]:
    """The appointment by its own number where paper knows it; a new one by that of the form."""
    fact = facts[0]
    said = fact.fields
    event = booking_kind(fact, writer).removeprefix("SIU^")
    start = writer.at(said.get("rebook_start") or said.get("start") or fact.event)
    place = said.get("rebook_location") or said.get("location", "")
    number = said.get("number", "")
    new = (fact.number, DOWNTIME)
    timing = writer.is_from("2.7")
    status = "Booked" if event == _MOVED else _STATUS.get(said.get("status", "booked"), "Booked")
    sch: dict[int, Value] = {
        1: number or new,
        2: number or new,
        6: (event, _REASONS[event], "L"),
        7: words(said.get("reason") or said.get("description", "")),
        8: words(said.get("kind", "")),
        11: "" if timing else ("", "", "", start),
        16: words(fact.author),
        20: words(fact.transcriber),
        25: status,
    }
    change = "" if event == "S12" else {"S15": "D", "S26": "U"}.get(event, "U")
    ail: dict[int, Value] = {1: "1", 2: change, 3: writer.place(place), 4: words("Room"), 6: start}
    return [
        segment("SCH", sch),
        *([segment("TQ1", {7: start})] if timing else []),
        *notes(fact),
        writer.pid(who),
        writer.pv1(fact, other="O"),
        segment("RGS", {1: "1", 2: change}),
        segment("AIL", ail),
    ]
