"""What was seen on one returned page: marks in its boxes, ink in its fields, ink outside them.

Handwriting is never read: a field holds ink or none, and its picture is for a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from downtime.pdf.field_rectangle import FieldKind

PAGE_DPI = 200
"""Dots per inch of a page once it lies as it was printed; its printed picture has as many."""


class Mark(StrEnum):
    """What is in a field or in a tick box."""

    EMPTY = "empty"
    DOUBTFUL = "doubtful"
    """A person has to look: too little ink, too much of it, or a page that shows too little."""
    MARKED = "marked"


class GateReason(StrEnum):
    """Why a page goes to a person as a whole."""

    NO_CODE = "no_code"
    """None of its codes could be read, or they name another page."""
    NOT_ALIGNED = "not_aligned"
    """Its print does not lie where the form's print lies."""
    COARSE = "coarse"
    """Too few dots, as a fax has."""
    TWO_TONE = "two_tone"
    """Black and white only: pale pencil is lost."""
    NOISY = "noisy"
    """Specks or shades where the form is blank."""
    FADED = "faded"
    """The form's own print is missing or pale, so pale ink may be missing too."""


@dataclass(frozen=True, slots=True)
class FieldReading:
    """One field of the page."""

    key: str
    """As in the layout: an answer's key, or `KEY=CODE` for the box of one option."""
    kind: FieldKind
    mark: Mark
    ink: float
    """Of a tick box the share that is inked, of a field the square millimetres of ink."""
    crop: bytes
    """Its picture, a JPEG at `PAGE_DPI` with a margin."""


@dataclass(frozen=True, slots=True)
class OutsideInk:
    """Something is written outside every field: points from the page's lower left corner."""

    x: float
    y: float
    width: float
    height: float
    crop: bytes


@dataclass(frozen=True, slots=True)
class PageReading:
    """One page; `fields` are all of its fields, or none where it could not be aligned."""

    page_number: int
    fields: tuple[FieldReading, ...] = ()
    outside: tuple[OutsideInk, ...] = ()
    gate: GateReason | None = None
    """Why a person has to look at all of it: then no mark is EMPTY or MARKED."""
    turned_degrees: float = 0.0
    """Degrees by which the picture was turned clockwise; about 180 for one upside down."""
    is_mirrored: bool = False
    residual: float = 0.0
    """Millimetres by which its print still lies beside the form's, for 95 in 100 places."""

    def find_marks(self) -> Mapping[str, Mark]:
        """What is in each field; of a key that a page has twice, whatever is more than nothing."""
        order = list(Mark)
        seen: dict[str, Mark] = {}
        for field in self.fields:
            seen[field.key] = max(seen.get(field.key, Mark.EMPTY), field.mark, key=order.index)
        return seen
