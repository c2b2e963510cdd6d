"""A page as a scanner gives it."""

import io

import zxingcpp
from PIL import Image

from downtime.paper.serials import make_page_code


def png(width: int = 1240, height: int = 1754) -> bytes:
    """A white A4 page at 150 dpi."""
    content = io.BytesIO()
    Image.new("L", (width, height), 255).save(content, "PNG")
    return content.getvalue()


def coded_page(serial: str, page: int = 1, size: tuple[int, int] = (1240, 1754)) -> Image.Image:
    """A printed page of a form: its codes in two corners, a line of ink in the upper half."""
    picture = Image.new("L", size, 255)
    for corner, left, top in (("A", size[0] - 200, 40), ("B", 40, size[1] - 200)):
        code = zxingcpp.create_barcode(
            make_page_code(serial, page, corner), zxingcpp.BarcodeFormat.QRCodeModel2, ec_level="Q"
        )
        drawn = Image.fromarray(code.to_image(scale=5, add_quiet_zones=True))
        picture.paste(drawn, (left, top))
    picture.paste(0, (300, 300, size[0] - 300, 320))
    return picture


def inked_page(size: tuple[int, int] = (1240, 1754)) -> Image.Image:
    """A page with ink on it and no code."""
    picture = Image.new("L", size, 255)
    picture.paste(0, (300, 300, size[0] - 300, 340))
    return picture


def blank_page(size: tuple[int, int] = (1240, 1754)) -> Image.Image:
    """The empty back of a sheet."""
    return Image.new("L", size, 255)


def as_pdf(*pages: Image.Image) -> bytes:
    """The pages as one file, as a scanner's feeder makes it."""
    content = io.BytesIO()
    pages[0].save(content, "PDF", save_all=True, append_images=pages[1:], resolution=150)
    return content.getvalue()


def as_file(page: Image.Image, kind: str = "PNG") -> bytes:
    """One page as a picture."""
    content = io.BytesIO()
    page.save(content, kind)
    return content.getvalue()
