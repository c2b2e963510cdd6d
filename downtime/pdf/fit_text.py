"""Fit a value into its rectangle: smaller, then on more lines, and say so when it cannot fit."""

from typing import NamedTuple

from downtime.pdf.geometry import Place
from downtime.pdf.text import advance, wrap
from downtime.pdf.typeface import NeedsShapingError, runs

FLOOR = 6.5
"""Smallest type on paper, in points; what needs less goes to a continuation page."""
LEADING = 1.22
_CAP_HEIGHT = 0.714
_SHAPED_ALLOWANCE = 1.1
CONTINUED = " … continued"


class Line(NamedTuple):
    """One line of text: its left end on the baseline, in points."""

    x: float
    y: float
    size: float
    bold: bool
    text: str


def width(text: str, bold: bool) -> float:
    """Width of printable text in em; an allowance is added where shaping will decide it."""
    try:
        return runs(text, bold)[1]
    except NeedsShapingError:
        return sum(map(advance, text)) * _SHAPED_ALLOWANCE


def fit(place: Place, text: str) -> list[Line] | None:
    """The lines of printable text within a place, as large as they can be; None when they cannot.

    On ruled paper the text stands on the rules when it fits there.
    """
    if place.leading and (ruled := _on_rules(place, text)):
        return ruled
    best, largest = None, FLOOR
    if "\n" not in text:
        wide = width(text, place.bold)
        usual = min(place.size, place.height / LEADING)
        if usual * wide <= place.width:
            return [_centred(place, usual, text, wide)]
        size = min(usual, place.width / wide)
        if size >= FLOOR:
            best, largest = [_centred(place, size, text, wide)], size
    longest = max((width(word, place.bold) for word in text.split()), default=0.0)
    unbroken = place.width / longest * 0.999 if longest else place.size
    for count in range(2, int(place.height / LEADING / FLOOR) + 1):
        size = min(place.size, place.height / LEADING / count)
        size = max(FLOOR, min(size, unbroken))
        if (size > largest or best is None) and (lines := _broken(place, text, size, count)):
            return _stacked(place, lines, size)
    return best


def _on_rules(place: Place, text: str) -> list[Line] | None:
    lines = _broken(place, text, place.size, round(place.height / place.leading))
    if lines is None:
        return None
    top = place.y + place.height + place.leading * 0.25
    return [
        Line(place.x, top - place.leading * row, place.size, place.bold, line)
        for row, line in enumerate(lines, 1)
    ]


def _broken(place: Place, text: str, size: float, most: int) -> list[str] | None:
    lines = wrap(text, place.width / size, lambda part: width(part, place.bold))
    return lines if len(lines) <= most else None


def _centred(place: Place, size: float, text: str, wide: float) -> Line:
    baseline = place.y + (place.height - _CAP_HEIGHT * size) / 2
    return Line(_left(place, size * wide), baseline, size, place.bold, text)


def _left(place: Place, wide: float) -> float:
    return place.x + (place.width - wide) * _FREE_BEFORE[place.align]


_FREE_BEFORE = {"left": 0.0, "center": 0.5, "right": 1.0}
"""Share of the room left over that comes before a line."""


def _stacked(place: Place, lines: list[str], size: float) -> list[Line]:
    leading = size * LEADING
    top = place.y + (place.height + leading * len(lines)) / 2 - size
    return [
        Line(
            _left(place, size * width(text.rstrip(" "), place.bold)),
            top - leading * row,
            size,
            place.bold,
            text,
        )
        for row, text in enumerate(lines)
    ]


def beginning(place: Place, text: str) -> list[Line]:
    """As much of a text as fits at the smallest type, and words that it is continued."""
    count = max(1, int(place.height / LEADING / FLOOR))
    lines = wrap(text, place.width / FLOOR, lambda part: width(part, place.bold))[:count]
    last = lines[-1].rstrip(" ")
    while last and width(last + CONTINUED, place.bold) * FLOOR > place.width:
        last = last[:-1]
    if width(CONTINUED, place.bold) * FLOOR > place.width:
        return _stacked(place, ["…"], FLOOR)
    return _stacked(place, [*lines[:-1], (last + CONTINUED).lstrip()], FLOOR)
