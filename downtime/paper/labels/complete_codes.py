"""Which text is a complete code: one that proves by itself that nothing of it is missing.

A scanner is a keyboard, and a keyboard loses keys: the rest of a hospital number may be the number of
another patient. Only what carries a check digit (NHS number, the number of a GS1 code, serial, downtime
number), the provider's code of this hospital in a GS1 code, or the prefix that the scanners of this
hospital are set to send, opens anybody. `static/scanner.js` applies the same rules to what is typed.
"""

import re
from enum import StrEnum
from typing import NamedTuple

from downtime.clinical.identifiers import (
    clean_nhs_number,
    describe_check_character,
    describe_nhs_check,
    has_check_character,
)
from downtime.errors import InputError
from downtime.outage import downtime_numbers
from downtime.paper import serials
from downtime.paper.labels import gs1_codes
from downtime.settings import Settings


class CodeKind(StrEnum):
    """What a complete code names."""

    PATIENT = "patient"
    DOWNTIME_NUMBER = "downtime-number"
    FORM = "form"


_CHECKED_NUMBERS = {
    "downtime number": downtime_numbers.looks_like_number,
    "serial of a form": serials.looks_like_serial,
}


class CompleteCode(NamedTuple):
    """What was read; of a patient's code all `numbers` must belong to one person."""

    kind: CodeKind
    numbers: tuple[str, ...]


def parse_complete_code(text: str, settings: Settings) -> CompleteCode | None:
    """The complete code that a text is, typed or scanned, in any case; None when it is none."""
    text = text.strip()
    scanned = _strip_prefix(text, settings.web.scanner_prefix)
    if serial := _parse_serial(scanned or text):
        return CompleteCode(CodeKind.FORM, (serial,))
    if number := downtime_numbers.parse_number(scanned or text):
        return CompleteCode(CodeKind.DOWNTIME_NUMBER, (number,))
    numbers = gs1_codes.parse_scanned_code(scanned or text, settings.site.code)
    if not numbers and (nhs_number := clean_nhs_number(scanned or text)):
        numbers = (nhs_number,)
    if not numbers and scanned:
        numbers = (scanned,)
    return CompleteCode(CodeKind.PATIENT, numbers) if numbers else None


def describe_wrong_check(text: str) -> str:
    """Of a number of ours or of the NHS that was mistyped: which digit does not fit; else empty."""
    plain = re.sub(r"[\s-]", "", text).upper()
    if re.fullmatch(r"\d{10}", plain):
        return describe_nhs_check(plain)
    for name, has_form in _CHECKED_NUMBERS.items():
        if has_form(plain) and not has_check_character(plain):
            return f"{plain} is no {name}: {describe_check_character(plain)}."
    return ""


def _strip_prefix(text: str, prefix: str) -> str:
    """What a scanner read, when its prefix stands before it; else empty."""
    if not prefix or not text.casefold().startswith(prefix.casefold()):
        return ""
    return text[len(prefix) :].strip()


def _parse_serial(text: str) -> str:
    try:
        return serials.parse_serial(text)
    except InputError:
        return ""
