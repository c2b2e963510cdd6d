"""The process that opens one scanned form; run by `scans` with limits, the file on standard input.

It writes one line of JSON: an error, or the kind of file and of each page a JPEG, the page codes that
were read on it and whether it is blank. A page is turned as its codes stand. What a file is called does
not count: its own first bytes say what it is.

Arguments: bytes of memory, seconds.
"""

import base64
import io
import sys
from collections.abc import Iterator
from typing import Any

import orjson
import pypdfium2
import zxingcpp
from PIL import Image, ImageOps

from downtime.paper.serials import is_page_code
from downtime.processes.sandbox import limit_resources

MOST_PAGES = 20
CODE_DPI = 200
CODE_LONGEST = 4960
"""Pixels of a page's longer side while its codes are read: A3 at 300 dpi."""
LONGEST = 1754
"""Pixels of a picture's longer side: A4 at 150 dpi."""
_PAGE_CODE = zxingcpp.BarcodeFormat.QRCodeModel2
BLANK_TONES = 40
"""Tones by which ink differs from its paper; a page without any is the empty back of another."""
BLANK_SHARE = 0.0002
MOST_PIXELS = 120_000_000
"""A3 in 600 dpi, and a little more."""
QUALITY = 75
KINDS = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}


class UnusableScan(Exception):
    """Why this file cannot be a scanned form."""


def main(memory: str, seconds: str) -> int:
    """Write what the file holds, or one object that says why not."""
    limit_resources(memory, seconds)
    content = sys.stdin.buffer.read()
    try:
        answer = _read_pages(content)
    except UnusableScan as error:
        answer = {"error": str(error)}
    except (pypdfium2.PdfiumError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        answer = {"error": "it is damaged, or locked with a password"}
    sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
    return 0


def _read_pages(content: bytes) -> dict[str, Any]:
    kind = next((kind for magic, kind in KINDS.items() if content.startswith(magic)), "")
    if not kind:
        raise UnusableScan("it is no PDF, PNG or JPEG")
    pictures = _render_pages(content) if kind == "application/pdf" else iter([_open_image(content)])
    return {"media_type": kind, "pages": [_read_page(picture) for picture in pictures]}


def _render_pages(content: bytes) -> Iterator[Image.Image]:
    document = pypdfium2.PdfDocument(content)
    if not 1 <= len(document) <= MOST_PAGES:
        raise UnusableScan(f"it has {len(document)} pages; a scanned form has 1 to {MOST_PAGES}")
    for page in document:
        scale = min(CODE_DPI / 72, CODE_LONGEST / max(1.0, *page.get_size()))
        yield page.render(scale=scale).to_pil()


def _open_image(content: bytes) -> Image.Image:
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2  # Pillow refuses what is twice as large
    image = Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((CODE_LONGEST, CODE_LONGEST))
    return upright


def _read_page(picture: Image.Image) -> dict[str, Any]:
    grey = picture.convert("L")
    codes = read_codes(grey)
    if codes:
        picture = picture.rotate(90 * round(codes[0].orientation / 90), expand=True)
    picture.thumbnail((LONGEST, LONGEST))
    texts = sorted({code.text for code in codes})
    return {**encode_jpeg(picture), "codes": texts, "blank": not codes and is_blank(grey)}


def read_codes(grey: Image.Image) -> list[zxingcpp.Barcode]:
    """The page codes on a page; whatever else is printed or stuck there is passed over."""
    read = zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats(_PAGE_CODE))
    return [code for code in read if is_page_code(code.text)]


def is_blank(grey: Image.Image) -> bool:
    """Whether a page has no ink: the empty back of another."""
    counts = grey.histogram()
    paper = counts.index(max(counts))
    inked = sum(n for tone, n in enumerate(counts) if abs(tone - paper) > BLANK_TONES)
    return inked < BLANK_SHARE * sum(counts)


def encode_jpeg(picture: Image.Image) -> dict[str, Any]:
    """A picture as JPEG in base64, with its size in pixels."""
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=QUALITY, optimize=True)
    width, height = picture.size
    return {"width": width, "height": height, "jpeg": base64.b64encode(out.getvalue()).decode()}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
