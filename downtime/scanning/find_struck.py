"""Values that were printed into fields and struck out by hand: a pen's line fills the white between letters."""

from collections.abc import Iterable

import cv2
import numpy as np

from downtime.pdf.field_rectangle import FieldRectangle
from downtime.scanning.measure_ink import INK_TONES
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


def find_struck(flat: Pixels, printed: Pixels, stamped: Iterable[FieldRectangle]) -> list[Box]:
    """Boxes around the words in these fields that a line runs through; `flat` has even light."""
    boxes = (locate_rectangle(field, printed.shape[0]).grow(-BORDER) for field in stamped)
    text_boxes = (_find_words(box, printed) for box in boxes)
    return [box for box in text_boxes if box and _is_struck(box.cut(flat), box.cut(printed))]


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
