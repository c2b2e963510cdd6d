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
