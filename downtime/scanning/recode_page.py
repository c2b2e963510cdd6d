"""Make the picture of a kept page small once it was read: WebP, its blank paper made even.

Only where nothing stands is anything made even. What differs from the paper around it by more than
`BLANK_TONES`, over a third of a millimetre, stays: pale pencil differs five times as much. Texture of
the paper and dust fainter than that are lost, and detail finer than a tenth of a millimetre.

Only the child process that opens scans imports this: it brings OpenCV with it.
"""

import os

# As in `read_page`: threads of numpy's would only reserve memory.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import cv2
import numpy as np

from downtime.scanning.pixels import Pixels

cv2.setNumThreads(1)

BLANK_TONES = 6.0
SMOOTHING = 1.5
"""Dots over which a mark is told from the noise of paper."""
MARGIN = 5
"""Dots a side around a mark that stay as they are."""
SOFTENING = 0.7
"""Dots: noise between strokes costs a third of the file, and no stroke is so thin."""
QUALITY = 18
JPEG_QUALITY = 60
COLOUR_TONES = 40
COLOUR_SHARE = 0.0001
"""So much of a page in colour, such as a red pen's line, keeps it coloured."""
_PAPER_BLOCK = 4
_STROKE_BLOCKS = 9
"""The paper's tone is that around a stroke: so many blocks are wider than any."""


def recode_page(picture: bytes) -> bytes:
    """The WebP of a page that was kept as JPEG; ValueError when it is no picture."""
    page = _decode(picture)
    grey = cv2.cvtColor(page, cv2.COLOR_BGR2GRAY)
    even = _even_paper(page if _has_colour(page) else grey, grey)
    return _encode(".webp", even, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])


def to_jpeg(picture: bytes) -> bytes:
    """The JPEG of a kept page, in colours: a PDF knows no WebP."""
    return _encode(".jpg", _decode(picture), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])


def _decode(picture: bytes) -> Pixels:
    page = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    if page is None:
        raise ValueError("no picture")
    return page


def _encode(suffix: str, page: Pixels, how: list[int]) -> bytes:
    done, encoded = cv2.imencode(suffix, page, how)
    if not done:
        raise ValueError("no picture")
    return bytes(encoded.tobytes())


def _has_colour(page: Pixels) -> bool:
    spread = page.max(axis=2) - page.min(axis=2)
    return bool(np.count_nonzero(spread > COLOUR_TONES) > COLOUR_SHARE * spread.size)


def _even_paper(page: Pixels, grey: Pixels) -> Pixels:
    """The page with one tone of paper around each place where nothing stands."""
    is_mark = _find_marks(grey)
    soft = cv2.GaussianBlur(page, (0, 0), SOFTENING)
    paper = _measure_paper(page)
    mask = is_mark if page.ndim == 2 else is_mark[..., None]
    return np.where(mask > 0, soft, paper)


def _find_marks(grey: Pixels) -> Pixels:
    smooth = cv2.GaussianBlur(grey, (0, 0), SMOOTHING)
    differing = cv2.absdiff(smooth, _measure_paper(grey)) > BLANK_TONES
    return cv2.dilate(differing.astype(np.uint8), np.ones((MARGIN, MARGIN), np.uint8))


def _measure_paper(page: Pixels) -> Pixels:
    """The tone of the paper at each dot, as if nothing stood on it."""
    rows, columns = page.shape[:2]
    size = max(1, columns // _PAPER_BLOCK), max(1, rows // _PAPER_BLOCK)
    small = cv2.resize(page, size, interpolation=cv2.INTER_AREA)
    strokes = np.ones((_STROKE_BLOCKS, _STROKE_BLOCKS), np.uint8)
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, strokes)
    # Brightest of its surroundings, so a little brighter than the paper: by as much as usual.
    excess = np.median((closed.astype(np.float32) - small).reshape(-1, *page.shape[2:]), axis=0)
    even = cv2.GaussianBlur(closed.astype(np.float32) - excess, (0, 0), _STROKE_BLOCKS)
    paper: Pixels = np.clip(cv2.resize(even, (columns, rows)), 0, 255).astype(np.uint8)
    return paper
