"""Codes of medicines: how a record holds them, and by which of them two records name one product. Pure.

Identifiers of the NHS dictionary of medicines and devices (dm+d) are those of SNOMED CT: one that is
sent as either is one code.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

SNOMED = "SCT"
"""The name of SNOMED CT in HL7 table 0396."""
_SNOMED_NAMES = frozenset(
    {"sct", "sct2", "snomed", "snomed-ct", "snomedct", "snomed ct", "http://snomed.info/sct"}
    | {"urn:oid:2.16.840.1.113883.6.96", "2.16.840.1.113883.6.96"}
    | {"dmd", "dm+d", "nhsdmd", "https://dmd.nhs.uk", "http://dmd.nhs.uk"}
)
_SNOMED_CODE = re.compile(r"[1-9]\d{5,17}")
_SEPARATOR = re.compile(r"[\s|]")
_LOCAL = re.compile(r"l|99.*|", re.IGNORECASE)
"""Codes that each sender makes its own (HL7 table 0396), also those of no named system."""


class MedicineCode(NamedTuple):
    """One code; `system` is that of everybody, or names its source where each source has its own."""

    system: str
    code: str


def join_codes(codings: Iterable[tuple[str, str]]) -> str:
    """Systems with codes, as a record holds them: `SCT|322236009`, several parted by spaces.

    What a spreadsheet made of a code of SNOMED CT (`3.22E+08`) is none.
    """
    codes = [_write_code(system.strip(), code.strip()) for system, code in codings]
    return " ".join(dict.fromkeys(filter(None, codes)))


def _write_code(system: str, code: str) -> str:
    if not code or _SEPARATOR.search(code):
        return ""
    if _name_system(system) != SNOMED:
        return f"{_SEPARATOR.sub('-', system)}|{code}"
    return f"{SNOMED}|{code}" if _SNOMED_CODE.fullmatch(code) else ""


def _name_system(system: str) -> str:
    folded = system.casefold().rstrip("/")
    return SNOMED if folded in _SNOMED_NAMES else folded


@lru_cache(maxsize=8192)
def read_codes(codes: str, source: str) -> frozenset[MedicineCode]:
    """The codes that a record of a source holds; what names no system is the source's own."""
    return frozenset(_read_code(text, source) for text in codes.split())


def _read_code(text: str, source: str) -> MedicineCode:
    system, separator, code = text.partition("|")
    name = _name_system(system if separator else "")
    code = code if separator else text
    return MedicineCode(f"{source}|{name}" if _LOCAL.fullmatch(name) else name, code)
