"""Lengths on an aligned page, in its dots, and where a rectangle of the layout lies there."""

from typing import Any, NamedTuple

import numpy.typing as npt

from downtime.pdf.field_rectangle import FieldRectangle
from downtime.scanning.page_reading import PAGE_DPI

Pixels = npt.NDArray[Any]
"""A picture: rows of dots, 0 is black and 255 white; or a mask, 0 or 255."""
DOTS_IN_POINT = PAGE_DPI / 72
DOTS_IN_MM = PAGE_DPI / 25.4


class Box(NamedTuple):
    """Dots from a page's upper left corner; `right` and `bottom` are the first outside."""

    left: int
    top: int
    right: int
    bottom: int

    def grow(self, dots: int) -> "Box":
        """The box with so many dots more on each side, less where they are negative."""
        return Box(self.left - dots, self.top - dots, self.right + dots, self.bottom + dots)

    def cut(self, picture: Pixels) -> Pixels:
        """The part of a picture inside the box."""
        return picture[
            max(0, self.top) : max(0, self.bottom), max(0, self.left) : max(0, self.right)
        ]


def locate_rectangle(rectangle: FieldRectangle, page_rows: int) -> Box:
    """Where a rectangle in points from the lower left lies on a page of so many rows."""
    x, y = rectangle.x * DOTS_IN_POINT, page_rows - rectangle.y * DOTS_IN_POINT
    width, height = rectangle.width * DOTS_IN_POINT, rectangle.height * DOTS_IN_POINT
    return Box(round(x), round(y - height), round(x + width), round(y))


def mm(length: float) -> int:
    """Millimetres as whole dots."""
    return round(length * DOTS_IN_MM)
