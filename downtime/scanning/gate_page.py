"""Which pages show too little to be measured: a person looks at all of them."""

import cv2
import numpy as np

from downtime.scanning.measure_ink import INK_TONES, InkMask
from downtime.scanning.page_reading import GateReason
from downtime.scanning.pixels import Pixels, mm
from downtime.scanning.register_page import Registration

FEWEST_FITTING = 0.6
MOST_RESIDUAL_MM = 0.45
COARSEST = 0.7
"""Dots of the picture for one of the aligned page: 140 dpi."""
MOST_NOISE = 9.0
"""Tones of the noise on blank paper, of dot beside dot."""
MOST_SPECKS = 0.0015
"""The share of the blank page that is specks."""
PALEST_PRINT = 0.85
"""The share of the form's dark print that is dark on the page."""
BLANK_MARGIN_MM = 1.5


def judge_registration(registration: Registration | None) -> GateReason | None:
    """Whether the page lies on its form's print, with enough dots."""
    if registration is None:
        return GateReason.NOT_ALIGNED
    if registration.scale < COARSEST:
        return GateReason.COARSE
    if registration.fitting < FEWEST_FITTING or registration.residual_mm > MOST_RESIDUAL_MM:
        return GateReason.NOT_ALIGNED
    return None


def judge_ink(ink: InkMask, printed: Pixels) -> GateReason | None:
    """Whether ink can be told from noise, and the form's own print is all there."""
    margin = mm(BLANK_MARGIN_MM) | 1
    blank = cv2.erode(printed, np.ones((margin, margin), np.uint8)) > 250
    if _measure_noise(ink.flat, blank) > MOST_NOISE:
        return GateReason.NOISY
    specks = cv2.countNonZero(cv2.subtract(ink.raw, ink.solid)) / max(1, int(blank.sum()))
    if specks > MOST_SPECKS:
        return GateReason.NOISY
    core = cv2.dilate(printed, np.ones((3, 3), np.uint8)) < 60
    if core.any() and float((ink.flat[core] < 255 - 2 * INK_TONES).mean()) < PALEST_PRINT:
        return GateReason.FADED
    return None


def _measure_noise(flat: Pixels, blank: Pixels) -> float:
    """The usual difference between a dot and the next but one, on blank paper, in tones."""
    seen = flat[::4, :-2].astype(np.int16) - flat[::4, 2:]
    is_blank = blank[::4, 1:-1]
    return float(np.abs(seen[is_blank]).mean()) if is_blank.any() else 0.0
