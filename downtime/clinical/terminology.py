"""What the world calls what paper says: units in UCUM, tests in LOINC, answers in SNOMED CT. Pure.

One table for every channel (`terminology.toml`). A site's own codes for a system go before it.
"""

import re
from typing import NamedTuple

from downtime.config import read_data_file

_TABLES = read_data_file("downtime.clinical", "terminology.toml")
_LOINC_CODE = re.compile(r"\d+-\d")


class StandardTest(NamedTuple):
    """What a test or observation is called everywhere, and its category in FHIR R4."""

    display: str
    category: str


class CodedAnswer(NamedTuple):
    """A concept of SNOMED CT with its term."""

    code: str
    display: str


def find_ucum(unit: str) -> str:
    """The UCUM code of a unit as paper has it; empty for one that the table does not hold."""
    return str(_TABLES["units"].get(unit.strip(), ""))


def find_test(code: str) -> StandardTest | None:
    """What a code of a test or observation stands for; None for one that the table does not hold."""
    row = _TABLES["tests"].get(code)
    return StandardTest(**row) if row else None


def find_answer(code: str, text: str) -> CodedAnswer | None:
    """The concept that the answer to a test means; None for free words."""
    row = _TABLES["answers"].get(code, {}).get(text)
    return CodedAnswer(*row) if row else None


def is_loinc(code: str) -> bool:
    """Whether a code has the shape of LOINC's: digits, a hyphen and a check digit."""
    return _LOINC_CODE.fullmatch(code) is not None
