"""What stands on one label: rows of text that fit its size, and the code beside them. Pure.

All measures are points. A label that cannot hold the name, date of birth or number in full is
refused, never shortened: half a name on a label is a danger.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from downtime.paper.labels.label_sheets import A4, LabelSheet
from downtime.pdf.barcodes import data_matrix_operators
from downtime.pdf.field_rectangle import FieldRectangle
from downtime.pdf.fit_text import TextLine, fit_beginning, fit_text
from downtime.pdf.text import to_printable

MM = 72 / 25.4
LINE_ABOVE = 8.0
"""Millimetres above the first label from which on a sheet has room for a line of its own."""
_PAD_X, _PAD_Y, _GAP = 2.0, 1.0, 2.0
_CODE = 13.0
_WIDE, _HIGH = 59.5, 31.5
"""The area of millimetres for which rows are given; larger labels enlarge them up to `_MOST`."""
_MOST = 1.5
_TINY_LEADING = 6.7


class TooSmallError(Exception):
    """Something that must be read in full does not fit on the label."""


class LabelRow(NamedTuple):
    """One row of a label: type size in points and height in millimetres on a label of 63 × 34 mm."""

    text: str
    size: float
    height: float
    bold: bool = False
    needed: bool = True
    """Whether it must be there in full; else its beginning will do."""


@dataclass(frozen=True, slots=True)
class LabelDesign:
    """What a label says, in three sizes: for 60 mm and more, for 38 mm, and for 18 mm."""

    top: tuple[LabelRow, ...]
    rows_beside_code: tuple[LabelRow, ...]
    """Rows beside the code."""
    middle: tuple[LabelRow, ...] = ()
    tiny: tuple[str, ...] = ()
    code: str = ""
    """Content of the GS1 DataMatrix; empty for none."""


@dataclass(slots=True)
class LabelPage:
    """Lines and PDF operators of a page of labels."""

    lines: list[TextLine] = field(default_factory=list)
    operators: list[str] = field(default_factory=list)


def draw_label(face: LabelDesign, sheet: LabelSheet, x: float, y: float, page: LabelPage) -> None:
    """Draw a face on the label whose upper left corner is at x, y (from the page's lower left).

    TooSmallError names nobody.
    """
    if sheet.width < 30:
        _tiny(face, sheet, x, y, page)
    elif sheet.width < 60:
        _rows(face.middle, x + 1.5 * MM, y - _PAD_Y * MM, (sheet.width - 3) * MM, MM, 1.0, page)
    else:
        _large(face, sheet, x, y, page)


def _large(face: LabelDesign, sheet: LabelSheet, x: float, y: float, page: LabelPage) -> None:
    wide, high = sheet.width - 2 * _PAD_X, sheet.height - 2 * _PAD_Y
    scale = min(wide / _WIDE, high / _HIGH, _MOST)
    left, top = x + _PAD_X * MM, y - _PAD_Y * MM
    unit = scale * MM
    top = _rows(face.top, left, top, wide * MM, unit, scale, page)
    code = _CODE * scale if face.code else 0.0
    room = (wide - code - (_GAP if code else 0)) * MM
    end = _rows(face.rows_beside_code, left, top, room, unit, scale, page)
    if code:
        right = x + (sheet.width - _PAD_X - code) * MM
        page.operators.append(
            data_matrix_operators(face.code, right, (top + end - code * MM) / 2, code * MM)
        )


def _rows(
    rows: Sequence[LabelRow],
    left: float,
    top: float,
    wide: float,
    unit: float,
    scale: float,
    page: LabelPage,
) -> float:
    """Set rows one below the other; returns where the last one ends."""
    for row in rows:
        high = row.height * unit
        top -= high
        if row.text:
            place = _place(left, top, wide, high, row.size * scale, row.bold)
            page.lines += _fitted(place, to_printable(row.text), row.needed)
    return top


def _tiny(face: LabelDesign, sheet: LabelSheet, x: float, y: float, page: LabelPage) -> None:
    high = sheet.height * MM
    top = y - (high - _TINY_LEADING * len(face.tiny)) / 2
    for number, text in enumerate(face.tiny, 1):
        bottom = top - number * _TINY_LEADING
        place = _place(x + 0.8 * MM, bottom, (sheet.width - 1.6) * MM, 8.0, 6.5, number == 1)
        page.lines += _fitted(place, to_printable(text), True)


def _fitted(place: FieldRectangle, text: str, needed: bool) -> list[TextLine]:
    found = fit_text(place, text) if text else []
    if found is None:
        if needed:
            raise TooSmallError
        found = fit_beginning(place, text)
    return found


def _place(x: float, y: float, wide: float, high: float, size: float, bold: bool) -> FieldRectangle:
    return FieldRectangle("", x, y, wide, high, "text", size, bold, "left", 0.0)


def short_line(text: str, x: float, y: float, size: float) -> list[TextLine]:
    """One line with its baseline at x, y."""
    return [TextLine(x, y, size, False, to_printable(text))]


def page_wide_line(text: str, below: float = 3.5) -> list[TextLine]:
    """A line over the page's width, so many millimetres below its upper edge."""
    wide, high = A4[0] * MM, A4[1] * MM
    place = _place(7 * MM, high - (below + 4.5) * MM, wide - 14 * MM, 4.5 * MM, 7.5, False)
    return _fitted(place, to_printable(text), False)
