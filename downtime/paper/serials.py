"""Serial numbers of issued pages: unique over the fleet by device code, safe against a slip.

A serial is the device code (2), six digits and an ISO 7064 check character: `K7000042X`, shown as
`K7-000042-X`. The code in a page's corner holds serial, page (2 digits), corner (`A` top, `B`
bottom) and a check character of its own: 13 characters.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from downtime.clinical.identifiers import add_check_character, has_check_character
from downtime.errors import ConflictError, InputError

CORNERS = ("A", "B")
LAST_POSITION = 999_999
_SERIAL = re.compile(r"[A-HJ-NP-Z2-9]{2}[0-9]{6}[0-9A-Z]")
_PAYLOAD = re.compile(r"(.{9})([0-9]{2})([AB])[0-9A-Z]")


class PageCode(NamedTuple):
    """What a corner's code says."""

    serial: str
    page: int
    corner: str


def make_serial(device: str, position: int) -> str:
    """The serial at a position (from 1) of a device's block; ConflictError past its end."""
    if position > LAST_POSITION:
        raise ConflictError(
            "serial.exhausted",
            "This laptop has used all its serial numbers.",
            "Set it up again with a new device code.",
        )
    return add_check_character(f"{device}{position:06}")


def format_serial(number: str) -> str:
    """`K7-000042-X`, as people read it."""
    return f"{number[:2]}-{number[2:8]}-{number[8:]}"


def format_serials(numbers: Iterable[str]) -> str:
    """`K7-000042-X, K7-000043-Y`."""
    return ", ".join(map(format_serial, numbers))


def parse_serial(text: str) -> str:
    """The serial that was typed or scanned, in any case, with or without hyphens; InputError.

    A whole page code is taken too: a scanner types that.
    """
    typed = re.sub(r"[\s-]", "", text).upper()
    if len(typed) == 13 and is_page_code(typed):
        typed = typed[:9]
    if _SERIAL.fullmatch(typed) and has_check_character(typed):
        return typed
    raise InputError(
        "serial.invalid",
        "That is not a serial number of a form.",
        "Type it as printed beside the code, for example K7-000042-X.",
    )


def make_page_code(number: str, page: int, corner: str) -> str:
    """The 13 characters of one corner's code."""
    return add_check_character(f"{number}{page:02}{corner}")


def is_page_code(text: str) -> bool:
    """Whether text is a page code: pattern and both check characters right."""
    match = _PAYLOAD.fullmatch(text)
    return bool(
        match
        and _SERIAL.fullmatch(match[1])
        and has_check_character(match[1])
        and has_check_character(text)
    )


def parse_page_code(text: str) -> PageCode:
    """What a corner's code says; InputError unless pattern and both checks are right."""
    if not is_page_code(text):
        raise InputError(
            "page-code.invalid", "That is not the code of a page.", "Type the serial beside it."
        )
    return PageCode(text[:9], int(text[9:11]), text[11])
