"""The places of one page of a form in the order in which they are read."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from downtime.pdf import drawing as pdf_drawing
from downtime.pdf.geometry import Place


class Spot(NamedTuple):
    """A place and its turn in the reading order; what a page says twice is read once."""

    turn: int
    read: bool
    place: Place
    cross: str
    """The operators that tick it; empty for what is not ticked."""


class Page(NamedTuple):
    """One page of a layout, embedded: its fields by key."""

    drawing: int
    size: tuple[float, float]
    spots: Mapping[str, tuple[Spot, ...]]


_BEFORE = ("page.title", "page.serial", "page.number", "page.outage", "page.site")
_AFTER = ("page.as-at", "page.printed", "page.foot", "page.code-a", "page.code-b")


def spots_of(places: Sequence[Place]) -> dict[str, tuple[Spot, ...]]:
    """Places by key, in the order in which they are read: what page this is, whose, what it says."""
    found: dict[str, tuple[Spot, ...]] = {}
    order = sorted(places, key=lambda place: _rank(place.key))
    for turn, place in enumerate(order):
        before = found.get(place.key, ())
        read = not (before and place.key.startswith("page."))
        cross = pdf_drawing.tick(place) if place.kind == "tick" else ""
        found[place.key] = (*before, Spot(turn, read, place, cross))
    return found


def _rank(key: str) -> tuple[int, int]:
    if key in _BEFORE:
        return 0, _BEFORE.index(key)
    if key in _AFTER:
        return 3, _AFTER.index(key)
    return (1 if key.startswith("patient.") else 2), 0
