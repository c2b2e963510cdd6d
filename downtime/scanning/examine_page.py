"""Examine the picture of one scanned page: its codes, which way up it lies, whether it is blank.

Only the child processes that open scans import this.
"""

import base64
import io
import math
from typing import Any

import pypdfium2
import zxingcpp
from PIL import Image, ImageFilter, ImageOps

from downtime.paper.serials import CORNERS, is_page_code, parse_page_code

CODE_DPI = 200
CODE_LONGEST = 4960
"""Pixels of a page's longer side while its codes are read: A3 at 300 dpi."""
MOST_PIXELS = 120_000_000
"""A3 in 600 dpi, and a little more."""
LONGEST = 2339
"""Pixels of a picture's longer side: A4 at 200 dpi, with which ticks and ink are read."""
QUALITY = 45
CORNER_WIDTH, CORNER_HEIGHT = 0.4, 0.3
"""Parts of a page's width and height in which a corner's code is looked for again, enlarged."""
BLANK_TONES = 40
"""Tones by which ink differs from its paper; a page without any is the empty back of another."""
STROKE_TONES = 28
"""The same of strokes, once the noise of single dots is taken out: pale pencil too, and no print of the front."""
SMALLEST = 400
"""Dots of a page's shorter side, A4 at 48 dpi: a smaller picture shows no writing, so it shows no empty back."""
BLANK_SHARE = 0.0002
"""More dots than that are no empty back, wherever they lie: shadows of a border too."""
DARKEST_PAPER = 128
"""What is darker all over was scanned with the lid open, or without light: it shows no empty back."""
CELLS_ACROSS = 210
"""A4's: the cells of a page in which the least writing is looked for."""
CELL_SHARE = 0.1
"""Of a cell that a stroke goes through; a grain of dust fills less, or stands alone."""
STROKE_CELLS = 3
"""Cells of nine side by side: a tick, or a word of one syllable."""
CELL_BORDER = 4
"""Cells along the border, where the paper's edge throws a shadow."""
GREY_SHARE = 0.002
"""A grey scan has at least so many dots between black and white: between its paper and its print."""
TWO_TONE = "two-tone"
"""Of a picture's `info`: its file has one bit for each dot, however it was drawn since."""
_PAGE_CODE = zxingcpp.BarcodeFormat.QRCodeModel2


def draw_page(page: pypdfium2.PdfPage) -> Image.Image:
    """A page of a PDF, large enough for its codes."""
    scale = min(CODE_DPI / 72, CODE_LONGEST / max(1.0, *page.get_size()))
    picture: Image.Image = page.render(scale=scale).to_pil()
    images = list(page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]))
    picture.info[TWO_TONE] = bool(images) and all(
        image.get_metadata().bits_per_pixel == 1 for image in images
    )
    return picture


def examine_page(picture: Image.Image) -> dict[str, Any]:
    """A page's picture as its codes stand, a mirrored one put right, and what was read on it.

    What `scan_codes.parse_page` reads.
    """
    picture = _on_white(picture)
    grey = picture.convert("L")
    two_tone = bool(picture.info.get(TWO_TONE)) or picture.mode == "1" or _has_no_grey(grey)
    if picture.mode in ("1", "P"):
        picture = grey
    codes = read_codes(grey)
    blank = not codes and is_blank(grey)
    if not codes and not blank:
        codes = _read_corners(grey)
    if codes and _is_mirrored(codes):
        picture = ImageOps.mirror(picture)
        codes = read_codes(picture.convert("L")) or codes
    if codes:
        picture = picture.rotate(90 * round(codes[0].orientation / 90), expand=True)
    texts = sorted({code.text for code in codes})
    return {**encode_jpeg(picture), "codes": texts, "blank": blank, "two_tone": two_tone}


def _on_white(picture: Image.Image) -> Image.Image:
    """A picture as a screen shows it: nothing behind is white, and 16 bits of grey are as many of 8.

    ValueError for one whose tones mean nothing by themselves.
    """
    if picture.mode.startswith("I;16"):
        return picture.convert("I").point(lambda tone: tone / 257).convert("L")
    if picture.mode in ("I", "F"):
        raise ValueError("a picture without black and white")
    if picture.has_transparency_data:
        paper = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(paper, picture.convert("RGBA")).convert("RGB")
    return picture


