"""What no field of a message carries: as NTE where the message has a place for it, else as OBX. Pure.

The first note says where it comes from. The others are the answers beside the record, and fields of
the record that this message has no place for: nothing that was written is lost on the way.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clinical.record_types import FIELD_TITLES
from downtime.entry.facts import Fact
from downtime.outage.events.model import is_event_id
from downtime.returns.hl7.segment_writer import SegmentWriter, Value, build_segment

Note = tuple[str, str]
"""A label and what was written under it; without a label it is a sentence of our own."""

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

_SILENT = frozenset(("event", "none_known", "department", "code"))
"""Fields that no person wrote, or that the message as a whole says."""


def source_note(fact: Fact) -> Note:
    """Which paper or screen it comes from, and who wrote it."""
    source = "Recorded on the downtime screen" if is_event_id(fact.serial) else "Downtime form"
    ward = f" of ward {fact.ward}" if fact.ward else ""
    role = f" ({fact.author_role})" if fact.author_role else ""
    return "", f"{source} {fact.serial}{ward}, written by {fact.author}{role}."


def list_notes(fact: Fact, carried: Iterable[str], zone: ZoneInfo) -> tuple[Note, ...]:
    """The notes of a fact, with those of its fields that are not among the `carried` ones."""
    placed = _SILENT.union(carried)
    unplaced = (
        (_title(name), word_value(text, zone))
        for name, text in fact.fields.items()
        if text and name not in placed
    )
    return (*fact.notes, *unplaced)


def find_shared_notes(notes: Sequence[Sequence[Note]]) -> list[Note]:
    """Those that every one of several facts has, in the order of the first."""
    return [note for note in notes[0] if all(note in others for others in notes[1:])]


def comment_segments(notes: Iterable[Note]) -> list[str]:
    """An NTE for each note, each said once."""
    texts = (f"{label}: {answer}" if label else answer for label, answer in notes)
    return [
        build_segment("NTE", {1: str(n), 3: text})
        for n, text in enumerate(dict.fromkeys(texts), start=1)
    ]


def note_values(fact: Fact, notes: Iterable[Note], writer: SegmentWriter) -> list[str]:
    """An OBX for each note, in messages that have no NTE where it belongs (ADT, RAS)."""
    return [
        build_segment("OBX", _note_fields(number, note, fact, writer))
        for number, note in enumerate(dict.fromkeys(notes), start=1)
    ]


def _note_fields(number: int, note: Note, fact: Fact, writer: SegmentWriter) -> Mapping[int, Value]:
    label, answer = note
    return {
        1: str(number),
        2: "FT",
        3: ("NOTE", label or "Source", "L"),
        4: str(number),
        5: answer,
        11: "F",
        14: writer.format_time(fact.event),
    }


def _title(name: str) -> str:
    return FIELD_TITLES.get(name) or name.replace("_", " ").capitalize()


def word_value(text: str, zone: ZoneInfo) -> str:
    """A value as people read it: stored times in the site's zone."""
    return display.format_moment(text, zone) if _INSTANT.fullmatch(text) else text
