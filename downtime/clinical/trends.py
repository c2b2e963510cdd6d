"""A measured value beside the earlier ones of the same test: a line to see, and the numbers to read. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from downtime.clinical.model import Observation

WIDTH, HEIGHT = 72, 18
"""Of a line, in pixels."""
SHOWN = 8
"""Values of a line at most: the last ones."""


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """A value that is a number, as sent, and when it was measured (UTC)."""

    at: str
    value: float
    text: str


def list_trends(values: Iterable[tuple[str, Observation]]) -> dict[str, list[TrendPoint]]:
    """By the id of each value those of its test up to it, oldest first; `values` with their times.

    Values in other units are other values; one that is no number has no trend.
    """
    by_test: dict[tuple[str, str], list[tuple[str, Observation, float]]] = {}
    for at, observation in values:
        number = _read_number(observation.value)
        if at and number is not None:
            key = (observation.code or observation.display, observation.units)
            by_test.setdefault(key, []).append((at, observation, number))
    trends: dict[str, list[TrendPoint]] = {}
    for measured in by_test.values():
        points: list[TrendPoint] = []
        for at, observation, number in sorted(measured, key=lambda row: (row[0], row[1].id)):
            points.append(TrendPoint(at, number, observation.value))
            if len(points) > 1:
                trends[observation.id] = points[-SHOWN:]
    return trends


def list_texts(points: Iterable[TrendPoint]) -> str:
    """The values of a line as they were sent, for who does not see it."""
    return ", ".join(point.text for point in points)


def draw_line(points: Iterable[TrendPoint]) -> str:
    """Points of an SVG polyline, by time and value, within WIDTH and HEIGHT."""
    values = list(points)
    low, high = min(p.value for p in values), max(p.value for p in values)
    step = (WIDTH - 4) / (len(values) - 1)
    spread = (high - low) or 1.0
    return " ".join(
        f"{2 + step * number:.1f},{HEIGHT - 2 - (HEIGHT - 4) * (point.value - low) / spread:.1f}"
        for number, point in enumerate(values)
    )


def _read_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
