"""Forms and their backlog by the hour or day, for charts. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clock import from_text
from downtime.returns.report.charts import Chart

BUCKETS = 48
"""Stretches of time that a chart shows at most."""
_STEPS = (1, 2, 4, 6, 12, 24, 48, 168, 336, 672)


@dataclass(frozen=True, slots=True)
class FormHistory:
    """One form: when it was written on, keyed and finished (UTC as stored; empty: not, or unknown)."""

    written: str
    keyed: str
    finished: str


@dataclass(frozen=True, slots=True)
class TimeScale:
    """Equal stretches of `hours` from `begin` on."""

    begin: datetime
    hours: int
    count: int
    zone: ZoneInfo

    def bucket_index(self, moment: str) -> int:
        """In which stretch a moment lies; the ends take what lies beyond."""
        seconds = (from_text(moment) - self.begin).total_seconds()
        return min(max(int(seconds // (3600 * self.hours)), 0), self.count - 1)

    def labels(self) -> tuple[str, ...]:
        """`02-Nov 14:00` for each stretch; days alone when a stretch is a day or longer."""
        starts = [
            (self.begin + timedelta(hours=self.hours * n)).astimezone(self.zone)
            for n in range(self.count)
        ]
        return tuple(
            display.format_day(s.date())[:6] + (f" {s:%H:%M}" if self.hours < 24 else "")
            for s in starts
        )


def choose_scale(begin: str, end: str, zone: ZoneInfo) -> TimeScale:
    """Whole hours, or whole days and weeks when hours would be too many."""
    first = from_text(begin).replace(minute=0, second=0, microsecond=0)
    hours = max(1, int((from_text(end) - first).total_seconds() // 3600) + 1)
    step = next((s for s in _STEPS if hours / s <= BUCKETS), _STEPS[-1])
    return TimeScale(first, step, max(1, -(-hours // step)), zone)


def chart_forms(histories: Iterable[FormHistory], scale: TimeScale) -> Chart:
    """Forms written and forms keyed in each stretch."""
    written, keyed = [0] * scale.count, [0] * scale.count
    for form in histories:
        if form.written:
            written[scale.bucket_index(form.written)] += 1
        if form.keyed:
            keyed[scale.bucket_index(form.keyed)] += 1
    hours = "hour" if scale.hours == 1 else f"{scale.hours} hours"
    return Chart(
        "forms",
        f"Forms written and keyed, each {hours}",
        "forms",
        scale.labels(),
        {"Written": tuple(written), "Keyed": tuple(keyed)},
    )


def chart_backlog(histories: Iterable[FormHistory], scale: TimeScale) -> Chart:
    """Forms that were written and not yet finished (verified or filed) at the end of each stretch."""
    changes = [0] * scale.count
    for form in histories:
        if form.written:
            written = scale.bucket_index(form.written)
            changes[written] += 1
            if form.finished:
                changes[max(scale.bucket_index(form.finished), written)] -= 1
    return Chart(
        "backlog",
        "Backlog: forms written and not yet verified or filed",
        "forms",
        scale.labels(),
        {"Left": tuple(accumulate(changes))},
        lines=True,
    )