def _read_corners(grey: Image.Image) -> list[zxingcpp.Barcode]:
    width, height = round(grey.width * CORNER_WIDTH), round(grey.height * CORNER_HEIGHT)
    corners = [
        (x, y, x + width, y + height)
        for y in (0, grey.height - height)
        for x in (0, grey.width - width)
    ]
    crops = (grey.crop(corner) for corner in corners)
    enlarged = (crop.resize((2 * width, 2 * height), Image.Resampling.LANCZOS) for crop in crops)
    return [code for crop in enlarged for code in read_codes(crop)]


def _is_mirrored(codes: list[zxingcpp.Barcode]) -> bool:
    """Whether a sheet was seen through its back: B, on paper at A's lower left, lies at its upper right.

    One code alone does not tell: its corners come in the same order from a mirror as from paper.
    """
    corners = {parse_page_code(code.text).corner: code.position for code in codes}
    if len(corners) < 2:
        return False
    at, other = (corners[corner] for corner in CORNERS)
    across, down = other.top_left.x - at.top_left.x, other.top_left.y - at.top_left.y
    rightwards = _project(across, down, at.top_left, at.top_right)
    downwards = _project(across, down, at.top_left, at.bottom_left)
    return rightwards > 0 > downwards


def _project(across: int, down: int, start: zxingcpp.Point, end: zxingcpp.Point) -> int:
    """How far a way leads along another one; only its sign means something."""
    return across * (end.x - start.x) + down * (end.y - start.y)


def _has_no_grey(grey: Image.Image) -> bool:
    counts = grey.histogram()
    return sum(counts[16:240]) < GREY_SHARE * sum(counts)


def read_codes(grey: Image.Image) -> list[zxingcpp.Barcode]:
    """The page codes on a page; whatever else is printed or stuck there is passed over."""
    read = zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats(_PAGE_CODE))
    return [code for code in read if is_page_code(code.text)]


def is_blank(grey: Image.Image) -> bool:
    """Whether a page has no ink: the empty back of another. One with a word on it, or all dark, is none."""
    if min(grey.size) < SMALLEST:
        return False
    counts = grey.histogram()
    paper = counts.index(max(counts))
    inked = sum(counts[: max(0, paper - BLANK_TONES)]) + sum(counts[paper + BLANK_TONES + 1 :])
    if paper < DARKEST_PAPER or inked >= BLANK_SHARE * sum(counts):
        return False
    smooth = grey.filter(ImageFilter.BoxBlur(1))
    return not _has_strokes(smooth.point(lambda tone: 255 * (abs(tone - paper) > STROKE_TONES)))


def _has_strokes(inked: Image.Image) -> bool:
    """Whether ink, 255, lies side by side as a pen leaves it."""
    side = max(1, round(min(inked.size) / CELLS_ACROSS))
    cells = inked.reduce(side).point(lambda tone: 255 * (tone >= 255 * CELL_SHARE))
    border = (CELL_BORDER, CELL_BORDER, cells.width - CELL_BORDER, cells.height - CELL_BORDER)
    if border[2] <= border[0] or border[3] <= border[1]:
        return inked.getbbox() is not None
    of_nine = cells.crop(border).filter(ImageFilter.BoxBlur(1))
    return any(of_nine.histogram()[math.ceil(255 * (STROKE_CELLS - 0.5) / 9) :])


def encode_jpeg(picture: Image.Image) -> dict[str, Any]:
    """A picture as it is kept: JPEG in base64, with its size in pixels."""
    out = io.BytesIO()
    picture.thumbnail((LONGEST, LONGEST))
    picture.convert("RGB").save(out, "JPEG", quality=QUALITY, optimize=True)
    width, height = picture.size
    return {"width": width, "height": height, "jpeg": base64.b64encode(out.getvalue()).decode()}
