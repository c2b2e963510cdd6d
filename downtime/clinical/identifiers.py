"""Numbers that name a person or a page: NHS number, hospital number, check characters."""

import unicodedata
from collections.abc import Iterable
from typing import NamedTuple, Self

import nhs_number
from stdnum.iso7064 import mod_37_36

NHS = "NH"
"""Identifier type of an NHS number (HL7 table 0203)."""
MRN = "MR"
"""Identifier type of a hospital number (HL7 table 0203)."""
_SPACES_AND_DASHES = ("Zs", "Pd")
"""Categories of Unicode: a word processor makes long dashes of hyphens."""
DOWNTIME = "DN"
"""Type of a downtime number among the identifiers of somebody registered on the screen: our own word."""


class Identifier(NamedTuple):
    """One identifier with its type (HL7 table 0203) and the authority that gave it."""

    type: str
    authority: str
    value: str

    def __str__(self) -> str:
        return "|".join(self)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The identifier in `TYPE|AUTHORITY|VALUE`; the value may itself hold a bar."""
        kind, authority, value = text.split("|", 2)
        return cls(kind, authority, value)


def find_downtime_number(identifiers: Iterable[str]) -> str:
    """The downtime number among a person's identifiers; empty for whom a hospital system knows."""
    parsed = map(Identifier.parse, identifiers)
    return next((identifier.value for identifier in parsed if identifier.type == DOWNTIME), "")


def is_nhs_number(text: str) -> bool:
    """Whether ten digits are an NHS number: modulus 11, and not ten times the same digit.

    Source: NHS Data Dictionary, NHS NUMBER; 1111111111 and its kin pass the arithmetic and are
    refused.
    """
    return len(text) == 10 and len(set(text)) > 1 and nhs_number.is_valid(text)


def clean_nhs_number(text: str) -> str:
    """The ten digits of an NHS number typed or sent with spaces, hyphens or `.0`; else empty."""
    digits = text.strip().removesuffix(".0").replace(" ", "").replace("-", "")
    return digits if is_nhs_number(digits) else ""


def describe_nhs_check(digits: str) -> str:
    """What is wrong with ten digits that are no NHS number, in words; empty when they are one."""
    if is_nhs_number(digits):
        return ""
    number = f"{digits[:3]} {digits[3:6]} {digits[6:]}"
    fitting = next((d for d in "0123456789" if is_nhs_number(digits[:9] + d)), "")
    if not fitting:
        return f"{number} is no NHS number: its check digit {digits[9]} is wrong, and none would be right."
    return (
        f"{number} is no NHS number: its check digit is {digits[9]}, and {fitting} would be right."
    )


_FEWEST_NINES = 4
"""So many nines are no number that anybody has; 99 may be one."""


def is_placeholder(number: str, placeholders: frozenset[str]) -> bool:
    """Whether a word, zeros, nines or dashes stand where no number is known: they name nobody.

    `placeholders` are as `simplify_number` writes them.
    """
    text = simplify_number(number)
    return (
        not text.strip("0")
        or text in placeholders
        or (len(text) >= _FEWEST_NINES and not text.strip("9"))
    )


def simplify_number(text: str) -> str:
    """Letters and digits alone, in small letters."""
    return "".join(filter(str.isalnum, text.casefold()))


def fold_number(number: str) -> str:
    """A number as it is compared: without spaces, dashes of any kind and case."""
    if not number.isascii():
        number = unicodedata.normalize("NFKC", number)
        number = "".join(c for c in number if unicodedata.category(c) not in _SPACES_AND_DASHES)
    return number.replace(" ", "").replace("-", "").upper()


def add_check_character(body: str) -> str:
    """Append the ISO 7064 MOD 37,36 check character to letters and digits."""
    return body + str(mod_37_36.calc_check_digit(body))


def describe_check_character(text: str) -> str:
    """`its check character is X, and Y would be right`."""
    right = add_check_character(text[:-1])[-1]
    return f"its check character is {text[-1]}, and {right} would be right"


def has_check_character(text: str) -> bool:
    """Whether the last character is the right ISO 7064 MOD 37,36 check character."""
    return bool(mod_37_36.is_valid(text))
