"""What is seen of a page before it is known whose it is: a fax's picture tells itself however it is packed."""

import io

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from downtime.scanning.examine_page import draw_page, examine_page


@pytest.fixture(scope="module")
def grey(printed_form):
    return Image.fromarray(printed_form.scanned())


def _as_file(picture, kind, **options):
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return Image.open(io.BytesIO(out.getvalue()))


def _from_pdf(picture):
    """As a scanner packs it: one image on a page, drawn anew with other dots."""
    with pikepdf.new() as document:
        page = document.add_blank_page(page_size=(595.28, 841.89))
        bits = 1 if picture.mode == "1" else 8
        image = document.make_stream(
            picture.tobytes(), Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image,
            Width=picture.width, Height=picture.height, BitsPerComponent=bits,
            ColorSpace=pikepdf.Name.DeviceGray,
        )  # fmt: skip
        name = page.add_resource(image, pikepdf.Name.XObject)
        page.Contents = document.make_stream(f"q 595.28 0 0 841.89 0 0 cm {name} Do Q".encode())
        out = io.BytesIO()
        document.save(out)
    with pypdfium2.PdfDocument(out.getvalue()) as drawn:
        return draw_page(drawn[0])


PACKED = {
    "PNG": lambda picture: _as_file(picture, "PNG"),
    "TIFF": lambda picture: _as_file(picture, "TIFF"),
    "JPEG": lambda picture: _as_file(picture.convert("L"), "JPEG", quality=95),
    "PDF": _from_pdf,
}


@pytest.mark.parametrize("pack", PACKED.values(), ids=PACKED.keys())
def test_black_and_white_is_told_from_grey_however_it_is_packed(grey, pack):
    assert examine_page(pack(grey.point(lambda tone: 255 * (tone > 140), "1")))["two_tone"]
    assert not examine_page(pack(grey))["two_tone"]
