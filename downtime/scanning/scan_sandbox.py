"""The process that opens one scanned form; run by `scans` with limits, the file on standard input.

It writes one line of JSON: an error, or the kind of file and of each page a JPEG, the page codes that
were read on it and whether it is blank. A page is turned as its codes stand. What a file is called does
not count: its own first bytes say what it is.

Arguments: bytes of memory, seconds.
"""

import io
import sys
from collections.abc import Iterator
from typing import Any

import orjson
import pypdfium2
from PIL import Image, ImageOps

from downtime.processes.sandbox import limit_resources
from downtime.scanning.examine_page import CODE_LONGEST, MOST_PIXELS, draw_page, examine_page

MOST_PAGES = 20
KINDS = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}


DAMAGE = (
    pypdfium2.PdfiumError, OSError, ValueError, SyntaxError, Image.DecompressionBombError,
)  # fmt: skip
_LOCKED = "it is locked with a password; a file without one is needed"


def is_locked(error: BaseException) -> bool:
    """Whether a PDF opens with a password only."""
    is_password = getattr(error, "err_code", None) == pypdfium2.raw.FPDF_ERR_PASSWORD
    return isinstance(error, pypdfium2.PdfiumError) and is_password


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
    except DAMAGE as error:
        answer = {"error": _LOCKED if is_locked(error) else "it is damaged"}
    sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
    return 0


def _read_pages(content: bytes) -> dict[str, Any]:
    kind = next((kind for magic, kind in KINDS.items() if content.startswith(magic)), "")
    if not kind:
        raise UnusableScan("it is no PDF, PNG or JPEG")
    pictures = _render_pages(content) if kind == "application/pdf" else iter([_open_image(content)])
    return {"media_type": kind, "pages": [examine_page(picture) for picture in pictures]}


def _render_pages(content: bytes) -> Iterator[Image.Image]:
    document = pypdfium2.PdfDocument(content)
    if not 1 <= len(document) <= MOST_PAGES:
        raise UnusableScan(f"it has {len(document)} pages; a scanned form has 1 to {MOST_PAGES}")
    for page in document:
        yield draw_page(page)


def _open_image(content: bytes) -> Image.Image:
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2  # Pillow refuses what is twice as large
    image = Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((CODE_LONGEST, CODE_LONGEST))
    return upright


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
