"""The places of one page of a form in the order in which they are read."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from downtime.pdf import drawing as pdf_drawing
from downtime.pdf.geometry import FieldRectangle


class PageField(NamedTuple):
    """A place and its turn in the reading order; what a page says twice is read once."""

    reading_order: int
    is_read: bool
    rectangle: FieldRectangle
    tick_operators: str
    """The operators that tick it; empty for what is not ticked."""


class EmbeddedPage(NamedTuple):
    """One page of a layout, embedded: its fields by key."""

    xobject: int
    size: tuple[float, float]
    fields: Mapping[str, tuple[PageField, ...]]


_BEFORE = ("page.title", "page.serial", "page.number", "page.outage", "page.site")
_AFTER = ("page.as-at", "page.printed", "page.foot", "page.code-a", "page.code-b")


def fields_by_key(places: Sequence[FieldRectangle]) -> dict[str, tuple[PageField, ...]]:
    """Places by key, in the order in which they are read: what page this is, whose, what it says."""
    found: dict[str, tuple[PageField, ...]] = {}
    order = sorted(places, key=lambda place: _rank(place.key))
    for turn, place in enumerate(order):
        before = found.get(place.key, ())
        read = not (before and place.key.startswith("page."))
        cross = pdf_drawing.tick_operators(place) if place.kind == "tick" else ""
        found[place.key] = (*before, PageField(turn, read, place, cross))
    return found


def _rank(key: str) -> tuple[int, int]:
    if key in _BEFORE:
        return 0, _BEFORE.index(key)
    if key in _AFTER:
        return 3, _AFTER.index(key)
    return (1 if key.startswith("patient.") else 2), 0
