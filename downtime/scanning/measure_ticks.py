"""Ticks: the share of a box that is inked, once its own outline has been found."""

from collections.abc import Sequence

import cv2
import numpy as np

from downtime.pdf.field_rectangle import FieldRectangle
from downtime.scanning.measure_ink import INK_TONES, InkMask, sum_box
from downtime.scanning.page_reading import Mark
from downtime.scanning.pixels import Box, Pixels, locate_rectangle, mm

EMPTY_SHARE = 0.03
MARKED_SHARE = 0.12
"""Between the two a person looks: 0 wrong of 256 in the first trial."""
SCRIBBLE_SHARE = 0.55
"""A box with more ink than a tick or a cross takes may be crossed out."""
BESIDE_MM2 = 1.0
BESIDE_MM = 1.5
"""Ink around an empty box within so much may be meant for it."""
LONG_MM = 4.0
"""A stroke that goes so far beyond the box may cross its option out."""
OUTLINE_SEARCH_MM = 1.0
OUTLINE_MM = 0.5


def measure_ticks(
    ink: InkMask, printed: Pixels, boxes: Sequence[FieldRectangle]
) -> list[tuple[Mark, float]]:
    """What each box holds, and the share of it that is inked."""
    if not boxes:
        return []
    around = cv2.integral(ink.solid // 255)
    rows = printed.shape[0]
    return [_measure_tick(ink, printed, around, locate_rectangle(box, rows)) for box in boxes]


def _measure_tick(ink: InkMask, printed: Pixels, around: Pixels, box: Box) -> tuple[Mark, float]:
    x, y = _find_outline(ink.flat, printed, box)
    inner = Box(box.left + x, box.top + y, box.right + x, box.bottom + y).grow(-mm(OUTLINE_MM))
    inside = inner.cut(ink.flat)
    if not inside.size:
        return Mark.DOUBTFUL, 0.0
    share = float((inside < 255 - INK_TONES).mean())
    return _judge(share, _ink_beside(around, box), _reach(ink.solid, box)), share


def _judge(share: float, beside: float, reach: float) -> Mark:
    if share < EMPTY_SHARE and beside < BESIDE_MM2:
        return Mark.EMPTY
    if share < MARKED_SHARE or share > SCRIBBLE_SHARE or reach > LONG_MM:
        return Mark.DOUBTFUL
    return Mark.MARKED


def _ink_beside(around: Pixels, box: Box) -> float:
    """Square millimetres of ink just around the box."""
    dots = sum_box(around, box.grow(mm(BESIDE_MM))) - sum_box(around, box)
    return dots / mm(1) ** 2


def _reach(solid: Pixels, box: Box) -> float:
    """How many millimetres the stroke through a box goes beyond it."""
    margin = mm(2 * LONG_MM)
    window = box.grow(margin).cut(solid)
    left, top = min(margin, box.left), min(margin, box.top)
    _, labels = cv2.connectedComponents(window)
    inside = labels[top : top + box.bottom - box.top, left : left + box.right - box.left]
    through = np.isin(labels, np.unique(inside[inside > 0]))
    ys, xs = np.nonzero(through)
    if not len(xs):
        return 0.0
    right, bottom = left + box.right - box.left, top + box.bottom - box.top
    beyond = max(left - xs.min(), xs.max() - right, top - ys.min(), ys.max() - bottom, 0)
    return float(beyond) / mm(1)


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
