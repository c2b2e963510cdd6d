"""What is written outside every field: strokes on blank paper, and lines through the form's own words."""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from downtime.pdf.field_rectangle import FieldKind, FieldRectangle
from downtime.scanning.measure_ink import INK_TONES, InkMask
from downtime.scanning.pixels import DOTS_IN_MM, Box, Pixels, locate_rectangle, mm

PRINT_HALO = 11
"""Dots a side over which print may have moved: a rule half a millimetre off is not writing."""
NEAR_HALO = 5
PEN_DOTS = 3
"""Between the two, print that moved shows a thin edge: what is as thick as a pen's line is writing."""
EDGE_MM = 4.0
"""The border of a page, where a scanner shows its own shadow."""
HOLE_MM = (3.5, 8.5)
"""Diameters of punched holes: 6 mm (ISO 838), 5.5 and 8 mm."""
HOLE_EDGE_MM = 22.0
RIM_EDGE_MM = (9.0, 16.0)
"""From a page's edge to the middle of a hole of which only the rim shows; others may be a written ring."""
ROUND_SHARE = 0.72
"""Of its circle; a square has 0.64."""
DISC_TONE = 190
HOLE_MARGIN = 7
"""Dots around a hole that are its own."""
OUTSIDE_MM = 3.5
"""Ink is told from so long a stroke on."""
JOIN_MM = 2.0
"""Strokes that are nearer are shown as one."""
FIELD_MARGIN_MM = 1.2
"""How far writing may stand over its field's border and still be that field's."""
COARSE = 4
"""Dots a side of what is looked at together."""
STRUCK_TONES = 22
"""Words are that much darker on average with a pen's line through them."""
STRUCK_SPREAD = 5.0
"""And by so many times what print differs from print on this page."""
STRUCK_MM = 3.0


