"""What stands on one label: rows of text that fit its size, and the code beside them. Pure.

All measures are points. A label that cannot hold the name, date of birth or number in full is
refused, never shortened: half a name on a label is a danger.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from downtime.paper.labels.model import A4, LabelSheet
from downtime.pdf.barcodes import data_matrix_operators
from downtime.pdf.field_rectangle import Alignment, FieldKind, FieldRectangle
from downtime.pdf.fit_text import TextLine, fit_beginning, fit_text
from downtime.pdf.text import to_printable

MM = 72 / 25.4
LINE_ABOVE = 8.0
"""Millimetres above the first label from which on a sheet has room for a line of its own."""
_PAD_X, _PAD_Y, _GAP = 2.0, 1.0, 2.0
_CODE = 13.0
_WIDTH, _HEIGHT = 59.5, 31.5
"""The area of millimetres for which rows are given; larger labels enlarge them."""
_LARGEST_SCALE = 1.5
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
    middle: tuple[LabelRow, ...] = ()
    tiny: tuple[str, ...] = ()
    code: str = ""
    """Content of the GS1 DataMatrix; empty for none."""


@dataclass(slots=True)
class LabelPage:
    """Lines and PDF operators of a page of labels."""

    lines: list[TextLine] = field(default_factory=list)
    operators: list[str] = field(default_factory=list)

    def add_rows(
        self, rows: Sequence[LabelRow], x: float, top: float, width: float, scale: float
    ) -> float:
        """Set rows one below the other; returns where the last one ends."""
        for row in rows:
            height = row.height * scale * MM
            top -= height
            if row.text:
                box = _text_box(x, top, width, height, row.size * scale, row.bold)
                self.lines += _fit_row(box, to_printable(row.text), row.needed)
        return top


def draw_label(design: LabelDesign, sheet: LabelSheet, x: float, y: float, page: LabelPage) -> None:
    """Draw a design on the label whose upper left corner is at x, y (from the page's lower left).

    TooSmallError names nobody.
    """
    if sheet.width < 30:
        _draw_tiny(design, sheet, x, y, page)
    elif sheet.width < 60:
        width = (sheet.width - 3) * MM
        page.add_rows(design.middle, x + 1.5 * MM, y - _PAD_Y * MM, width, 1.0)
    else:
        _draw_large(design, sheet, x, y, page)


def _draw_large(
    design: LabelDesign, sheet: LabelSheet, x: float, y: float, page: LabelPage
) -> None:
    width, height = sheet.width - 2 * _PAD_X, sheet.height - 2 * _PAD_Y
    scale = min(width / _WIDTH, height / _HEIGHT, _LARGEST_SCALE)
    code = _CODE * scale if design.code else 0.0
    text_width = width - code - (_GAP if code else 0)
    rows_x = x + _PAD_X * MM
    top = page.add_rows(design.top, rows_x, y - _PAD_Y * MM, width * MM, scale)
    end = page.add_rows(design.rows_beside_code, rows_x, top, text_width * MM, scale)
    if code:
        code_x = x + (sheet.width - _PAD_X - code) * MM
        code_y = (top + end - code * MM) / 2
        page.operators.append(data_matrix_operators(design.code, code_x, code_y, code * MM))


def _draw_tiny(design: LabelDesign, sheet: LabelSheet, x: float, y: float, page: LabelPage) -> None:
    top = y - (sheet.height * MM - _TINY_LEADING * len(design.tiny)) / 2
    for number, text in enumerate(design.tiny, 1):
        bottom = top - number * _TINY_LEADING
        box = _text_box(x + 0.8 * MM, bottom, (sheet.width - 1.6) * MM, 8.0, 6.5, number == 1)
        page.lines += _fit_row(box, to_printable(text), True)


def _fit_row(box: FieldRectangle, text: str, needed: bool) -> list[TextLine]:
    lines = fit_text(box, text) if text else []
    if lines is None:
        if needed:
            raise TooSmallError
        lines = fit_beginning(box, text)
    return lines


def _text_box(
    x: float, y: float, width: float, height: float, size: float, bold: bool
) -> FieldRectangle:
    kind, align = FieldKind.TEXT, Alignment.LEFT
    return FieldRectangle("", x, y, width, height, kind, size, bold, align, 0.0)


def short_line(text: str, x: float, y: float, size: float) -> list[TextLine]:
    """One line with its baseline at x, y."""
    return [TextLine(x, y, size, False, to_printable(text))]


def page_wide_line(text: str, below: float = 3.5) -> list[TextLine]:
    """A line over the page's width, so many millimetres below its upper edge."""
    width, height = A4[0] * MM, A4[1] * MM
    box = _text_box(7 * MM, height - (below + 4.5) * MM, width - 14 * MM, 4.5 * MM, 7.5, False)
    return _fit_row(box, to_printable(text), False)
