"""Splits an HL7 v2 message into segments, and gives their fields by data type as decoded text.

Survived: UTF-8, cp1252 and latin-1; five-character or doubled MSH-2 (`^~\\&#`, `^~\\\\&`); `#`
comment lines; a text field broken over several lines.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from downtime.feeds.model import UnusableMessageError

_TEXT_FIELD = {"OBX": 6, "NTE": 4}
_FORMATTING = re.compile(r"\.(br|sp|ce|sk|in|ti|fi|nf)\s*([+-]?\d{0,3})")
DELETED = '""'
"""What stands in a field whose value is to be deleted."""


@dataclass(frozen=True, slots=True, eq=False)
class Delimiters:
    """The delimiters of a message (MSH-1, MSH-2); equal ones are one object (`_delimiters`)."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"

    def decode(self, raw: str) -> str:
        """Text with its escape sequences resolved; an unknown sequence stays as it was sent."""
        if self.escape not in raw:
            return raw
        pieces = raw.split(self.escape)
        text, number = [pieces[0]], 1
        while number < len(pieces):
            meaning = self._resolve(pieces[number]) if number + 1 < len(pieces) else None
            if meaning is None:
                text.append(self.escape + pieces[number])
                number += 1
            else:
                text.append(meaning + pieces[number + 1])
                number += 2
        return "".join(text)

    def _resolve(self, code: str) -> str | None:
        """The text that one escape sequence stands for; None when it is not known."""
        simple = {
            "F": self.field,
            "S": self.component,
            "T": self.subcomponent,
            "R": self.repetition,
            "E": self.escape,
            "P": "#",
            "H": "",
            "N": "",
        }
        if code in simple:
            return simple[code]
        if code[:1] == "X" and len(code) > 1:
            return _decode_hexadecimal(code[1:])
        match = _FORMATTING.fullmatch(code)
        return _apply_formatting(match[1], match[2]) if match else None


def _decode_hexadecimal(digits: str) -> str | None:
    try:
        return decode_text(bytes.fromhex(digits))
    except ValueError:
        return None


def _apply_formatting(command: str, count: str) -> str:
    if command in ("br", "ce"):
        return "\n"
    if command == "sp":
        return "\n" * max(1, abs(int(count or 1)))
    return " " * abs(int(count or 1)) if command == "sk" else ""


class Segment:
    """One segment; fields are counted from 1 as HL7 counts them, MSH included."""

    __slots__ = ("delimiters", "fields")

    def __init__(self, fields: list[str], delimiters: Delimiters) -> None:
        self.fields = fields
        self.delimiters = delimiters

    def get_raw_field(self, field: int) -> str:
        """The field as sent, undecoded; empty beyond the last."""
        return self.fields[field] if field < len(self.fields) else ""

    def repetitions(self, field: int) -> list[str]:
        """The non-empty repetitions of a field, undecoded."""
        raw = self.get_raw_field(field)
        if not raw or raw == DELETED:
            return []
        if self.delimiters.repetition not in raw:
            return [raw]
        return [part for part in raw.split(self.delimiters.repetition) if part]

    def text(self, field: int, component: int = 1) -> str:
        """A component of the field's first repetition, decoded; only its first subcomponent."""
        fields = self.fields
        raw = fields[field] if field < len(fields) else ""
        if raw.isalnum() or not raw:
            return raw if component == 1 else ""
        delimiters = self.delimiters
        if delimiters.repetition in raw:
            raw = raw.split(delimiters.repetition, 1)[0]
        return component_text(raw, component, delimiters)

    def full_text(self, field: int) -> str:
        """A text field with all it holds, decoded; repetitions become lines."""
        raw, delimiters = self.get_raw_field(field), self.delimiters
        if not raw or raw == DELETED:
            return ""
        if delimiters.repetition in raw:
            raw = "\n".join(delimiters.decode(part) for part in self.repetitions(field))
            return raw.strip()
        return delimiters.decode(raw).strip()


def component_text(value: str, component: int, delimiters: Delimiters) -> str:
    """A component (from 1) of one repetition, decoded; only its first subcomponent."""
    if delimiters.component in value:
        parts = value.split(delimiters.component, component)
        if component > len(parts):
            return ""
        value = parts[component - 1]
    elif component > 1:
        return ""
    if delimiters.subcomponent in value:
        value = value.split(delimiters.subcomponent, 1)[0]
    if delimiters.escape in value:
        value = delimiters.decode(value)
    return "" if value == DELETED else value.strip()


@lru_cache(maxsize=16_384)
def person_name(value: str, delimiters: Delimiters) -> str:
    """`Dr Ada Lovelace` of one XCN; its number when there is no name."""
    names = (component_text(value, n, delimiters) for n in (6, 3, 4, 2))
    return " ".join(name for name in names if name) or component_text(value, 1, delimiters)


def person_names(segment: Segment, field: int) -> str | None:
    """The persons of a repeating XCN, each named once, however many numbers they came with."""
    if not segment.get_raw_field(field):
        return None
    names = (person_name(value, segment.delimiters) for value in segment.repetitions(field))
    return ", ".join(dict.fromkeys(name for name in names if name))


