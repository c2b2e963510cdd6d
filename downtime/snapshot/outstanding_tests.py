"""Tests outstanding as a ward works through them: the most urgent first, of those the oldest. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from downtime.clinical.departments import department_name
from downtime.clock import from_text
from downtime.snapshot.model import OutstandingRow


class Urgency(StrEnum):
    """How soon a test was asked for, whatever the word that was sent."""

    STAT = "stat"
    URGENT = "urgent"
    ROUTINE = "routine"


URGENCY_WORDS: dict[str, Urgency] = {
    "stat": Urgency.STAT,
    "emergency": Urgency.STAT,
    "immediate": Urgency.STAT,
    "asap": Urgency.URGENT,
    "urgent": Urgency.URGENT,
    "callback": Urgency.URGENT,
}
"""HL7 and FHIR words in which a request is not routine; any other word is."""
_ORDER = list(Urgency)


@dataclass(frozen=True, slots=True)
class OutstandingFilter:
    """What a list is narrowed to; empty narrows nothing."""

    ward: str = ""
    department: str = ""
    urgency: str = ""
    hours: int = 0
    """Asked for at least so long ago."""


def find_urgency(row: OutstandingRow) -> Urgency:
    """How urgent a request is; without a word it is routine."""
    return URGENCY_WORDS.get(row.request.priority.strip().casefold(), Urgency.ROUTINE)


def find_age(row: OutstandingRow, now: datetime) -> timedelta | None:
    """How long ago a test was asked for, or its sample taken where nobody said when; None if neither."""
    since = row.request.authored or row.request.collected
    return max(now - from_text(since), timedelta()) if len(since) > len("2026-11-02") else None


def sort_outstanding(rows: Iterable[OutstandingRow]) -> list[OutstandingRow]:
    """The most urgent first, then the oldest; one of unknown age counts as old."""
    return sorted(rows, key=_urgency_and_age)


def _urgency_and_age(row: OutstandingRow) -> tuple[object, ...]:
    request = row.request
    return _ORDER.index(find_urgency(row)), request.authored or request.collected, request.id


def filter_outstanding(
    rows: Iterable[OutstandingRow], wanted: OutstandingFilter, now: datetime
) -> list[OutstandingRow]:
    """Those of one department, urgency and age; one of unknown age is of every age."""
    return [
        row
        for row in rows
        if wanted.department in ("", department_name(row.request.department))
        and wanted.urgency in ("", find_urgency(row))
        and _is_as_old(row, wanted.hours, now)
    ]


def _is_as_old(row: OutstandingRow, hours: int, now: datetime) -> bool:
    age = find_age(row, now) if hours else None
    return age is None or age >= timedelta(hours=hours)
