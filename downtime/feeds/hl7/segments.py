"""Splits an HL7 v2 message into segments, and gives their fields as decoded text.

Survived: any character set of MSH-18; five-character or doubled MSH-2 (`^~\\&#`, `^~\\\\&`); `#`
comment lines; a text field broken over several lines.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from downtime.feeds.hl7.data_types import DELETED, repetition_text, whole_text
from downtime.feeds.hl7.encoding import Delimiters, decode_message, decode_text, find_delimiters
from downtime.feeds.model import UnusableMessageError

__all__ = ["Hl7Message", "Segment", "decode_text", "note_text", "parse_message"]

_TEXT_FIELD = {"OBX": 6, "NTE": 4}
_PATIENT = "PID"


class Segment:
    """One segment; fields are counted from 1 as HL7 counts them, MSH included.

    It is split when a field of it is first asked for: what a hospital sends with every message of a
    stay has been read before, and is found again by its line.
    """

    __slots__ = ("_fields", "delimiters", "line", "name")

    def __init__(self, name: str, line: str, delimiters: Delimiters) -> None:
        self.name = name
        self.line = line
        self.delimiters = delimiters
        self._fields: list[str] | None = None

    @property
    def fields(self) -> list[str]:
        """The fields as sent; that with the number 0 is the name."""
        if self._fields is None:
            self._fields = self.line.split(self.delimiters.field)
        return self._fields

    @fields.setter
    def fields(self, fields: list[str]) -> None:
        self._fields = fields

    def get_raw_field(self, field: int) -> str:
        """The field as sent, undecoded; empty beyond the last."""
        fields = self._fields or self.fields
        return fields[field] if field < len(fields) else ""

    def pad_fields(self, count: int) -> list[str]:
        """The fields as sent, at least up to number `count`."""
        fields = self._fields or self.fields
        missing = count + 1 - len(fields)
        return fields + [""] * missing if missing > 0 else fields

    def repetitions(self, field: int) -> list[str]:
        """The non-empty repetitions of a field, undecoded."""
        raw = self.get_raw_field(field)
        if not raw or raw == DELETED:
            return []
        if self.delimiters.repetition not in raw:
            return [raw]
        return [part for part in raw.split(self.delimiters.repetition) if part]

    def text(self, field: int, component: int = 1) -> str:
        """A component of the field's first repetition, decoded."""
        fields = self._fields or self.fields
        raw = fields[field] if field < len(fields) else ""
        if not raw or raw.isalnum():
            return raw if component == 1 else ""
        return repetition_text(raw, component, self.delimiters)

    def full_text(self, field: int) -> str:
        """A text field with all it holds, decoded; repetitions become lines."""
        return whole_text(self.get_raw_field(field), self.delimiters)


def note_text(segments: list[Segment]) -> str:
    """The lines of NTE segments, blank ones kept between text."""
    return "\n".join(segment.full_text(3) for segment in segments).strip()


@dataclass(slots=True)
class Hl7Message:
    """One message in segments, or of a message of several patients what concerns one of them."""

    header: Segment
    """The MSH segment."""
    segments: list[Segment]
    by_name: dict[str, list[Segment]]
    problem: str = ""
    """What is wrong with its character set."""

    def find_segment(self, name: str) -> Segment | None:
        """The first segment of that name."""
        segments = self.by_name.get(name)
        return segments[0] if segments else None

    def list_segments(self, name: str) -> list[Segment]:
        """All segments of that name, in order."""
        return self.by_name.get(name, [])

    def split_patients(self) -> "list[Hl7Message]":
        """The message for each patient in it: a PID begins one; what stands before it is the first's."""
        if len(self.by_name.get(_PATIENT, ())) < 2:
            return [self]
        parts: list[list[Segment]] = [[]]
        has_patient = False
        for segment in self.segments:
            if segment.name == _PATIENT:
                if has_patient:
                    parts.append([])
                has_patient = True
            parts[-1].append(segment)
        return [Hl7Message(self.header, part, _group_by_name(part)) for part in parts]

    def notes_after(self, names: frozenset[str]) -> list[Segment]:
        """The NTE that belong to segments of these names: those that follow one at once."""
        if "NTE" not in self.by_name:
            return []
        owner, notes = "", []
        for segment in self.segments:
            name = segment.name
            if name != "NTE":
                owner = name
            elif owner in names:
                notes.append(segment)
        return notes


def _group_by_name(segments: Iterable[Segment]) -> dict[str, list[Segment]]:
    by_name: dict[str, list[Segment]] = {}
    for segment in segments:
        by_name.setdefault(segment.name, []).append(segment)
    return by_name


def parse_message(data: bytes, character_set: str = "") -> Hl7Message:
    """One message from its bytes (as `split_messages` gives them); UnusableMessageError."""
    text, codec, problem = decode_message(data, character_set)
    if "\n" in text:
        text = text.replace("\r\n", "\r").replace("\n", "\r")
    lines = text.split("\r")
    first = lines.pop(0)
    if not first.startswith("MSH") or len(first) < 8:
        raise UnusableMessageError("MSH", "the message does not begin with an MSH segment")
    separator = first[3]
    fields = first.split(separator)
    delimiters = find_delimiters(separator, fields[1], codec)
    header = Segment("MSH", first, delimiters)
    header.fields = ["MSH", separator, *fields[1:]]
    segments, by_name = [header], {"MSH": [header]}
    for line in lines:
        name = line[:3]
        if line[3:4] == separator and name.isalnum():
            segment = Segment(name, line, delimiters)
            segments.append(segment)
            if name in by_name:
                by_name[name].append(segment)
            else:
                by_name[name] = [segment]
        elif line and not line.isspace():
            _read_odd_line(line, segments, by_name)
    return Hl7Message(header, segments, by_name, problem)


def _read_odd_line(line: str, segments: list[Segment], by_name: dict[str, list[Segment]]) -> None:
    """A line that is no segment: an indented one, a comment, a name alone, or more of a text.

    `#` is also how clinicians write 'fracture', so it is a comment only where no text is open.
    """
    trimmed, last = line.strip(), segments[-1]
    separator, name = last.delimiters.field, trimmed[:3]
    if trimmed[3:4] == separator and name.isalnum():
        segment = Segment(name, trimmed, last.delimiters)
        segments.append(segment)
        by_name.setdefault(name, []).append(segment)
        return
    open_text = _TEXT_FIELD.get(last.name) == len(last.fields)
    if (trimmed[0] == "#" and not open_text) or (len(trimmed) == 3 and trimmed.isupper()):
        return
    text, *following_fields = line.split(separator)
    last.fields[-1] += "\n" + text
    last.fields.extend(following_fields)
    last.line += "\n" + line
