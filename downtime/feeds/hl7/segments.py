"""Splits HL7 v2 files into messages, and messages into segments, as files in the wild are.

Survived: LF, CR and CRLF; a byte order mark; UTF-8, cp1252 and latin-1; MLLP frames; FHS/BHS
batches; `#` comment lines; several messages in one file, even without a line end between them;
five-character or doubled MSH-2 (`^~\\&#`, `^~\\\\&`); a text field broken over several lines.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO

from downtime.feeds.model import UnusableMessageError

_HEAD = re.compile(rb"MSH[^A-Za-z0-9\s]")
_BATCH = re.compile(rb"[\r\n\x0b\x1c][ \t]*[FB](?:HS|TS)[^A-Za-z0-9\s]")
_BLOCK = 1 << 20
_NEAR = 16
_TEXT_FIELD = {"OBX": 6, "NTE": 4}
_FORMATTING = re.compile(r"\.(br|sp|ce|sk|in|ti|fi|nf)\s*([+-]?\d{0,3})")


def split_messages(stream: BinaryIO, limit: int) -> Iterator[bytes]:
    """The messages of a file, read block by block; one longer than `limit` comes cut off there.

    Batch headers and trailers, and whatever stands outside a message, are left out.
    """
    buffer, seen, begin = b"", 0, -1
    while block := stream.read(_BLOCK):
        buffer += block
        end = max(seen, len(buffer) - _NEAR)
        for start in _starts(buffer, seen, end):
            if begin >= 0:
                yield _message(buffer[begin:start], limit)
            begin = start
        seen = max(0, end - 3)
        buffer, seen, begin = _shortened(buffer, seen, begin, limit)
    for start in _starts(buffer, seen, len(buffer)):
        if begin >= 0:
            yield _message(buffer[begin:start], limit)
        begin = start
    if begin >= 0:
        yield _message(buffer[begin:], limit)


def _starts(buffer: bytes, seen: int, end: int) -> Iterator[int]:
    """Where messages begin: MSH at the start of a line, or with the usual marks behind it."""
    for match in _HEAD.finditer(buffer, seen, end):
        at = match.start()
        before = buffer[max(0, at - _NEAR) : at].rstrip(b" \t\xef\xbb\xbf")
        usual = buffer.startswith(b"MSH|^~\\", at) and not before.endswith(b"|")
        if not before or before[-1] in b"\r\n\x0b\x1c" or usual:
            yield at


def _message(piece: bytes, limit: int) -> bytes:
    batch = _BATCH.search(piece)
    return piece[: min(batch.start(), limit + 1) if batch else limit + 1]


def _shortened(buffer: bytes, seen: int, begin: int, limit: int) -> tuple[bytes, int, int]:
    """What need not be kept is let go: all before the open message, or else before what is new.

    An endless message keeps its beginning, so that it is refused, and its end, to find the next.
    """
    cut = begin if begin >= 0 else max(0, seen - _NEAR)
    buffer, seen = buffer[cut:], seen - cut
    if begin >= 0 and len(buffer) > limit + _BLOCK:
        tail = buffer[max(limit + 1, seen - _NEAR) :]
        seen = limit + 1 + seen - max(limit + 1, seen - _NEAR)
        buffer = buffer[: limit + 1] + tail
    return buffer, seen, min(begin, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Delimiters:
    """The characters that part a message (MSH-1, MSH-2); each set is made once (`_marks`)."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    part: str = "&"

    def decode(self, raw: str) -> str:
        """Text with its escape sequences resolved; an unknown sequence stays as it was sent."""
        if self.escape not in raw:
            return raw
        pieces = raw.split(self.escape)
        out, at = [pieces[0]], 1
        while at < len(pieces):
            meant = self._meant(pieces[at]) if at + 1 < len(pieces) else None
            if meant is None:
                out.append(self.escape + pieces[at])
                at += 1
            else:
                out.append(meant + pieces[at + 1])
                at += 2
        return "".join(out)

    def _meant(self, code: str) -> str | None:
        simple = {
            "F": self.field,
            "S": self.component,
            "T": self.part,
            "R": self.repetition,
            "E": self.escape,
            "P": "#",
            "H": "",
            "N": "",
        }
        if code in simple:
            return simple[code]
        if code[:1] == "X" and len(code) > 1:
            return _hexadecimal(code[1:])
        match = _FORMATTING.fullmatch(code)
        return _formatted(match[1], match[2]) if match else None


def _hexadecimal(digits: str) -> str | None:
    try:
        return decode_text(bytes.fromhex(digits))
    except ValueError:
        return None


def _formatted(command: str, count: str) -> str:
    if command in ("br", "ce"):
        return "\n"
    if command == "sp":
        return "\n" * max(1, abs(int(count or 1)))
    return " " * abs(int(count or 1)) if command == "sk" else ""


