"""Whether two scans of one page show the same writing, by what was measured on each. Pure.

A scanner's light changes how much ink is seen, so small differences say nothing: of 1,010 fields scanned twice
(the benchmark's office pages) 2 differ by more than is allowed here. Whatever differs more is for a person:
something was written after the first scan, or it is a photocopy that somebody else filled in.
"""

from downtime.pdf.field_rectangle import FieldKind
from downtime.scanning.page_reading import FieldReading, PageReading

INK_MM2 = 1.2
"""By so much the ink of a field may differ: two commas."""
INK_SHARE = 0.05
"""And by this part of it: one word more beside six would be seen."""
TICK_SHARE = 0.12
"""Of a tick box's area."""
OUTSIDE_MM = 3.0
OUTSIDE_SHARE = 0.1
"""How much longer ink outside every field may be seen, and by which part of it."""
_MM_IN_POINT = 25.4 / 72


def show_the_same(first: PageReading, second: PageReading) -> bool:
    """Whether nothing was written that only one of them shows; never of a page that was not measured."""
    if first.gate or second.gate or len(first.fields) != len(second.fields):
        return False
    lengths = _measure_outside(first), _measure_outside(second)
    pairs = zip(first.fields, second.fields, strict=True)
    return all(_is_alike(*pair) for pair in pairs) and (
        abs(lengths[0] - lengths[1]) <= OUTSIDE_MM + OUTSIDE_SHARE * max(lengths)
    )


def _is_alike(first: FieldReading, second: FieldReading) -> bool:
    is_tick = first.kind is FieldKind.TICK
    most = TICK_SHARE if is_tick else INK_MM2 + INK_SHARE * max(first.ink, second.ink)
    return first.key == second.key and abs(first.ink - second.ink) <= most


def _measure_outside(reading: PageReading) -> float:
    """Millimetres that the boxes around ink outside every field are wide and high."""
    return sum(ink.width + ink.height for ink in reading.outside) * _MM_IN_POINT
