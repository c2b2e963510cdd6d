"""Forms and their backlog by the hour or day, for charts. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
        gone = int((from_text(moment) - self.begin).total_seconds() // (3600 * self.hours))
        return min(max(gone, 0), self.count - 1)

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

    def ends(self) -> list[datetime]:
        """The end of each stretch."""
        return [self.begin + timedelta(hours=self.hours * (n + 1)) for n in range(self.count)]


def choose_scale(begin: str, end: str, zone: ZoneInfo) -> TimeScale:
    """Whole hours, or whole days and weeks when hours would be too many."""
    first = from_text(begin).replace(minute=0, second=0, microsecond=0)
    hours = max(1, int((from_text(end) - first).total_seconds() // 3600) + 1)
    step = next((s for s in _STEPS if hours / s <= BUCKETS), _STEPS[-1])
    return TimeScale(first, step, max(1, -(-hours // step)), zone)


def chart_forms(courses: Iterable[FormHistory], on: TimeScale) -> Chart:
    """Forms written and forms keyed in each stretch."""
    written, keyed = [0] * on.count, [0] * on.count
    for course in courses:
        if course.written:
            written[on.bucket_index(course.written)] += 1
        if course.keyed:
            keyed[on.bucket_index(course.keyed)] += 1
    hours = "hour" if on.hours == 1 else f"{on.hours} hours"
    return Chart(
        "forms",
        f"Forms written and keyed, each {hours}",
        "forms",
        on.labels(),
        {"Written": tuple(written), "Keyed": tuple(keyed)},
    )


def chart_backlog(courses: Sequence[FormHistory], on: TimeScale) -> Chart:
    """Forms that were written and not yet finished (verified or filed) at the end of each stretch."""
    change, done = [0] * on.count, [0] * on.count
    for course in courses:
        if course.written:
            change[on.bucket_index(course.written)] += 1
            if course.finished:
                done[max(on.bucket_index(course.finished), on.bucket_index(course.written))] += 1
    left, rows = 0, []
    for more, less in zip(change, done, strict=True):
        left += more - less
        rows.append(left)
    return Chart(
        "backlog",
        "Backlog: forms written and not yet verified or filed",
        "forms",
        on.labels(),
        {"Left": tuple(rows)},
        lines=True,
    )
