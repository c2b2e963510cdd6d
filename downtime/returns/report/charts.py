"""Charts as numbers: where each bar and line stands in a drawing of 720 by 240 units. Pure.

A template draws them in black, white and grey, so that they can be copied and printed; the same
numbers stand in a table beside each chart.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from math import ceil
from textwrap import wrap
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clock import from_text

WIDTH, HEIGHT = 720.0, 240.0
_LEFT_MARGIN, _RIGHT_MARGIN, _TOP_MARGIN, _BOTTOM_MARGIN = 56.0, 8.0, 30.0, 36.0
_LETTER, _LINE = 6.0, 12.0
"""Of words under the axis: how wide a letter is at most, and how far apart lines stand."""
FILLS = ("#222", "#fff", "#999")
"""Dark, white with an edge, grey: distinct without colour."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle of one value."""

    x: float
    y: float
    width: float
    height: float
    fill: str


@dataclass(frozen=True, slots=True)
class Label:
    """A word at a place: under the axis, beside it, or in the legend."""

    x: float
    y: float
    text: str
    fill: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart with its table: `labels` are the rows, `series` the columns."""

    id: str
    title: str
    unit: str
    labels: tuple[str, ...]
    series: Mapping[str, tuple[int | None, ...]]
    lines: bool = False

    @property
    def highest(self) -> int:
        """The top of the axis: a round number not below any value."""
        most = max((n or 0 for row in self.series.values() for n in row), default=0)
        step = 1
        while step * 10 < most:
            step *= 10
        return max(4, -(-most // step) * step)

    @property
    def box(self) -> str:
        """The drawing's size, as SVG's viewBox."""
        return f"0 0 {WIDTH:.0f} {HEIGHT:.0f}"

    @property
    def axis_y(self) -> float:
        """Where the axis lies."""
        return HEIGHT - _BOTTOM_MARGIN

    @property
    def axis_left(self) -> float:
        """Where the axis begins."""
        return _LEFT_MARGIN

    @property
    def axis_right(self) -> float:
        """Where the axis ends."""
        return WIDTH - _RIGHT_MARGIN

    def height(self, value: int | None) -> float:
        """How high a value stands above the axis."""
        return round((self.axis_y - _TOP_MARGIN) * (value or 0) / self.highest, 1)

    def bars(self) -> list[Bar]:
        """A group of bars for each label."""
        group = (self.axis_right - _LEFT_MARGIN) / max(1, len(self.labels))
        width = group * 0.8 / max(1, len(self.series))
        return [
            Bar(
                round(_LEFT_MARGIN + group * place + group * 0.1 + width * number, 1),
                round(self.axis_y - self.height(value), 1),
                round(width, 1),
                self.height(value),
                FILLS[number],
            )
            for number, row in enumerate(self.series.values())
            for place, value in enumerate(row)
        ]

    def paths(self) -> list[str]:
        """One line for each series, as points."""
        step = (self.axis_right - _LEFT_MARGIN) / max(1, len(self.labels))
        return [
            " ".join(
                f"{_LEFT_MARGIN + step * (place + 0.5):.1f},{self.axis_y - self.height(value):.1f}"
                for place, value in enumerate(row)
            )
            for row in self.series.values()
        ]

    def axis_labels(self) -> list[Label]:
        """Words under the axis: as many as stand apart, and always the first; long ones in lines."""
        step = (self.axis_right - _LEFT_MARGIN) / max(1, len(self.labels))
        widest = max((len(word) for text in self.labels for word in text.split()), default=1) + 1
        interval = ceil(widest * _LETTER / step)
        letters = max(widest, int(interval * step / _LETTER) - 1)
        return [
            Label(round(_LEFT_MARGIN + step * (place + 0.5), 1), self.axis_y + 16 + _LINE * n, line)
            for place, text in enumerate(self.labels)
            if place % interval == 0
            for n, line in enumerate(wrap(text, letters))
        ]

    def value_labels(self) -> list[Label]:
        """Numbers at the axis: nothing, a half and the whole."""
        return [
            Label(_LEFT_MARGIN - 6, round(self.axis_y - self.height(n), 1), f"{n:,}")
            for n in (0, self.highest // 2, self.highest)
        ]

    def legend(self) -> list[Label]:
        """What each fill means."""
        return [
            Label(_LEFT_MARGIN + 150.0 * number, 14, name, FILLS[number])
            for number, name in enumerate(self.series)
        ]

    def rows(self) -> list[tuple[str, Sequence[int | None]]]:
        """The table: a label and its values."""
        columns = list(self.series.values())
        return [(text, [row[n] for row in columns]) for n, text in enumerate(self.labels)]


BUCKETS = 48
"""Stretches of time that a chart shows at most."""
_STEPS = (1, 2, 4, 6, 12, 24, 48, 168, 336, 672)


@dataclass(frozen=True, slots=True)
class FormHistory:
    """One form: when it was written on, keyed and finished (UTC as stored; empty: not, or unknown)."""

    written: str
    keyed: str
    finished: str
    returned: str = ""
    """When paper came back of which nothing is keyed, so that nobody knows when it was written on."""

    @property
    def begun(self) -> str:
        """Since when it is to be worked off, as far as anybody knows."""
        return self.written or self.returned or self.keyed


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
    """Forms that were to be worked off and not yet verified or filed at the end of each stretch.

    One of which nothing is keyed counts from when it came back.
    """
    changes = [0] * scale.count
    for form in histories:
        if form.begun:
            begun = scale.bucket_index(form.begun)
            changes[begun] += 1
            if form.finished:
                changes[max(scale.bucket_index(form.finished), begun)] -= 1
    return Chart(
        "backlog",
        "Backlog: forms written or back, and not yet verified or filed",
        "forms",
        scale.labels(),
        {"Left": tuple(accumulate(changes))},
        lines=True,
    )
