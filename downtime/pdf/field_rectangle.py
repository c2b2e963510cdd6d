"""The rectangle of a field on a page, and how text stands in it."""

from dataclasses import dataclass
from enum import StrEnum


class FieldKind(StrEnum):
    """What a rectangle is for."""

    TEXT = "text"
    TICK = "tick"
    CODE = "code"
    BODY = "body"
    """The area of a page in which blocks flow."""


class Alignment(StrEnum):
    """Where a line stands that is shorter than its rectangle."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class FieldRectangle:
    """Where one field is: points from the page's lower left corner."""

    key: str
    x: float
    y: float
    width: float
    height: float
    kind: FieldKind
    size: float
    """Type size to start from."""
    bold: bool
    align: Alignment
    leading: float
    """Distance of the ruled lines to write on; 0 where there are none."""
