"""What was seen on one returned page: marks in its boxes, ink in its fields, ink outside them.

Handwriting is never read: a field holds ink or none, and its picture is for a person.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from downtime.pdf.field_rectangle import FieldKind

PAGE_DPI = 200
"""Dots per inch of a page once it lies as it was printed; its printed picture has as many."""
READER = 2
"""The version of what reads: pages that an earlier one read are read again."""


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
    NO_LAYOUT = "no_layout"
    """What its form was printed on is not kept here."""
    FAILED = "failed"
    """It asked for too much memory or time."""
    FADED = "faded"
    """The form's own print is missing or pale, so pale ink may be missing too."""


GATE_REASONS = {
    GateReason.NO_CODE: "its code cannot be read on the kept picture",
    GateReason.NOT_ALIGNED: "its print does not lie where the form's print lies",
    GateReason.COARSE: "it was scanned too coarsely; 200 dots per inch and grey are needed",
    GateReason.TWO_TONE: "it was scanned in black and white, which loses pale pencil, or nobody knows that it was not",
    GateReason.NOISY: "it has specks or shades where the form is blank",
    GateReason.NO_LAYOUT: "the print of its form is not kept on this machine",
    GateReason.FAILED: "it could not be measured",
    GateReason.FADED: "its print is pale, so pale ink may be missing too",
}
"""The same in words that follow a colon."""


@dataclass(frozen=True, slots=True)
class PicturePlace:
    """Where something is on a page's picture: parts of its width and height, from the top left."""

    x: float
    y: float
    width: float
    height: float

    def join(self, other: "PicturePlace") -> "PicturePlace":
        """The rectangle around both."""
        x, y = min(self.x, other.x), min(self.y, other.y)
        right = max(self.x + self.width, other.x + other.width)
        bottom = max(self.y + self.height, other.y + other.height)
        return PicturePlace(x, y, right - x, bottom - y)


@dataclass(frozen=True, slots=True)
class FieldReading:
    """One field of the page."""

    key: str
    """As in the layout: an answer's key, or `KEY=CODE` for the box of one option."""
    kind: FieldKind
    mark: Mark
    ink: float
    """Of a tick box the share that is inked, of a field the square millimetres of ink."""
    place: PicturePlace
    """Where the paper has it, however it was fed."""


@dataclass(frozen=True, slots=True)
class OutsideInk:
    """Something is written outside every field: points from the page's lower left corner."""

    x: float
    y: float
    width: float
    height: float
    place: PicturePlace


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

    def as_json(self) -> dict[str, Any]:
        """What `parse_reading` reads."""
        return asdict(self)


def parse_reading(document: Mapping[str, Any]) -> PageReading:
    """A reading as `PageReading.as_json` wrote it."""
    gate = document["gate"]
    return PageReading(
        page_number=document["page_number"],
        fields=tuple(
            FieldReading(
                field["key"], FieldKind(field["kind"]), Mark(field["mark"]), field["ink"],
                PicturePlace(**field["place"]),
            )
            for field in document["fields"]
        ),
        outside=tuple(
            OutsideInk(**ink | {"place": PicturePlace(**ink["place"])}) for ink in document["outside"]
        ),
        gate=GateReason(gate) if gate else None,
        turned_degrees=document["turned_degrees"],
        is_mirrored=document["is_mirrored"],
        residual=document["residual"],
    )  # fmt: skip
