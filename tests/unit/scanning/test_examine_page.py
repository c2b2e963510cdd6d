"""What is seen of a page before it is known whose it is: a fax's picture tells itself however it is packed."""

import base64
import io

import numpy as np
import pikepdf
import pypdfium2
import pytest
from PIL import Image, ImageDraw, ImageFilter

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


def _back(noise=4):
    """The back of a sheet through which the print of its front shows, with dust."""
    chance = np.random.default_rng(1)
    tones = 245 + chance.normal(0, noise, (2339, 1654))
    for row in range(100, 2200, 40):
        tones[row : row + 10, 100:-100] -= 15
    for row, column in chance.integers(40, 1600, (40, 2)):
        tones[row : row + 2, column : column + 2] = 90
    return Image.fromarray(tones.clip(0, 255).astype(np.uint8))


def _with_stroke(picture, tone, width):
    """A tick of 8 mm."""
    ImageDraw.Draw(picture).line([(300, 400), (320, 430), (360, 380)], fill=tone, width=width)
    return picture


def _judge(picture):
    return examine_page(_as_file(picture, "PNG"))["blank"]


def test_the_back_of_a_sheet_is_empty_though_its_front_shows_through():
    assert _judge(_back())
    assert _judge(_back().filter(ImageFilter.GaussianBlur(1)))


def test_one_word_on_the_back_of_a_sheet_is_no_empty_back():
    assert not _judge(_with_stroke(_back(), 60, 2))
    assert not _judge(_with_stroke(_back(), 200, 4))


def test_a_page_scanned_without_light_is_no_empty_back():
    assert not _judge(Image.new("L", (1654, 2339), 3))


STORED = {
    "16 bits of grey": lambda picture: Image.fromarray(np.asarray(picture).astype(np.uint16) * 257),
    "a transparent ground": lambda picture: Image.merge(
        "LA", (Image.new("L", picture.size, 0), picture.point(lambda tone: 255 - tone))
    ).convert("RGBA"),
    "inks of a press": lambda picture: picture.convert("CMYK"),
}


@pytest.mark.parametrize("store", STORED.values(), ids=STORED.keys())
def test_a_page_is_read_however_its_tones_are_stored(grey, store):
    plain = examine_page(grey.copy())
    stored = examine_page(_as_file(store(grey.copy()), "TIFF"))
    assert stored["codes"] == plain["codes"]
    kept, other = (_read_kept(page) for page in (plain, stored))
    assert np.abs(kept.astype(int) - other).mean() < 3


def _read_kept(page):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(page["jpeg"]))).convert("L"))


def test_a_picture_whose_tones_mean_nothing_by_themselves_is_refused():
    with pytest.raises(ValueError, match="without black and white"):
        examine_page(Image.new("F", (100, 100), 0.5))
