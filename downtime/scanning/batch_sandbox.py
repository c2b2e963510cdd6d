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
from PIL import Image, ImageOps

from downtime.processes.sandbox import limit_resources
from downtime.scanning.examine_page import CODE_LONGEST, MOST_PIXELS, draw_page, examine_page
from downtime.scanning.scan_sandbox import KINDS, is_locked

MOST_FILE_PAGES = 10_000
"""Both sides of the paper of several feeders."""
TIFF = (b"II*\x00", b"MM\x00*")
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
            if "place" in line and not remaining:
                return 0
            remaining -= "place" in line
            _write({"file": number, **line})
        _write({"file": number, "over": True})
    return 0


def _write(line: dict[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(line) + b"\n")
    sys.stdout.buffer.flush()


def _read_file(source: Source, first: int) -> Iterator[dict[str, Any]]:
    try:
        count, render = _open(source)
    except DAMAGE as error:
        yield {"place": first, "damaged": True, "locked": is_locked(error)}
        return
    yield {"opened": True}
    for place in range(first, count + 1):
        try:
            line = examine_page(render(place - 1))
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
    if not magic.startswith((*KINDS, *TIFF)):
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

    return _check_count(getattr(image, "n_frames", 1)), render


def _check_count(pages: int) -> int:
    """ValueError for a file that is no box of paper: a few bytes may say a million pages."""
    if pages > MOST_FILE_PAGES:
        raise ValueError("too many pages")
    return pages


def _open_pdf(source: Source) -> tuple[int, Callable[[int], Image.Image]]:
    document = pypdfium2.PdfDocument(source)

    def render(index: int) -> Image.Image:
        page = document[index]
        picture = draw_page(page)
        page.close()
        return picture

    return _check_count(max(1, len(document))), render


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
