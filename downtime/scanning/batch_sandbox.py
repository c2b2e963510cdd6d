"""The process that opens files of a batch; run by `read_files` with limits, its work on standard input.

The first line of standard input is JSON: the files to read, each with its path and the place of the
first page. A path that is empty means the bytes that follow. It writes a line of JSON for each page as
soon as it is read, so that neither side ever holds a whole box; a page that cannot be read has an error
and the next one follows.

Arguments: most pages, bytes of memory, seconds.
"""

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pypdfium2
import zxingcpp
from PIL import Image, ImageOps

from downtime.paper.serials import CORNERS, parse_page_code
from downtime.processes.sandbox import limit_resources
from downtime.scanning import scan_sandbox
from downtime.scanning.scan_sandbox import CODE_DPI, CODE_LONGEST, MOST_PIXELS

TIFF = (b"II*\x00", b"MM\x00*")
CORNER_WIDTH, CORNER_HEIGHT = 0.4, 0.3
"""Parts of a page's width and height in which a corner's code is looked for again, enlarged."""
DAMAGE = (
    pypdfium2.PdfiumError, OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError,
    MemoryError,
)  # fmt: skip
Source = bytes | Path


def main(most: str, memory: str, seconds: str) -> int:
    """Write what the pages hold, as many as `most`; the last line of each file says that it is over."""
    limit_resources(memory, seconds)
    files = orjson.loads(sys.stdin.buffer.readline())
    sent = sys.stdin.buffer.read()
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2
    remaining = int(most)
    for number, file in enumerate(files):
        source: Source = Path(file["path"]) if file["path"] else sent
        for line in _read_file(source, file["first"]):
            if not remaining:
                return 0
            remaining -= 1
            _write({"file": number, **line})
        _write({"file": number, "over": True})
    return 0


def _write(line: dict[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(line) + b"\n")
    sys.stdout.buffer.flush()


def _read_file(source: Source, first: int) -> Iterator[dict[str, Any]]:
    try:
        count, render = _open(source)
    except DAMAGE:
        yield {"place": first, "damaged": True}
        return
    for place in range(first, count + 1):
        try:
            line = read_page(render(place - 1))
        except DAMAGE:
            line = {"damaged": True}
        yield {"place": place, **line}


def _open(source: Source) -> tuple[int, Callable[[int], Image.Image]]:
    """How many pages a file has, and what draws one of them; ValueError for another kind of file."""
    if isinstance(source, Path):
        with source.open("rb") as opened:
            magic = opened.read(8)
    else:
        magic = source[:8]
    if magic.startswith(b"%PDF-"):
        return _open_pdf(source)
    if not magic.startswith((*scan_sandbox.KINDS, *TIFF)):
        raise ValueError("no PDF, TIFF, PNG or JPEG")
    image = Image.open(
        source if isinstance(source, Path) else io.BytesIO(source), formats=("PNG", "JPEG", "TIFF")
    )

    def render(index: int) -> Image.Image:
        image.seek(index)
        upright = ImageOps.exif_transpose(image)
        # What a facsimile sends has other dots to the inch across than down.
        across, down = (float(n) or 1.0 for n in image.info.get("dpi", (1, 1)))
        if 1.3 < across / down < 3:
            upright = upright.resize((upright.width, round(upright.height * across / down)))
        upright.thumbnail((CODE_LONGEST, CODE_LONGEST))
        return upright

    return getattr(image, "n_frames", 1), render


def _open_pdf(source: Source) -> tuple[int, Callable[[int], Image.Image]]:
    document = pypdfium2.PdfDocument(source)

    def render(index: int) -> Image.Image:
        page = document[index]
        scale = min(CODE_DPI / 72, CODE_LONGEST / max(1.0, *page.get_size()))
        picture: Image.Image = page.render(scale=scale).to_pil()
        page.close()
        return picture

    return max(1, len(document)), render


def read_page(picture: Image.Image) -> dict[str, Any]:
    """A page's picture as its codes stand, a mirrored one put right; its codes; whether it is blank."""
    if picture.mode in ("1", "P"):
        picture = picture.convert("L")
    grey = picture.convert("L")
    codes = scan_sandbox.read_codes(grey)
    is_blank = not codes and scan_sandbox.is_blank(grey)
    if not codes and not is_blank:
        codes = _read_corners(grey)
    if codes and _is_mirrored(codes):
        picture = ImageOps.mirror(picture)
        codes = scan_sandbox.read_codes(picture.convert("L")) or codes
    if codes:
        picture = picture.rotate(90 * round(codes[0].orientation / 90), expand=True)
    picture.thumbnail((scan_sandbox.LONGEST, scan_sandbox.LONGEST))
    texts = sorted({code.text for code in codes})
    return {**scan_sandbox.encode_jpeg(picture), "codes": texts, "blank": is_blank}


def _read_corners(grey: Image.Image) -> list[zxingcpp.Barcode]:
    width, height = round(grey.width * CORNER_WIDTH), round(grey.height * CORNER_HEIGHT)
    corners = [
        (x, y, x + width, y + height)
        for y in (0, grey.height - height)
        for x in (0, grey.width - width)
    ]
    crops = (grey.crop(corner) for corner in corners)
    enlarged = (crop.resize((2 * width, 2 * height), Image.Resampling.LANCZOS) for crop in crops)
    return [code for crop in enlarged for code in scan_sandbox.read_codes(crop)]


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


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
