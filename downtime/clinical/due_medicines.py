"""Which medicines are due within some hours, and of which nothing says when. Pure.

Times come from the prescription alone: those that it names, or its interval after the last dose. What
cannot be told is never left out: it is a medicine whose time is not known, and the chart says when.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from downtime.clinical.doses import MedicineRow, list_named_times
from downtime.clinical.match_doses import NOT_ON_WARD, OVER
from downtime.clinical.model import MedicationRequestCategory
from downtime.clock import from_text, to_text

_NOT_BY_TIME = (MedicationRequestCategory.AS_REQUIRED, *NOT_ON_WARD)
_STILL_THAT_DOSE = timedelta(hours=1)
"""A time that is named is looked back on for so long where no dose says that it is done."""
_DAY = timedelta(days=1)
"""And for so long where doses are recorded: a first dose that nobody gave is a missed one."""


@dataclass(frozen=True, slots=True)
class DueMedicine:
    """A medicine and when it is due (UTC, the first first); without times nothing says when."""

    row: MedicineRow
    times: tuple[str, ...] = ()


def list_due_medicines(
    rows: Iterable[MedicineRow], now: datetime, hours: int, zone: ZoneInfo, has_doses: bool = False
) -> list[DueMedicine]:
    """Those of one patient that are due by `hours` from now or were before, and those not known.

    `has_doses`: whether it is known which doses were given; a medicine without one was not given then.
    """
    due = []
    for row in rows:
        times = _find_times(row, now, now + timedelta(hours=hours), zone, has_doses)
        if times is None:
            due.append(DueMedicine(row))
        elif times:
            due.append(DueMedicine(row, times))
    return due


def _find_times(
    row: MedicineRow, now: datetime, until: datetime, zone: ZoneInfo, has_doses: bool
) -> tuple[str, ...] | None:
    """The times that are due; empty for none of them, None where nothing says when."""
    medicine = row.medicine
    if medicine.status in OVER or medicine.category in _NOT_BY_TIME:
        return ()
    if medicine.category == MedicationRequestCategory.ONCE_ONLY:
        return () if row.is_taken else None
    if medicine.category not in ("", MedicationRequestCategory.REGULAR):
        return None
    recent = since = now - _STILL_THAT_DOSE
    if has_doses and not row.last and medicine.authored:
        since = min(recent, max(_find_prescribed(medicine.authored, zone), now - _DAY))
    missed: tuple[str, ...] = ()
    if row.next_due:
        due = from_text(row.next_due)
        if due > until:
            return ()
        missed, since = (row.next_due,), max(due, now)
    named = list_named_times(medicine.frequency, since, until, zone)
    if not row.next_due and named is None:
        return None
    overdue = [moment for moment in named or () if moment < recent][-1:]
    later = (moment for moment in named or () if moment >= recent)
    return (*missed, *map(to_text, (*overdue, *later)))


def _find_prescribed(authored: str, zone: ZoneInfo) -> datetime:
    """From when a prescription holds for certain: the end of the day where no more is known."""
    if "T" in authored:
        return from_text(authored)
    try:
        day = datetime.fromisoformat(authored)
    except ValueError:  # a month or a year
        return datetime.max.replace(tzinfo=UTC)
    return day.replace(tzinfo=zone) + _DAY
