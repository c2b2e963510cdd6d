"""The process that opens one picture or PDF of a sheet; run by `read_codes` with limits, the file on standard input.

It writes one line of JSON: an error, or the texts of the codes. Arguments: bytes of memory, seconds.
"""

import io
import sys
from collections.abc import Iterator

import orjson
import pypdfium2
import zxingcpp
from PIL import Image, ImageOps

from downtime.processes.sandbox import limit_resources

_MOST_PAGES, _DPI, _LONGEST = 12, 200, 4000
_MOST_PIXELS = 60_000_000
_FORMATS = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2)


def main(memory: str, seconds: str) -> int:
    """Write what was read, or one object that says why not."""
    limit_resources(memory, seconds)
    content = sys.stdin.buffer.read()
    try:
        answer: dict[str, object] = {
            "codes": [code.text for picture in _open(content) for code in _read(picture)]
        }
    except (pypdfium2.PdfiumError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        answer = {"error": "it is damaged, or no PDF, PNG or JPEG"}
    sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
    return 0


def _open(content: bytes) -> Iterator[Image.Image]:
    if content.startswith(b"%PDF-"):
        document = pypdfium2.PdfDocument(content)
        for index in range(min(len(document), _MOST_PAGES)):
            page = document[index]
            scale = min(_DPI / 72, _LONGEST / max(1.0, *page.get_size()))
            yield page.render(scale=scale).to_pil()
        return
    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS // 2
    image = Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((_LONGEST, _LONGEST))
    yield upright


def _read(picture: Image.Image) -> list[zxingcpp.Barcode]:
    grey = picture.convert("L")
    return list(zxingcpp.read_barcodes(grey, formats=_FORMATS))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
