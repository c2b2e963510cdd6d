"""Cells that a spreadsheet changed: a number that it broke is never taken for the number it was."""

import re

_BROKEN = re.compile(
    r"""
    [+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+   # 1.23E+05
    | =.*                               # ="00123", =A1
    | '\d.*                             # '00123
    | \d+\.\d+                          # 123.0: it was a number, its leading zeros are gone
    | \#.*                              # ######, #REF!, #N/A
    | \d{4}-\d\d-\d\d(?:T.*)?           # it was taken for a date
    | (?:true|false)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NUMBER_FIELDS = frozenset(
    {"mrn", "nhs", "nhs_number", "visit_number", "number", "placer", "filler", "code"}
    | {"group_number", "parent_number"}
)


def is_number_field(target: str) -> bool:
    """Whether a column holds numbers that name a person, a stay, an order or a code."""
    return target.rpartition(".")[2] in _NUMBER_FIELDS


def is_damaged_number(text: str) -> bool:
    """Whether a spreadsheet left something else in the place of a number."""
    return _BROKEN.fullmatch(text) is not None


_ERROR = re.compile(
    r"#(?:REF!|N/A|DIV/0!|VALUE!|NAME\?|NUM!|NULL!|SPILL!|CALC!)|#{3,}|=.+", re.IGNORECASE
)
_TURNED_INTO_DATE = re.compile(
    r"\d{1,2}-(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*(?:-\d{2,4})?"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)-\d{2}"
    r"|\d{4}-\d\d-\d\d(?:T.*)?|true|false",
    re.IGNORECASE,
)
_EXPONENT = re.compile(r"[+-]?\d+(?:[.,]\d+)?E[+-]?\d+", re.IGNORECASE)
_MEASURED_FIELDS = frozenset(
    {"dosage", "value", "frequency", "reference_range", "ward", "bay", "bed"}
)
"""Fields in which a date is none: `5-10 mg` becomes `05-Oct`, bed `1-2` becomes `01-Feb`."""
_DOSES = frozenset({"dosage", "frequency"})


def is_damaged_cell(target: str, text: str) -> bool:
    """Whether a spreadsheet left an error, a formula or a date in the place of what was typed."""
    name = target.rpartition(".")[2]
    return bool(
        _ERROR.fullmatch(text)
        or (name in _MEASURED_FIELDS and _TURNED_INTO_DATE.fullmatch(text))
        or (name in _DOSES and _EXPONENT.fullmatch(text))
    )
