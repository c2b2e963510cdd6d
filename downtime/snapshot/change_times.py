"""When time alone changes what a snapshot carries of a patient: pure.

The rules stand in `clinical.retention` and `select_records`. An instant that is named here and at
which nothing changes costs a little work; one that is missing would leave something out of date.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache

from downtime.clinical.model import Appointment, Encounter, Flag, Record
from downtime.clinical.record_types import TYPES
from downtime.clock import from_text, to_text
from downtime.settings import Settings
from downtime.snapshot.row_layout import COLUMNS

_DATED = ("ended", "updated", "issued", "effective", "recorded", "date", "authored", "given")
"""Fields by which a rule asks whether a record is recent."""
_FIELDS = {kind: tuple(n for n in _DATED if n in COLUMNS[name]) for name, kind in TYPES.items()}


class ChangeTimes:
    """Finds the next instant at which another selection may be due."""

    def __init__(self, settings: Settings, now: datetime) -> None:
        snapshot = settings.snapshot
        self._now, self._today = to_text(now), now.date()
        self._results = snapshot.result_days
        self._appointment_days = (
            -(snapshot.appointment_days_ahead + 1),
            snapshot.appointment_days_back,
        )
        self._named_place = timedelta(hours=snapshot.named_place_hours, seconds=1)
        self._shift = lru_cache(maxsize=65_536)(self._find_day)

    def find_next(self, records: Iterable[Record]) -> str:
        """The first of them as UTC text; empty when time changes nothing."""
        times = (time for record in records for time in self._list_times(record))
        return min((time for time in times if time > self._now), default="")

    def _list_times(self, record: Record) -> Iterable[str]:
        for name in _FIELDS[type(record)]:
            yield self._shift(getattr(record, name)[:10], self._results)
        if isinstance(record, Appointment):
            for days in self._appointment_days:
                yield self._shift(record.start[:10], days)
        elif isinstance(record, Flag):
            yield record.ended
        elif isinstance(record, Encounter) and record.updated:
            yield self._add_hours(record.updated)

    def _add_hours(self, updated: str) -> str:
        try:
            return to_text(from_text(updated) + self._named_place)
        except (ValueError, OverflowError):
            return ""

    def _find_day(self, text: str, days: int) -> str:
        """The beginning of the first day that is later than a date as text, some days on."""
        try:
            day = _begin_after(text) + timedelta(days=days)
        except (ValueError, OverflowError):
            return ""  # compared as text it is always earlier, or always later
        return f"{day.isoformat()}T00:00:00Z" if day > self._today else ""


def _begin_after(text: str) -> date:
    """The first day whose text is greater: of a month or year alone its own first day."""
    if len(text) == 10:
        return date.fromisoformat(text) + timedelta(days=1)
    return date.fromisoformat(f"{text}-01-01"[:10])