@lru_cache(maxsize=16_384)
def coded_text(value: str, delimiters: Delimiters) -> str:
    """The text of one CE/CWE: original text, else its name, else the other name, else the code."""
    for component in (9, 2, 5, 1, 4):
        if text := component_text(value, component, delimiters):
            return text
    return ""


def coded_texts(segment: Segment, field: int) -> str | None:
    """The texts of a repeating coded or text field, joined by commas; None when not said."""
    if not segment.get_raw_field(field):
        return None
    texts = (coded_text(value, segment.delimiters) for value in segment.repetitions(field))
    return ", ".join(dict.fromkeys(text for text in texts if text))


def address_text(value: str, delimiters: Delimiters) -> str:
    """Street, other lines, town and county of one XAD in one line, without the postcode."""
    parts = (component_text(value, n, delimiters) for n in (1, 2, 3, 4))
    return ", ".join(part for part in parts if part)


def telephone_number(value: str, delimiters: Delimiters) -> str:
    """The number of one XTN: as one text, else put together from its components."""
    whole = component_text(value, 1, delimiters) or component_text(value, 12, delimiters)
    parts = (component_text(value, n, delimiters) for n in (5, 6, 7))
    return whole or " ".join(part for part in parts if part)


def note_text(segments: list[Segment]) -> str:
    """The lines of NTE segments, blank ones kept between text."""
    return "\n".join(segment.full_text(3) for segment in segments).strip()


class ExtendedId(NamedTuple):
    """The parts of one CX: a number, who assigned it, and of what type it is."""

    number: str
    authority: str
    """The name of the assigning authority (HD), else its OID."""
    kind: str


def parse_cx(value: str, delimiters: Delimiters) -> ExtendedId:
    """One identifier with check digit (CX)."""
    number, kind = component_text(value, 1, delimiters), component_text(value, 5, delimiters)
    parts = value.split(delimiters.component, 4)
    authority = _first_name(parts[3], delimiters) if len(parts) > 3 else ""
    return ExtendedId(number, authority, kind.upper())


@lru_cache(maxsize=4096)
def _first_name(authority: str, delimiters: Delimiters) -> str:
    names = [delimiters.decode(name).strip() for name in authority.split(delimiters.subcomponent)]
    return next((name for name in names if name and name != DELETED), "")


@dataclass(frozen=True, slots=True)
class Hl7Message:
    """One message in segments; the first is its MSH."""

    segments: list[Segment]

    @property
    def header(self) -> Segment:
        """The MSH segment."""
        return self.segments[0]

    def find_segment(self, name: str) -> Segment | None:
        """The first segment of that name."""
        for segment in self.segments:
            if segment.fields[0] == name:
                return segment
        return None

    def list_segments(self, name: str) -> list[Segment]:
        """All segments of that name, in order."""
        return [segment for segment in self.segments if segment.fields[0] == name]


def decode_text(data: bytes) -> str:
    """Text from bytes: UTF-8 when they are that, else cp1252, else latin-1."""
    for encoding in ("utf-8", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def parse_message(data: bytes) -> Hl7Message:
    """One message from its bytes (as `split_messages` gives them); UnusableMessageError."""
    text = decode_text(data.translate(None, b"\x00\x0b\x1a\x1c"))
    lines = text.replace("\r\n", "\r").replace("\n", "\r").split("\r")
    if not lines[0].startswith("MSH") or len(lines[0]) < 8:
        raise UnusableMessageError("MSH", "the message does not begin with an MSH segment")
    separator = lines[0][3]
    header = lines[0].split(separator)
    delimiters = _delimiters(separator, header[1])
    segments = [Segment(["MSH", separator, *header[1:]], delimiters)]
    for line in lines[1:]:
        if line[3:4] == separator and line[:3].isalnum():
            segments.append(Segment(line.split(separator), delimiters))
        elif line and not line.isspace():
            _read_odd_line(line, segments, delimiters)
    return Hl7Message(segments)


@lru_cache(maxsize=64)
def _delimiters(field: str, encoding: str) -> Delimiters:
    """MSH-2 in its usual, five-character and doubled forms; what it leaves out is the standard's."""
    usual = [mark for mark in "^~\\&" if mark != field]
    sent = [mark for mark in dict.fromkeys(encoding) if mark != field and not mark.isalnum()]
    sent += [mark for mark in usual if mark not in sent]
    return Delimiters(field, *sent[:4])


def _read_odd_line(line: str, segments: list[Segment], delimiters: Delimiters) -> None:
    """A line that is no segment: an indented one, a comment, a name alone, or more of a text.

    `#` is also how clinicians write 'fracture', so it is a comment only where no text is open.
    """
    trimmed = line.strip()
    if trimmed[3:4] == delimiters.field and trimmed[:3].isalnum():
        segments.append(Segment(trimmed.split(delimiters.field), delimiters))
        return
    fields = segments[-1].fields
    open_text = _TEXT_FIELD.get(fields[0]) == len(fields)
    if (trimmed[0] == "#" and not open_text) or (len(trimmed) == 3 and trimmed.isupper()):
        return
    text, *following_fields = line.split(delimiters.field)
    fields[-1] += "\n" + text
    fields.extend(following_fields)
