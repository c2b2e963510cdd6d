"""Fit a value into its rectangle: smaller, then on more lines, and say so when it cannot fit."""

import math
from typing import NamedTuple

from downtime.pdf.field_rectangle import Alignment, FieldRectangle
from downtime.pdf.text import character_width, is_unbreakable, split_words, wrap_text
from downtime.pdf.typeface import NeedsShapingError, glyph_runs

SMALLEST_SIZE = 6.5
"""Smallest type on paper, in points; what needs less goes to a continuation page."""
LEADING = 1.22
_SIZE_STEP = 0.5
_LESS = 0.999
"""So that what fits just so is not too wide by a rounding."""
_CAP_HEIGHT = 0.714
_ACCENT_ROOM = 0.12
"""Above the first of several lines, as a share of the type: É and Ů stay clear of the label above."""
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


def fit_text(box: FieldRectangle, text: str) -> list[TextLine] | None:
    """The lines of printable text within a rectangle, as large as they can be; None when they cannot.

    On ruled paper the text stands on the rules when it fits there.
    """
    if box.leading and (ruled_lines := _fit_on_rules(box, text)):
        return ruled_lines
    best, largest = None, SMALLEST_SIZE
    if "\n" not in text:
        width = text_width(text, box.bold)
        usual = min(box.size, box.height / LEADING)
        if usual * width <= box.width:
            return [_centre_line(box, usual, text, width)]
        size = min(usual, box.width / width)
        if size >= SMALLEST_SIZE:
            best, largest = [_centre_line(box, size, text, width)], size
    parts = [word for line in text.split("\n") for word in split_words(line)]
    longest = max((text_width(word, box.bold) for word in parts), default=0.0)
    largest_size = find_largest_size(text, box.width, box.bold)
    unbroken = box.width / longest * _LESS if longest else box.size
    if largest_size < SMALLEST_SIZE:
        return best  # a unit on the line below its number is misread
    for count in range(2, int(box.height / LEADING / SMALLEST_SIZE) + 1):
        size = min(box.size, box.height / (LEADING * count + _ACCENT_ROOM))
        size = max(SMALLEST_SIZE, min(size, unbroken))
        if (size > largest or best is None) and (lines := _break_lines(box, text, size, count)):
            return _stack_lines(box, lines, size)
    return best or _fit_smaller(box, text, largest_size)


def find_largest_size(text: str, width: float, bold: bool) -> float:
    """The largest type in which no number is parted from what it counts; infinite where there is none."""
    numbers = filter(is_unbreakable, (w for line in text.split("\n") for w in split_words(line)))
    widest = max((text_width(word, bold) for word in numbers), default=0.0)
    return width / widest * _LESS if widest else math.inf


def _fit_smaller(box: FieldRectangle, text: str, largest: float) -> list[TextLine] | None:
    """On as many lines as there is room for, in type that leaves room between them."""
    most = int(box.height / LEADING / SMALLEST_SIZE)
    size = min(box.size, largest, box.height / LEADING / most if most else 0.0) - _SIZE_STEP
    while size > SMALLEST_SIZE - _SIZE_STEP:
        size = max(size, SMALLEST_SIZE)
        if lines := _break_lines(box, text, size, most):
            return _stack_lines(box, lines, size)
        size -= _SIZE_STEP
    return None


def _fit_on_rules(box: FieldRectangle, text: str) -> list[TextLine] | None:
    lines = _break_lines(box, text, box.size, round(box.height / box.leading))
    if lines is None or box.size > find_largest_size(text, box.width, box.bold):
        return None
    top = box.y + box.height + box.leading * 0.25
    return [
        TextLine(box.x, top - box.leading * row, box.size, box.bold, line)
        for row, line in enumerate(lines, 1)
    ]


def _break_lines(box: FieldRectangle, text: str, size: float, most_lines: int) -> list[str] | None:
    lines = wrap_text(text, box.width / size, lambda part: text_width(part, box.bold))
    return lines if len(lines) <= most_lines else None


def _centre_line(box: FieldRectangle, size: float, text: str, width: float) -> TextLine:
    baseline = box.y + (box.height - _CAP_HEIGHT * size) / 2
    return TextLine(_line_start(box, size * width), baseline, size, box.bold, text)


def _line_start(box: FieldRectangle, width: float) -> float:
    return box.x + (box.width - width) * _SHARE_BEFORE[box.align]


_SHARE_BEFORE = {Alignment.LEFT: 0.0, Alignment.CENTER: 0.5, Alignment.RIGHT: 1.0}
"""Share of the room left over that comes before a line."""


def _stack_lines(box: FieldRectangle, lines: list[str], size: float) -> list[TextLine]:
    leading = size * LEADING
    height = leading * len(lines)
    accents = max(0.0, min(_ACCENT_ROOM * size, box.height - height))
    top = box.y + (box.height + height - accents) / 2 - size
    return [
        TextLine(
            _line_start(box, size * text_width(text.rstrip(" "), box.bold)),
            top - leading * row,
            size,
            box.bold,
            text,
        )
        for row, text in enumerate(lines)
    ]


def fit_beginning(box: FieldRectangle, text: str) -> list[TextLine]:
    """As much of a text as fits at the smallest type, and words that it is continued."""
    count = max(1, int(box.height / LEADING / SMALLEST_SIZE))
    lines = wrap_text(text, box.width / SMALLEST_SIZE, lambda part: text_width(part, box.bold))[
        :count
    ]
    last = lines[-1].rstrip(" ")
    while last and text_width(last + CONTINUED, box.bold) * SMALLEST_SIZE > box.width:
        last = last[:-1]
    if text_width(CONTINUED, box.bold) * SMALLEST_SIZE > box.width:
        return _stack_lines(box, ["…"], SMALLEST_SIZE)
    return _stack_lines(box, [*lines[:-1], (last + CONTINUED).lstrip()], SMALLEST_SIZE)