def find_outside(ink: InkMask, printed: Pixels, rectangles: Sequence[FieldRectangle]) -> list[Box]:
    """Boxes around what is written outside every field, without holes and the page's border."""
    near_print = cv2.erode(printed, _square(NEAR_HALO))
    near_ink = cv2.morphologyEx(
        _drop_print(ink.solid, near_print), cv2.MORPH_OPEN, _square(PEN_DOTS)
    )
    far_ink = _drop_print(ink.solid, cv2.erode(near_print, _square(PRINT_HALO - NEAR_HALO + 1)))
    seen = _coarsen(cv2.bitwise_or(near_ink, far_ink)) // 255
    small = _shrink(ink.flat)
    seen = cv2.bitwise_or(seen, _find_struck(small, _shrink(printed)))
    blank = _mask_fields(printed.shape, rectangles)
    _mask_holes(blank, ink, small)
    seen[cv2.resize(blank, seen.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0] = 0
    return _find_strokes(seen)


def _square(side: int) -> Pixels:
    return np.ones((side, side), np.uint8)


def _drop_print(solid: Pixels, printed: Pixels) -> Pixels:
    """Ink where nothing is printed."""
    free = cv2.threshold(printed, 254 - INK_TONES, 255, cv2.THRESH_BINARY)[1]
    return cv2.bitwise_and(solid, free)


def _coarsen(mask: Pixels) -> Pixels:
    """255 wherever any of `COARSE` dots a side is set."""
    return cv2.threshold(_shrink(mask), 0, 255, cv2.THRESH_BINARY)[1]


def _shrink(page: Pixels) -> Pixels:
    """The page with `COARSE` dots a side as one, of their mean tone."""
    size = page.shape[1] // COARSE, page.shape[0] // COARSE
    whole = page[: size[1] * COARSE, : size[0] * COARSE]
    return cv2.resize(whole, size, interpolation=cv2.INTER_AREA)


def _mask_fields(shape: tuple[int, ...], rectangles: Sequence[FieldRectangle]) -> Pixels:
    """Where ink is a field's, a code's or the border's."""
    blank = np.full(shape, 255, np.uint8)
    edge = mm(EDGE_MM)
    blank[edge:-edge, edge:-edge] = 0
    for field in rectangles:
        grown = mm(4.0) if field.kind is FieldKind.CODE else mm(FIELD_MARGIN_MM)
        locate_rectangle(field, shape[0]).grow(grown).cut(blank)[:] = 255
    return blank


def _find_struck(small: Pixels, small_print: Pixels) -> Pixels:
    """1 where print is darker than elsewhere on the page, over a pen's line and its surroundings.

    Whether print has moved a little does not change how dark a word is on average.
    """
    seen, expected = (_measure_darkness(page) for page in (small, small_print))
    is_word = (expected > 20) & (expected < 150)
    if is_word.sum() < 100:
        return np.zeros(seen.shape, np.uint8)
    gain = float(np.median(seen[is_word] / expected[is_word]))
    extra = seen - np.clip(gain, 0.6, 1.5) * expected
    spread = 1.48 * float(np.median(np.abs(extra[is_word])))
    struck = (is_word & (extra > max(STRUCK_TONES, STRUCK_SPREAD * spread))).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(struck)
    length = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    keep = (length * COARSE >= mm(STRUCK_MM)).astype(np.uint8)
    keep[0] = 0
    long_lines: Pixels = keep[labels]
    return long_lines


def _measure_darkness(small: Pixels) -> Pixels:
    dark: Pixels = cv2.GaussianBlur(255 - small.astype(np.float32), (0, 0), 1.2)
    return dark


def _find_strokes(seen: Pixels) -> list[Box]:
    """Boxes around strokes that are long enough; those near each other in one box."""
    join = mm(JOIN_MM) // COARSE | 1
    joined = cv2.dilate(seen, np.ones((join, join), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    return [
        Box(COARSE * x, COARSE * top, COARSE * (x + width), COARSE * (top + height))
        for x, top, width, height, _ in stats[1:].tolist()
        if COARSE * math.hypot(width - join, height - join) >= mm(OUTSIDE_MM)
    ]


def _mask_holes(blank: Pixels, ink: InkMask, small: Pixels) -> None:
    """Add the punched holes near an edge: dark all over, or only their rim.

    A field that one goes through keeps its ink: a person looks, nothing is lost.
    """
    for x, y, radius in (*_find_discs(small, ink.flat.shape), *_find_rims(ink.solid)):
        cv2.circle(blank, (round(x), round(y)), round(radius) + HOLE_MARGIN, (255,), -1)


def _find_discs(small: Pixels, shape: tuple[int, ...]) -> list[tuple[float, float, float]]:
    """Dark discs, whatever is printed or written across them: middle and radius on a page of this shape."""
    side = mm(HOLE_MM[0]) // COARSE
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    dark = cv2.morphologyEx((small < DISC_TONE).astype(np.uint8), cv2.MORPH_OPEN, disc)
    measured = (_measure_round(contour, COARSE) for contour in _find_contours(dark))
    return [at for at in measured if at and _distance_to_edge(shape, at) <= mm(HOLE_EDGE_MM)]


def _find_rims(solid: Pixels) -> list[tuple[float, float, float]]:
    """Rings just where holes are; others may be written."""
    closed = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    low, high = map(mm, RIM_EDGE_MM)
    measured = (_measure_round(contour, 1) for contour in _find_contours(closed))
    return [at for at in measured if at and low <= _distance_to_edge(solid.shape, at) <= high]


def _find_contours(mask: Pixels) -> list[Pixels]:
    return list(cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0])


def _measure_round(contour: Pixels, scale: int) -> tuple[float, float, float] | None:
    """Middle and radius of what is round and as large as a hole."""
    (x, y), radius = cv2.minEnclosingCircle(contour)
    is_round = cv2.contourArea(contour) > ROUND_SHARE * math.pi * radius**2
    if not is_round or not HOLE_MM[0] <= 2 * radius * scale / DOTS_IN_MM <= HOLE_MM[1]:
        return None
    return (x + 0.5) * scale, (y + 0.5) * scale, radius * scale


def _distance_to_edge(shape: tuple[int, ...], at: tuple[float, float, float]) -> float:
    rows, columns = shape
    return float(min(at[0], at[1], columns - at[0], rows - at[1]))