class Segment:
    """One segment; fields are counted from 1 as HL7 counts them, MSH included."""

    __slots__ = ("fields", "marks")

    def __init__(self, fields: list[str], delimiters: Delimiters) -> None:
        self.fields = fields
        self.marks = delimiters

    @property
    def name(self) -> str:
        return self.fields[0]

    def raw(self, field: int) -> str:
        """The field as sent, undecoded; empty beyond the last."""
        return self.fields[field] if field < len(self.fields) else ""

    def repetitions(self, field: int) -> list[str]:
        """The non-empty repetitions of a field, undecoded."""
        raw = self.raw(field)
        if not raw or raw == '""':
            return []
        if self.marks.repetition not in raw:
            return [raw]
        return [part for part in raw.split(self.marks.repetition) if part]

    def text(self, field: int, component: int = 1) -> str:
        """A component of the field's first repetition, decoded; its first part when it has parts."""
        fields = self.fields
        raw = fields[field] if field < len(fields) else ""
        if raw.isalnum() or not raw:
            return raw if component == 1 else ""
        marks = self.marks
        if marks.repetition in raw:
            raw = raw.split(marks.repetition, 1)[0]
        return component_text(raw, component, marks)

    def text_or_none(self, field: int, component: int = 1) -> str | None:
        """The same; None when the field is empty, empty text when it is deleted (`""`)."""
        return self.text(field, component) if self.raw(field) else None

    def full_text(self, field: int) -> str:
        """A text field with all it holds, decoded; repetitions become lines."""
        raw, marks = self.raw(field), self.marks
        if not raw or raw == '""':
            return ""
        if marks.repetition in raw:
            raw = "\n".join(marks.decode(part) for part in self.repetitions(field))
            return raw.strip()
        return marks.decode(raw).strip()


def component_text(value: str, component: int, marks: Delimiters) -> str:
    """A component (from 1) of one repetition, decoded; its first part when it has parts."""
    if marks.component in value:
        parts = value.split(marks.component, component)
        if component > len(parts):
            return ""
        value = parts[component - 1]
    elif component > 1:
        return ""
    if marks.part in value:
        value = value.split(marks.part, 1)[0]
    if marks.escape in value:
        value = marks.decode(value)
    return "" if value == '""' else value.strip()


@dataclass(frozen=True, slots=True)
class Hl7Message:
    """One message in segments; the first is its MSH."""

    segments: list[Segment]

    @property
    def header(self) -> Segment:
        return self.segments[0]

    def first(self, name: str) -> Segment | None:
        """The first segment of that name."""
        for segment in self.segments:
            if segment.fields[0] == name:
                return segment
        return None

    def all(self, name: str) -> list[Segment]:
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


def parse_message(message: bytes) -> Hl7Message:
    """One message from its bytes (as `split` gives them); Unusable when its header is not one."""
    text = decode_text(message.translate(None, b"\x00\x0b\x1a\x1c"))
    lines = text.replace("\r\n", "\r").replace("\n", "\r").split("\r")
    if not lines[0].startswith("MSH") or len(lines[0]) < 8:
        raise UnusableMessageError("MSH", "the message does not begin with an MSH segment")
    mark = lines[0][3]
    head = lines[0].split(mark)
    marks = _marks(mark, head[1])
    segments = [Segment(["MSH", mark, *head[1:]], marks)]
    for line in lines[1:]:
        if line[3:4] == mark and line[:3].isalnum():
            segments.append(Segment(line.split(mark), marks))
        elif line and not line.isspace():
            _odd_line(line, segments, marks)
    return Hl7Message(segments)


@lru_cache(maxsize=64)
def _marks(field: str, encoding: str) -> Delimiters:
    """MSH-2 in its usual, five-character and doubled forms; what it leaves out is the standard's."""
    usual = [mark for mark in "^~\\&" if mark != field]
    given = [mark for mark in dict.fromkeys(encoding) if mark != field and not mark.isalnum()]
    given += [mark for mark in usual if mark not in given]
    return Delimiters(field, *given[:4])


def _odd_line(line: str, segments: list[Segment], marks: Delimiters) -> None:
    """A line that is no segment: an indented one, a comment, a name alone, or more of a text.

    `#` is also how clinicians write 'fracture', so it is a comment only where no text is open.
    """
    trimmed = line.strip()
    if trimmed[3:4] == marks.field and trimmed[:3].isalnum():
        segments.append(Segment(trimmed.split(marks.field), marks))
        return
    fields = segments[-1].fields
    open_text = _TEXT_FIELD.get(fields[0]) == len(fields)
    if (trimmed[0] == "#" and not open_text) or (len(trimmed) == 3 and trimmed.isupper()):
        return
    more = line.split(marks.field)
    fields[-1] += "\n" + more[0]
    fields.extend(more[1:])
