"""Operators of what is not text: crosses in boxes, a watermark, rules and grey fields."""

from functools import lru_cache

from downtime.pdf.field_rectangle import FieldRectangle
from downtime.pdf.flow_blocks import FlowedPage
from downtime.pdf.typeface import glyph_runs


@lru_cache(maxsize=1024)
def tick_operators(box: FieldRectangle) -> str:
    """A cross through the box, as a person would make it."""
    x, y, size = box.x, box.y, box.width
    low, high = size * 0.2, size * 0.8
    return (
        f"q 1.5 w {x + low:.2f} {y + low:.2f} m {x + high:.2f} {y + high:.2f} l "
        f"{x + low:.2f} {y + high:.2f} m {x + high:.2f} {y + low:.2f} l S Q\n"
    )


@lru_cache(maxsize=16)
def watermark_operators(text: str, size: tuple[float, float]) -> str:
    """A word across the page in grey outline, under everything that is to be read."""
    ((face, glyphs, width),), _ = glyph_runs(text, True)
    points = 170.0
    x, y = size[0] / 2 - width * points * 0.354 + 45, size[1] / 2 - width * points * 0.354 - 45
    return (
        f"q 0.72 G 1.6 w 1 Tr BT /{face} {points} Tf 0.7071 0.7071 -0.7071 0.7071"
        f" {x:.2f} {y:.2f} Tm <{glyphs}> Tj ET Q\n"
    )


def table_operators(page: FlowedPage, body: FieldRectangle) -> list[str]:
    """The rules and grey fields of the tables that flow in a rectangle."""
    top = body.y + body.height
    shades = [
        f"q 0.9 g {body.x + x:.2f} {top + y:.2f} {w:.2f} {h:.2f} re f Q\n"
        for x, y, w, h in page.shades
    ]
    rules = [
        f"q 0.5 w {body.x + x:.2f} {top + y:.2f} m {body.x + x + w:.2f} {top + y:.2f} l S Q\n"
        for x, y, w in page.rules
    ]
    return shades + rules
