"""Rectangles on a page, in millimetres from its upper left corner as it is seen."""

from typing import NamedTuple

MM = 72 / 25.4
"""A millimetre in points."""


class Rectangle(NamedTuple):
    """Left, top, width and height."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Where it ends, from the left."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Where it ends, from the top."""
        return self.y + self.height

    def covers(self, other: "Rectangle") -> float:
        """How much of the other lies in this one, 0 to 1."""
        wide = min(self.right, other.right) - max(self.x, other.x)
        high = min(self.bottom, other.bottom) - max(self.y, other.y)
        area = other.width * other.height
        return max(wide, 0) * max(high, 0) / area if area else 0.0


class FoundBox(NamedTuple):
    """A place to write in as it was found on a page (from 1)."""

    page: int
    place: Rectangle
    is_tick: bool
    label: str
    """The printed words that seem to name it; empty for none."""
