"""How alike a scanned page without a code is to the prints of forms, by what is ruled and printed on them. Pure.

It names candidates for a person and nothing else: two forms may be ruled alike.
"""

from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from downtime.scanning.pixels import Pixels

DPI = 30
SIZE = 384
"""Dots a side of what is compared: an A4 page at `DPI`, however it lies."""
_SCALES = (0.94, 0.97, 1.0)
"""How small a printer may have made the page."""
_STEEPEST_DEGREES = 6.0
_STEP_DEGREES = 0.5
_LARGEST_SHIFT = 60
"""Dots, about five centimetres: a page lies on the glass, not beside it."""


def rank_prints(picture: Pixels, prints: Iterable[Pixels]) -> list[float]:
    """For each printed page how alike it is, 0 to 1, whichever way the picture lies."""
    seen = [np.conj(_transform(version)) for version in _lay_upright(picture)]
    return [_compare(seen, _transform(_centre(_shrink_print(page)))) for page in prints]


def _compare(seen: list[Pixels], printed: Pixels) -> float:
    return max(
        float(_keep_small_shifts(np.fft.irfft2(version * printed)).max()) for version in seen
    )


def _keep_small_shifts(likeness: Pixels) -> Pixels:
    """What belongs to small shifts, in each direction."""
    edge = np.r_[0:_LARGEST_SHIFT, -_LARGEST_SHIFT:0]
    shifted: Pixels = likeness[np.ix_(edge, edge)]
    return shifted


def _transform(picture: Pixels) -> Pixels:
    """Of a picture without its mean and of length 1: so a product of two is what they have in common."""
    picture = picture - picture.mean()
    length = float(np.linalg.norm(picture)) or 1.0
    transformed: Pixels = np.fft.rfft2(picture / length)
    return transformed


def _lay_upright(picture: Pixels) -> Iterator[Pixels]:
    """The picture straight, turned each of four ways, in each size."""
    largest = max(picture.shape)
    for scale in _SCALES:
        size = 297 / 25.4 * DPI / scale
        ink = _find_ink(_resize(picture, size / largest))
        straight = _straighten(_centre(ink))
        for turns in range(4):
            yield np.rot90(straight, turns)


def _shrink_print(page: Pixels) -> Pixels:
    return _find_ink(_resize(page, 297 / 25.4 * DPI / max(page.shape)))


def _resize(picture: Pixels, factor: float) -> Pixels:
    return cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def _find_ink(picture: Pixels) -> Pixels:
    """What is darker than the paper around it, whatever the light; each mark counts about the same."""
    paper = cv2.GaussianBlur(cv2.dilate(picture, np.ones((9, 9), np.uint8)), (0, 0), 6)
    ink = np.clip(paper.astype(np.float32) - picture, 0, 96)
    return cv2.GaussianBlur(ink, (0, 0), 1.0)


def _centre(ink: Pixels) -> Pixels:
    """In the middle of a square, so that it can be turned."""
    square = np.zeros((SIZE, SIZE), np.float32)
    rows, columns = min(SIZE, ink.shape[0]), min(SIZE, ink.shape[1])
    top, x_low = (SIZE - rows) // 2, (SIZE - columns) // 2
    square[top : top + rows, x_low : x_low + columns] = ink[:rows, :columns]
    return square


def _straighten(square: Pixels) -> Pixels:
    """Turned so that its lines lie along rows and columns."""
    angles = np.arange(-_STEEPEST_DEGREES, _STEEPEST_DEGREES + _STEP_DEGREES, _STEP_DEGREES)
    versions = (_rotate(square, float(angle)) for angle in angles)
    return max(versions, key=lambda page: float(page.sum(0).var() + page.sum(1).var()))


def _rotate(square: Pixels, degrees: float) -> Pixels:
    matrix = cv2.getRotationMatrix2D((SIZE / 2 - 0.5, SIZE / 2 - 0.5), degrees, 1.0)
    return cv2.warpAffine(square, matrix, (SIZE, SIZE))
