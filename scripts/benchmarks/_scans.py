"""Pages of the benchmark as a scanner gives them, and which of their codes are read."""

import io
import random
from collections.abc import Sequence

import pypdfium2
import zxingcpp
from _pages import codes, new_printer, prepared, values
from PIL import Image

from downtime.paper import serials


def scans(numbers: Sequence[int]) -> tuple[float, int]:
    """Pages as a scanner gives them: 200 dpi, turned by up to 3°, JPEG of quality 40.

    Returns the pages of which at least one code is read, and the codes read wrongly.
    """
    layout, labels = prepared()
    out, chance = io.BytesIO(), random.Random(numbers[0])  # noqa: S311 - not a secret
    printer = new_printer(out)
    for number in numbers:
        printer.print_form(layout, serials.make_serial("K7", number), values(number), labels)
    printer.finish()
    decoded = wrong = 0
    with pypdfium2.PdfDocument(out.getvalue()) as document:
        for number, page in zip(numbers, document, strict=True):
            scan = scanned(page, chance.uniform(-3, 3))
            taken = [code for code in codes_read(scan) if well_made(code)]
            right = sum(code in codes(number) for code in taken)
            decoded += right > 0
            wrong += len(taken) - right
    return float(decoded), wrong


def scanned(page: pypdfium2.PdfPage, angle: float) -> bytes:
    scan = io.BytesIO()
    drawn = page.render(scale=200 / 72, grayscale=True).to_pil()
    rotated = drawn.rotate(angle, Image.Resampling.BILINEAR, fillcolor=255)
    rotated.save(scan, "JPEG", quality=40)
    return scan.getvalue()


def codes_read(scan: bytes) -> list[str]:
    read = zxingcpp.read_barcodes(
        Image.open(io.BytesIO(scan)), formats=zxingcpp.BarcodeFormat.QRCodeModel2
    )
    return [code.text for code in read]


def well_made(text: str) -> bool:
    """Whether it has the pattern of a page code and a right check character."""
    try:
        serials.parse_page_code(text)
    except ValueError:
        return False
    return True
