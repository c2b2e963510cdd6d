"""Ink on an aligned page: what is darker than the form's own print, without streaks and specks."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from downtime.pdf.field_rectangle import FieldRectangle
from downtime.scanning.page_reading import Mark
from downtime.scanning.pixels import DOTS_IN_MM, Box, Pixels, locate_rectangle, mm

INK_TONES = 28
"""Tones below the print by which ink differs; pale pencil is 40 below white paper and more."""
PRINT_MARGIN = 5
"""Dots a side over which print may have moved or grown."""
SPECK_MM2 = 0.3
"""What is smaller is dust."""
FAINT_MM2 = 0.12
"""Ink of a field, in all: less than `SPECK_MM2` and more than this goes to a person."""
BORDER = 3
"""Dots along a field's border."""
SHADE_BLOCK = 16
"""Dots a side of the blocks over which the light of a page is measured."""
GAIN_UNIT = 64.0
"""What stands for no gain; four times as much is the most."""
STREAK_SHARE = 0.5
"""A line along the feed over so much of a page is the scanner's dirt, not ink."""
STREAK_MM = 1.2
STREAK_STEP = 4
"""Every so many rows are looked at: a streak is in all of them."""


@dataclass(frozen=True, slots=True)
class InkMask:
    """Where ink is: 255 in `solid` for strokes, without dust; `raw` has the dust too."""

    solid: Pixels
    raw: Pixels
    flat: Pixels
    """The aligned page with even light."""


def flatten_light(aligned: Pixels, printed: Pixels) -> Pixels:
    """The page as if its paper were white all over, compared block by block with the print."""
    share = _brightest(aligned) / np.maximum(_brightest(printed), 1.0)
    shade = cv2.GaussianBlur(cv2.medianBlur(share.astype(np.float32), 5), (5, 5), 0)
    gain = np.clip(GAIN_UNIT / np.maximum(shade, 0.25), 0, 255).astype(np.uint8)
    size = (gain.shape[1] * SHADE_BLOCK, gain.shape[0] * SHADE_BLOCK)
    even = cv2.resize(gain, size, interpolation=cv2.INTER_LINEAR)
    below, margin = printed.shape[0] - size[1], printed.shape[1] - size[0]
    even = cv2.copyMakeBorder(even, 0, below, 0, margin, cv2.BORDER_REPLICATE)
    return cv2.multiply(aligned, even, scale=1 / GAIN_UNIT)


def _brightest(page: Pixels) -> Pixels:
    """The tone of the paper in each whole block: of its brightest sixteenth."""
    rows, columns = (side // SHADE_BLOCK for side in page.shape)
    whole = page[: rows * SHADE_BLOCK, : columns * SHADE_BLOCK]
    small = cv2.resize(whole, (columns * 4, rows * 4), interpolation=cv2.INTER_AREA)
    blocks = cv2.dilate(small, np.ones((4, 4), np.uint8), anchor=(0, 0))[::4, ::4]
    return cv2.dilate(blocks, np.ones((3, 3), np.uint8)).astype(np.float32)


def find_ink(aligned: Pixels, printed: Pixels, down: tuple[float, float]) -> InkMask:
    """The ink of a page; `down` is the direction of its scanner's feed."""
    flat = flatten_light(aligned, printed)
    expected = cv2.erode(printed, np.ones((PRINT_MARGIN, PRINT_MARGIN), np.uint8))
    darker = cv2.subtract(expected, flat)
    raw = cv2.threshold(darker, INK_TONES, 255, cv2.THRESH_BINARY)[1]
    for streak in _find_streaks(raw, down):
        raw[streak > 0] = 0
    return InkMask(_drop_specks(raw), raw, flat)


def _drop_specks(raw: Pixels) -> Pixels:
    """Strokes without dust; dots that are a dot apart count as one stroke, which dust never is."""
    quarter = cv2.resize(raw, None, fx=1 / 2, fy=1 / 2, interpolation=cv2.INTER_AREA)
    _, labels = cv2.connectedComponents((quarter > 0).astype(np.uint8), connectivity=8)
    inked = np.flatnonzero(quarter)
    area = np.bincount(labels.ravel()[inked], quarter.ravel()[inked]) * 4 / 255
    keep = (area >= SPECK_MM2 * DOTS_IN_MM**2).astype(np.uint8) * 255
    keep = keep if len(keep) else np.zeros(1, np.uint8)
    strokes = cv2.resize(keep[labels], raw.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return cv2.bitwise_and(strokes, raw)


def _find_streaks(raw: Pixels, down: tuple[float, float]) -> list[Pixels]:
    """Masks of thin lines along the feed, or across it, over more than half of a page."""
    masks = []
    for x, y in (down, (down[1], -down[0])):
        mask = _find_lines(raw, x / y) if abs(y) > abs(x) else _find_lines(raw.T, y / x)
        if mask is not None:
            masks.append(mask if abs(y) > abs(x) else mask.T)
    return masks


def _find_lines(raw: Pixels, slope: float) -> Pixels | None:
    """Lines that run nearly upright: `slope` dots aside for each dot down."""
    rows, columns = raw.shape
    sampled = np.ascontiguousarray(raw[::STREAK_STEP])
    shear = np.array([[1, slope * STREAK_STEP, 0], [0, 1, 0]], np.float32)
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    upright = cv2.warpAffine(sampled, shear, sampled.shape[::-1], flags=flags)
    filled = cv2.dilate(upright, np.ones((1, 3), np.uint8))
    dark = cv2.reduce(filled, 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F)[0] > 255 * STREAK_SHARE
    dark &= np.convolve(dark, np.ones(mm(STREAK_MM) * 2 + 1), "same") <= mm(STREAK_MM) + 2
    if not dark.any():
        return None
    wide = np.convolve(dark, np.ones(3), "same") > 0
    lines = np.repeat((wide * 255).astype(np.uint8)[None], rows, axis=0)
    back = np.array([[1, -slope, 0], [0, 1, 0]], np.float32)
    return cv2.warpAffine(lines, back, (columns, rows), flags=flags)


def measure_fields(ink: InkMask, rectangles: Sequence[FieldRectangle]) -> list[tuple[Mark, float]]:
    """What each field holds and its ink in square millimetres."""
    solid = cv2.integral(ink.solid // 255)
    raw = cv2.integral(ink.raw // 255)
    rows = ink.solid.shape[0]
    return [_measure(solid, raw, locate_rectangle(field, rows)) for field in rectangles]


def _measure(solid: Pixels, raw: Pixels, box: Box) -> tuple[Mark, float]:
    """What a field holds. Ink along its border alone may be a rule that moved, or a neighbour's."""
    area = sum_box(solid, box) / DOTS_IN_MM**2
    if sum_box(solid, box.grow(-BORDER)) / DOTS_IN_MM**2 >= SPECK_MM2:
        return Mark.MARKED, area
    if area > 0 or sum_box(raw, box) / DOTS_IN_MM**2 >= FAINT_MM2:
        return Mark.DOUBTFUL, area
    return Mark.EMPTY, area


def sum_box(integral: Pixels, box: Box) -> float:
    """The sum of a picture over a box, from its integral."""
    bottom, right = integral.shape[0] - 1, integral.shape[1] - 1
    x_low, top = min(max(box.left, 0), right), min(max(box.top, 0), bottom)
    right, bottom = min(max(box.right, x_low), right), min(max(box.bottom, top), bottom)
    a, b = (
        integral[bottom, right] - integral[top, right],
        integral[top, x_low] - integral[bottom, x_low],
    )
    return float(a + b)
