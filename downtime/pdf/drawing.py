"""Operators of what is not text: crosses in boxes, the drill's watermark, rules and grey fields."""

from functools import lru_cache

from downtime.pdf.flow_blocks import FlowedPage
from downtime.pdf.geometry import FieldRectangle
from downtime.pdf.typeface import glyph_runs

DRILL = "DRILL"
DRILL_FACE, DRILL_GLYPHS, _ = glyph_runs(DRILL, True)[0][0]


@lru_cache(maxsize=1024)
def tick_operators(place: FieldRectangle) -> str:
    """A cross through the box, as a person would make it."""
    x, y, size = place.x, place.y, place.width
    near, far = size * 0.2, size * 0.8
    return (
        f"q 1.5 w {x + near:.2f} {y + near:.2f} m {x + far:.2f} {y + far:.2f} l "
        f"{x + near:.2f} {y + far:.2f} m {x + far:.2f} {y + near:.2f} l S Q\n"
    )


@lru_cache(maxsize=16)
def watermark_operators(size: tuple[float, float]) -> str:
    """`DRILL` across the page in grey outline, under everything that is to be read."""
    wide = glyph_runs(DRILL, True)[1]
    points = 170.0
    x, y = size[0] / 2 - wide * points * 0.354 + 45, size[1] / 2 - wide * points * 0.354 - 45
    return (
        f"q 0.72 G 1.6 w 1 Tr BT /{DRILL_FACE} {points} Tf 0.7071 0.7071 -0.7071 0.7071"
        f" {x:.2f} {y:.2f} Tm <{DRILL_GLYPHS}> Tj ET Q\n"
    )


def table_operators(area: FlowedPage, body: FieldRectangle) -> list[str]:
    """The rules and grey fields of what flows in a place."""
    top = body.y + body.height
    grey = [
        f"q 0.9 g {body.x + x:.2f} {top + y:.2f} {w:.2f} {h:.2f} re f Q\n"
        for x, y, w, h in area.shades
    ]
    rules = [
        f"q 0.5 w {body.x + x:.2f} {top + y:.2f} m {body.x + x + w:.2f} {top + y:.2f} l S Q\n"
        for x, y, w in area.rules
    ]
    return grey + rules
