"""Fit a value into its rectangle: smaller, then on more lines, and say so when it cannot fit."""

from typing import NamedTuple

from downtime.pdf.field_rectangle import FieldRectangle
from downtime.pdf.text import character_width, wrap_text
from downtime.pdf.typeface import NeedsShapingError, glyph_runs

SMALLEST_SIZE = 6.5
"""Smallest type on paper, in points; what needs less goes to a continuation page."""
LEADING = 1.22
_CAP_HEIGHT = 0.714
_SHAPED_ALLOWANCE = 1.1
CONTINUED = " … continued"


class TextLine(NamedTuple):
    """One line of text: its left end on the baseline, in points."""

    x: float
    y: float
    size: float
    bold: bool
    text: str


def text_width(text: str, bold: bool) -> float:
    """Width of printable text in em; an allowance is added where shaping will decide it."""
    try:
        return glyph_runs(text, bold)[1]
    except NeedsShapingError:
        return sum(map(character_width, text)) * _SHAPED_ALLOWANCE


def fit_text(place: FieldRectangle, text: str) -> list[TextLine] | None:
    """The lines of printable text within a place, as large as they can be; None when they cannot.

    On ruled paper the text stands on the rules when it fits there.
    """
    if place.leading and (ruled := _on_rules(place, text)):
        return ruled
    best, largest = None, SMALLEST_SIZE
    if "\n" not in text:
        wide = text_width(text, place.bold)
        usual = min(place.size, place.height / LEADING)
        if usual * wide <= place.width:
            return [_centred(place, usual, text, wide)]
        size = min(usual, place.width / wide)
        if size >= SMALLEST_SIZE:
            best, largest = [_centred(place, size, text, wide)], size
    longest = max((text_width(word, place.bold) for word in text.split()), default=0.0)
    unbroken = place.width / longest * 0.999 if longest else place.size
    for count in range(2, int(place.height / LEADING / SMALLEST_SIZE) + 1):
        size = min(place.size, place.height / LEADING / count)
        size = max(SMALLEST_SIZE, min(size, unbroken))
        if (size > largest or best is None) and (lines := _broken(place, text, size, count)):
            return _stacked(place, lines, size)
    return best


def _on_rules(place: FieldRectangle, text: str) -> list[TextLine] | None:
    lines = _broken(place, text, place.size, round(place.height / place.leading))
    if lines is None:
        return None
    top = place.y + place.height + place.leading * 0.25
    return [
        TextLine(place.x, top - place.leading * row, place.size, place.bold, line)
        for row, line in enumerate(lines, 1)
    ]


def _broken(place: FieldRectangle, text: str, size: float, most: int) -> list[str] | None:
    lines = wrap_text(text, place.width / size, lambda part: text_width(part, place.bold))
    return lines if len(lines) <= most else None


def _centred(place: FieldRectangle, size: float, text: str, wide: float) -> TextLine:
    baseline = place.y + (place.height - _CAP_HEIGHT * size) / 2
    return TextLine(_left(place, size * wide), baseline, size, place.bold, text)


def _left(place: FieldRectangle, wide: float) -> float:
    return place.x + (place.width - wide) * _FREE_BEFORE[place.align]


_FREE_BEFORE = {"left": 0.0, "center": 0.5, "right": 1.0}
"""Share of the room left over that comes before a line."""


def _stacked(place: FieldRectangle, lines: list[str], size: float) -> list[TextLine]:
    leading = size * LEADING
    top = place.y + (place.height + leading * len(lines)) / 2 - size
    return [
        TextLine(
            _left(place, size * text_width(text.rstrip(" "), place.bold)),
            top - leading * row,
            size,
            place.bold,
            text,
        )
        for row, text in enumerate(lines)
    ]


def fit_beginning(place: FieldRectangle, text: str) -> list[TextLine]:
    """As much of a text as fits at the smallest type, and words that it is continued."""
    count = max(1, int(place.height / LEADING / SMALLEST_SIZE))
    lines = wrap_text(text, place.width / SMALLEST_SIZE, lambda part: text_width(part, place.bold))[
        :count
    ]
    last = lines[-1].rstrip(" ")
    while last and text_width(last + CONTINUED, place.bold) * SMALLEST_SIZE > place.width:
        last = last[:-1]
    if text_width(CONTINUED, place.bold) * SMALLEST_SIZE > place.width:
        return _stacked(place, ["…"], SMALLEST_SIZE)
    return _stacked(place, [*lines[:-1], (last + CONTINUED).lstrip()], SMALLEST_SIZE)
