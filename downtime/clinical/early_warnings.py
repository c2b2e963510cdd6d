"""NEWS2 as a system sent it: the score itself, never one that is put together here. Pure.

Source: Royal College of Physicians, National Early Warning Score (NEWS) 2, 2017: 5 or more calls for an
urgent review, 7 or more is an emergency.
"""

from collections.abc import Iterable
from typing import NamedTuple

from downtime.clinical.model import Observation

CODES = ("news2", "news2-total", "1104051000000101")
"""In lower case; the last one is SNOMED CT's total of NEWS2."""
NAME_BEGINNINGS = ("news2", "news 2", "national early warning score 2")
"""What the name of such a value begins with, in lower case."""
URGENT, EMERGENCY = 5, 7
_HIGHEST = 20


class EarlyWarning(NamedTuple):
    """The last score of somebody; `at` is UTC as stored, or empty."""

    score: int
    at: str
    source: str

    @property
    def is_urgent(self) -> bool:
        """Whether it calls for an urgent review at least."""
        return self.score >= URGENT

    @property
    def is_emergency(self) -> bool:
        """Whether it calls for an emergency assessment."""
        return self.score >= EMERGENCY


def find_latest_warnings(values: Iterable[Observation]) -> dict[str, EarlyWarning]:
    """By patient the last score that was sent; a text that is no whole number is none."""
    latest: dict[str, EarlyWarning] = {}
    for value in sorted(values, key=lambda value: (value.effective or value.updated, value.id)):
        if is_score(value):
            at = value.effective or value.updated
            latest[value.patient] = EarlyWarning(int(value.value), at, value.source)
    return latest


def is_score(value: Observation) -> bool:
    """Whether a value is a total of NEWS2."""
    code, name, text = value.code.casefold(), value.display.casefold(), value.value.strip()
    is_named = code in CODES or name.startswith(NAME_BEGINNINGS)
    return is_named and text.isascii() and text.isdigit() and int(text) <= _HIGHEST
