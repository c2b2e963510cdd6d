"""Ticks: the share of a box that is inked, once its own outline has been found."""

from collections.abc import Sequence

import cv2
import numpy as np

from downtime.pdf.field_rectangle import FieldRectangle
from downtime.scanning.measure_ink import InkMask, sum_box
from downtime.scanning.page_reading import Mark
from downtime.scanning.pixels import Box, Pixels, locate_rectangle, mm

EMPTY_SHARE = 0.03
MARKED_SHARE = 0.12
"""Between the two a person looks: 0 wrong of 256 in the first trial."""
SCRIBBLE_SHARE = 0.62
"""A box with more ink than a tick or a cross takes may be crossed out."""
BESIDE_MM2 = 1.0
BESIDE_MM = 1.5
"""Ink around an empty box within so much may be meant for it."""
LABEL_MM = (2.5, 12.0)
"""Where the words of a box stand, from its right side on."""
STRUCK_MM2 = 1.5
OUTLINE_SEARCH_MM = 1.0
OUTLINE_MM = 0.5


def measure_ticks(
    ink: InkMask,
    printed: Pixels,
    boxes: Sequence[FieldRectangle],
    rectangles: Sequence[FieldRectangle],
) -> list[tuple[Mark, float]]:
    """What each box holds, and the share of it that is inked; `rectangles` are the page's."""
    if not boxes:
        return []
    around = cv2.integral(ink.solid // 255)
    places = [locate_rectangle(box, printed.shape[0]) for box in boxes]
    others = [locate_rectangle(place, printed.shape[0]) for place in rectangles]
    return [
        _measure_tick(ink, printed, around, place, _find_label(place, others)) for place in places
    ]


def _measure_tick(
    ink: InkMask, printed: Pixels, around: Pixels, box: Box, label: Box
) -> tuple[Mark, float]:
    x, y = _find_outline(ink.flat, printed, box)
    inner = Box(box.left + x, box.top + y, box.right + x, box.bottom + y).grow(-mm(OUTLINE_MM))
    inside = inner.cut(ink.raw)
    if not inside.size:
        return Mark.DOUBTFUL, 0.0
    share = float((inside > 0).mean())
    return _judge(share, _ink_beside(around, box), sum_box(around, label) / mm(1) ** 2), share


def _judge(share: float, beside_mm2: float, struck: float) -> Mark:
    if share < EMPTY_SHARE and beside_mm2 < BESIDE_MM2 and struck < STRUCK_MM2:
        return Mark.EMPTY
    if share < MARKED_SHARE or share > SCRIBBLE_SHARE or struck >= STRUCK_MM2:
        return Mark.DOUBTFUL
    return Mark.MARKED


def _find_label(box: Box, others: Sequence[Box]) -> Box:
    """Where the words of a box stand, up to the next field: with ink on them they may be struck out."""
    label_left, right = box.right + mm(LABEL_MM[0]), box.right + mm(LABEL_MM[1])
    for other in others:
        if other.left >= box.right and other.top < box.bottom and box.top < other.bottom:
            right = min(right, other.left - mm(LABEL_MM[0]))
    return Box(label_left, box.top, max(label_left, right), box.bottom)


def _ink_beside(around: Pixels, box: Box) -> float:
    """Square millimetres of ink just around the box."""
    dots = sum_box(around, box.grow(mm(BESIDE_MM))) - sum_box(around, box)
    return dots / mm(1) ** 2


def _find_outline(flat: Pixels, printed: Pixels, box: Box) -> tuple[int, int]:
    """How far the printed outline lies from its place, in dots; where it is not found, nothing."""
    context, reach = mm(OUTLINE_MM), mm(OUTLINE_SEARCH_MM)
    template = box.grow(context).cut(printed)
    window = box.grow(context + reach).cut(flat)
    if window.shape[0] != template.shape[0] + 2 * reach or not template.size:
        return 0, 0
    if window.shape[1] != template.shape[1] + 2 * reach:
        return 0, 0
    outline = _outline_mask(template.shape)
    likeness = cv2.matchTemplate(window, template, cv2.TM_SQDIFF, mask=outline)
    _, _, (x, y), _ = cv2.minMaxLoc(likeness)
    return x - reach, y - reach


def _outline_mask(shape: tuple[int, ...]) -> Pixels:
    """Only the outline counts: what is ticked inside differs anyway."""
    mask = np.full(shape, 255, np.uint8)
    width = 2 * mm(OUTLINE_MM)
    mask[width:-width, width:-width] = 0
    return mask
