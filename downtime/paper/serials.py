"""Serial numbers of issued pages: unique over the fleet by device code, safe against a slip.

A serial is the device code (2), six digits and an ISO 7064 check character: `K7000042X`, shown as
`K7-000042-X`. A machine whose home was copied or put back gives them out from blocks with a name of
six random characters, three digits long: `K7QXWMRT042X`, shown as `K7-QXWMRT-042-X`. The code in a
page's corner holds serial, page (2 digits), corner (`A` top, `B` bottom) and a check character of its
own: 13 characters or 16, the most that a QR code of that size takes.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from downtime.clinical.identifiers import add_check_character, has_check_character
from downtime.errors import InputError

CORNERS = ("A", "B")
LAST_POSITION = 999_999
LENGTHS = (9, 12)
_SERIAL = re.compile(r"[A-HJ-NP-Z2-9]{2}(?:[0-9]{6}|[A-HJ-NP-Z2-9]{6}[0-9]{3})[0-9A-Z]")
_PAYLOAD = re.compile(r"(.{9}|.{12})([0-9]{2})([AB])[0-9A-Z]")


class PageCode(NamedTuple):
    """What a corner's code says."""

    serial: str
    page: int
    corner: str


def make_serial(device: str, position: int, block: str = "") -> str:
    """The serial at a position (from 1) of a device's first block, or of one with a name."""
    return add_check_character(
        f"{device}{block}{position:03}" if block else f"{device}{position:06}"
    )


def format_serial(number: str) -> str:
    """`K7-000042-X` or `K7-QXWMRT-042-X`, as people read it."""
    return "-".join(filter(None, (number[:2], number[2:8], number[8:-1], number[-1:])))


def format_serials(numbers: Iterable[str]) -> str:
    """`K7-000042-X, K7-000043-Y`."""
    return ", ".join(map(format_serial, numbers))


def is_serial(text: str) -> bool:
    """Whether a text is a serial as it is stored, its check character right."""
    return bool(_SERIAL.fullmatch(text)) and has_check_character(text)


def parse_serial(text: str) -> str:
    """The serial that was typed or scanned, in any case, with or without hyphens; InputError.

    A whole page code is taken too: a scanner types that.
    """
    typed = re.sub(r"[\s-]", "", text).upper()
    if is_page_code(typed):
        typed = parse_page_code(typed).serial
    if is_serial(typed):
        return typed
    raise InputError(
        "serial.invalid",
        "That is not a serial number of a form.",
        "Type it as printed beside the code, for example K7-000042-X.",
    )


def looks_like_serial(text: str) -> bool:
    """Whether a text without hyphens has the form of a serial, right or wrong in its check character."""
    return bool(_SERIAL.fullmatch(text))


def make_page_code(number: str, page: int, corner: str) -> str:
    """What one corner's code says."""
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
    match = _PAYLOAD.fullmatch(text)
    if match is None or not is_page_code(text):
        raise InputError(
            "page-code.invalid", "That is not the code of a page.", "Type the serial beside it."
        )
    return PageCode(match[1], int(match[2]), match[3])
