"""Values that were printed into fields and altered by hand.

A line through them fills the white between letters; a slash, a point that makes 5 into .5, or a letter
crossed out is a pen's ink in that white; correction fluid covers print.
"""

from collections.abc import Iterable

import cv2
import numpy as np

from downtime.pdf.field_rectangle import FieldRectangle
from downtime.scanning.measure_ink import INK_TONES, InkMask
from downtime.scanning.pixels import Box, Pixels, locate_rectangle, mm

LINE_MM = 2.4
"""So much of a line is looked at together."""
FEWEST_WHITE = 8
"""Dots of white between print that such a stretch has to show."""
FILLED_SHARE = 0.8
"""Of them that are inked where it is struck out."""
LINE_DOTS = 2
"""Rows beside each other that show it: one alone is print that moved."""
BORDER = 4
"""Dots along a field's border, where a rule may have moved."""
PRINT_TONE = 200
CLOSE = np.ones((3, 3), np.uint8)
"""Over so much print may have moved."""
AROUND_X, AROUND_Y = 8, 6
"""Dots around the words in which ink alters them, too."""
PEN_HALO = np.ones((5, 5), np.uint8)
PEN_DOTS = np.ones((3, 3), np.uint8)
"""Print that moved shows an edge thinner than a pen's dot."""
FEWEST_INKED = 12
"""Dots of ink in one place: a point of 0.4 mm; dust is smaller."""
COVER_HALO = np.ones((7, 7), np.uint8)
COVER_TONE, COVERED_TONE = 150, 110
"""Where print of this tone was expected, and nothing near is darker than that."""
FEWEST_COVERED = 6


def find_struck(ink: InkMask, printed: Pixels, stamped: Iterable[FieldRectangle]) -> list[Box]:
    """Boxes around the words in these fields that were altered."""
    boxes = (locate_rectangle(field, printed.shape[0]).grow(-BORDER) for field in stamped)
    return [
        text_box
        for box in boxes
        if (text_box := _find_words(box, printed)) and _is_altered(text_box, box, ink, printed)
    ]


def _is_altered(text_box: Box, field: Box, ink: InkMask, printed: Pixels) -> bool:
    around = Box(
        max(field.left, text_box.left - AROUND_X),
        max(field.top, text_box.top - AROUND_Y),
        min(field.right, text_box.right + AROUND_X),
        min(field.bottom, text_box.bottom + AROUND_Y),
    )
    flat, expected = around.cut(ink.flat), around.cut(printed)
    return (
        _is_struck(text_box.cut(ink.flat), text_box.cut(printed))
        or _is_inked(around.cut(ink.raw), expected)
        or _is_covered(flat, expected)
    )


def _is_inked(raw: Pixels, printed: Pixels) -> bool:
    """Whether a pen wrote in the white of a value."""
    free = raw.copy()
    free[cv2.erode(printed, PEN_HALO) < 255 - INK_TONES] = 0
    return _has_blot(cv2.morphologyEx(free, cv2.MORPH_OPEN, PEN_DOTS), FEWEST_INKED)


def _is_covered(flat: Pixels, printed: Pixels) -> bool:
    """Whether print of a value is not there."""
    is_white = cv2.erode(flat, COVER_HALO) > COVER_TONE
    return _has_blot((is_white & (printed < COVERED_TONE)).astype(np.uint8), FEWEST_COVERED)


def _has_blot(mask: Pixels, dots: int) -> bool:
    """Whether so many dots hang together."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    return bool((stats[1:, cv2.CC_STAT_AREA] >= dots).any())


def _find_words(box: Box, printed: Pixels) -> Box | None:
    """The box of what is printed inside another."""
    points = cv2.findNonZero((box.cut(printed) < PRINT_TONE).astype(np.uint8))
    if points is None:
        return None
    x, y, width, height = cv2.boundingRect(points)
    text_box = Box(box.left + x, box.top + y, box.left + x + width, box.top + y + height)
    return text_box if width >= mm(LINE_MM) / 2 else None


def _is_struck(flat: Pixels, printed: Pixels) -> bool:
    white = (cv2.erode(printed, CLOSE) >= PRINT_TONE).astype(np.float32)
    inked = white * (flat < 255 - 2 * INK_TONES)
    length = min(mm(LINE_MM), printed.shape[1])
    whites, inks = (
        cv2.boxFilter(mask, -1, (length, 1), normalize=False, borderType=cv2.BORDER_CONSTANT)
        for mask in (white, inked)
    )
    is_line = (whites >= FEWEST_WHITE) & (inks >= FILLED_SHARE * whites)
    is_band = is_line[LINE_DOTS - 1 :].copy()
    for row in range(LINE_DOTS - 1):
        is_band &= is_line[row : row - LINE_DOTS + 1]
    return bool(is_band.any())
