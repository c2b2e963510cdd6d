"""Write HL7 v2: fields with their escapes, segments ended by CR, and nothing unprintable. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from downtime.errors import InputError

Value = str | Sequence["Value"]
"""A field: text; a tuple of components (of sub-components); a list of repetitions."""

_ESCAPES = str.maketrans(
    {
        "\\": "\\E\\",
        "|": "\\F\\",
        "^": "\\S\\",
        "&": "\\T\\",
        "~": "\\R\\",
        "\n": "\\.br\\",
    }
)
_PLAIN = re.compile(r"[^\x00-\x1f\x7f-\x9f\\|^&~]*")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def escape_text(text: str) -> str:
    """Text with the delimiters escaped and line ends as `\\.br\\` (HL7 v2.4, 2.9.1 and 2.9.6).

    InputError for any other control character: a receiver would cut or misread the message.
    """
    if _PLAIN.fullmatch(text):
        return text
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    if _CONTROL.search(plain):
        raise InputError(
            "hl7.control",
            "A value holds a control character that no message can carry.",
            "Correct the entry of this form, verify it again and repeat the export.",
        )
    return plain.translate(_ESCAPES)


def format_field(value: Value, level: int = 0) -> str:
    """One field: `str` as text, a list as repetitions (`~`), a tuple as components (`^`, `&`)."""
    if isinstance(value, str):
        return escape_text(value)
    if isinstance(value, list):
        return "~".join(format_field(part, level) for part in value)
    parts = [format_field(part, level + 1) for part in value]
    separator = "^&"[level]
    return separator.join(parts).rstrip(separator)


def build_segment(name: str, fields: Mapping[int, Value]) -> str:
    """`PID|1||…`: fields by their number in the standard, empty ones between them."""
    written = {number: text for number, value in fields.items() if (text := format_field(value))}
    last = max(written, default=0)
    return "|".join([name, *(written.get(number, "") for number in range(1, last + 1))])


def build_header(fields: Mapping[int, Value]) -> str:
    """MSH, whose first field is the separator itself; `fields` start at MSH-3."""
    fields_from_3 = {number - 2: value for number, value in fields.items()}
    return "MSH|^~\\&" + build_segment("", fields_from_3)


def join_segments(*segments: str) -> str:
    """The segments, each ended by a carriage return (HL7 v2.4, 2.7)."""
    return "".join(f"{segment}\r" for segment in segments)


@lru_cache(maxsize=8192)
def format_timestamp(stored: str, zone: ZoneInfo) -> str:
    """`20261102143000+0000`: a stored UTC time in the site's zone with its offset; a date stays one."""
    if "T" not in stored:
        return stored.replace("-", "")
    return datetime.fromisoformat(stored).astimezone(zone).strftime("%Y%m%d%H%M%S%z")
