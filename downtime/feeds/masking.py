"""Show how something that was sent is built, without a value of it.

Segment names, separators and lengths stay, the names of elements in JSON too; every letter becomes
x, every digit 9. The header of an HL7 message says who sent it, and stays as it is; that of a table
does not, since a damaged table has a patient in its first row.
"""

import re
from typing import Any

import orjson

from downtime.feeds.file_format import FileFormat
from downtime.feeds.hl7.segments import decode_text

_SEGMENT = re.compile(r"^[A-Z][A-Z0-9]{2}(?=[^\w\s])")
_HEADERS = ("MSH", "FHS", "BHS")
_KEPT_KEYS = frozenset({"resourceType"})
_ODD = "·"
"""For a character that is no letter, digit or separator."""


def mask_raw(data: bytes, file_format: FileFormat) -> str:
    """Something that was sent, as text, masked; a workbook says only how long it is."""
    if file_format in (FileFormat.HL7, FileFormat.CUT):
        return "\n".join(mask_segment(line) for line in decode_text(data).splitlines() if line)
    if file_format is FileFormat.JSON:
        return _mask_json(data)
    if file_format is FileFormat.TABLE:
        return mask_value(decode_text(data))
    return f"{file_format}, {len(data)} bytes"


def mask_segment(segment: str) -> str:
    """One segment of HL7: its name and separators stay; a header stays whole."""
    if segment.startswith(_HEADERS):
        return segment
    name = _SEGMENT.match(segment)
    start = name.end() if name else 0
    return segment[:start] + mask_value(segment[start:])


def mask_value(text: str) -> str:
    """As long as the text, of the same build."""
    return "".join(map(_mask_character, text))


def _mask_character(character: str) -> str:
    if character.isdigit():
        return "9"
    if character.isalpha():
        return "x"
    return character if character.isascii() else _ODD


def _mask_json(data: bytes) -> str:
    try:
        document = mask_element(orjson.loads(data))
    except orjson.JSONDecodeError:
        return mask_value(decode_text(data))
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


def mask_element(element: Any) -> Any:
    """JSON with its values masked; the names of elements and the type of a resource stay."""
    if isinstance(element, dict):
        return {
            key: value if key in _KEPT_KEYS else mask_element(value)
            for key, value in element.items()
        }
    if isinstance(element, list):
        return [mask_element(item) for item in element]
    return mask_value(str(element)) if isinstance(element, (str, int, float)) else element
