"""Whether two scans of one page show the same writing, by what was measured on each. Pure.

A copier makes ink thicker and a scanner's light changes, so small differences say nothing. Whatever is more
is for a person: something was written after the first scan, or it is a photocopy that somebody else filled in.
"""

from downtime.pdf.field_rectangle import FieldKind
from downtime.scanning.page_reading import FieldReading, PageReading

INK_SHARE = 0.3
"""Of the ink of a field that one of the two may have more."""
INK_MM2 = 1.5
"""And so much at least: a comma."""
TICK_SHARE = 0.12
"""Of a tick box's area."""


def show_the_same(first: PageReading, second: PageReading) -> bool:
    """Whether nothing was written that only one of them shows; never of a page that was not measured."""
    if first.gate or second.gate or len(first.fields) != len(second.fields):
        return False
    pairs = zip(first.fields, second.fields, strict=True)
    return all(_is_alike(*pair) for pair in pairs) and _are_near(
        _measure_outside(first), _measure_outside(second)
    )


def _is_alike(first: FieldReading, second: FieldReading) -> bool:
    if first.key != second.key:
        return False
    if first.kind is FieldKind.TICK:
        return abs(first.ink - second.ink) <= TICK_SHARE
    return _are_near(first.ink, second.ink)


def _are_near(first: float, second: float) -> bool:
    return abs(first - second) <= max(INK_MM2, INK_SHARE * max(first, second))


def _measure_outside(reading: PageReading) -> float:
    """Millimetres that the boxes around ink outside every field are long."""
    return sum(ink.width + ink.height for ink in reading.outside) * 25.4 / 72
