"""The child that opens one PDF of the hospital's own; run by `background` with limits.

It writes one line of JSON: an error, or pages, form fields and a clean copy of the PDF. The copy
holds what the pages show and nothing else: no form and no link; every page upright, its corner at 0, 0. A file
that acts by itself, or whose copy does not look like its pages, is refused. With a page's number it writes that page as a picture instead.

Arguments: path, page to draw (0 for none), bytes of memory, seconds.
"""

import base64
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson
import pikepdf
import pypdfium2
from PIL import Image, ImageChops, ImageFilter

from downtime.paper.forms.background_page import Unfit, read_fields, read_frames
from downtime.paper.forms.harmful_parts import find_harm
from downtime.processes.sandbox import limit_resources

PICTURE_DPI = 100
MORE_INK, MOST_DOTS = 96, 30
"""Of 255 tones by how much a dot is darker, and how many such dots two equal pages may have."""


def main(path: str, page: str, memory: str, seconds: str) -> int:
    """Write what was asked for, or one object that says why not."""
    limit_resources(memory, seconds)
    return answer_with(lambda: _picture(path, int(page)) if int(page) else _clean(path))


def answer_with(read: Callable[[], dict[str, Any]]) -> int:
    """Write what is read of a PDF as a line of JSON, or why it cannot be."""
    try:
        answer = read()
    except pikepdf.PasswordError:
        answer = {"error": "it is locked with a password"}
    except Unfit as error:
        answer = {"error": str(error)}
    except (pikepdf.PdfError, pypdfium2.PdfiumError, ValueError, KeyError, TypeError):
        answer = {"error": "it is damaged, or no PDF"}
    sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
    return 0


def _clean(path: str) -> dict[str, Any]:
    answer, pdf = clean_pdf(path)
    return {**answer, "pdf": base64.b64encode(pdf).decode()}


def clean_pdf(path: str) -> tuple[dict[str, Any], bytes]:
    """The sizes of its pages (points) and its form's fields, and its clean copy; Unfit."""
    with pikepdf.open(path) as source, pikepdf.new() as copy:
        if source.get_warnings() or source.check_pdf_syntax():
            raise Unfit("it is damaged: some of it may be missing")
        if reason := find_harm(source):
            raise Unfit(reason)
        seen = read_frames(source)
        form_fields = read_fields(source, seen)
        shown = _flatten(source)
        for page, frame in zip(source.pages, seen, strict=True):
            page.trimbox = page.cropbox = page.mediabox = frame.box
            clean_page = copy.add_blank_page(page_size=frame.size)
            clean_page.add_overlay(page, pikepdf.Rectangle(0, 0, *frame.size))
        out = io.BytesIO()
        copy.remove_unreferenced_resources()
        copy.save(out, compress_streams=True)
    _check_looks_same(shown, [frame.unit for frame in seen], out.getvalue())
    return {"pages": [frame.size for frame in seen], "fields": form_fields}, out.getvalue()


def _check_looks_same(shown: bytes, units: Sequence[float], printed: bytes) -> None:
    """Unfit when a page of the copy has other ink than the page as a viewer shows it.

    What a printer could not draw either ends here, too: within the limits of this process.
    """
    points = [1.0] * len(units)
    pages = zip(_draw_pages(shown, units), _draw_pages(printed, points), strict=True)
    for number, (before, after) in enumerate(pages, 1):
        if (
            before.size != after.size
            or _has_more_ink(before, after)
            or _has_more_ink(after, before)
        ):
            raise Unfit(f"page {number} would not be printed as it is shown")


def _draw_pages(pdf: bytes, units: Sequence[float]) -> Iterator[Image.Image]:
    """Each page at its true size: PDFium knows nothing of a page's own unit."""
    for page, unit in zip(pypdfium2.PdfDocument(pdf), units, strict=True):
        yield (
            page.render(scale=PICTURE_DPI / 72 * unit, optimize_mode="print").to_pil().convert("L")
        )


def _has_more_ink(picture: Image.Image, other: Image.Image) -> bool:
    """Whether one has ink where the other has none within two dots: an edge may fall beside another."""
    thickened = other.filter(ImageFilter.MinFilter(5))
    added = ImageChops.subtract(thickened, picture).point(lambda value: 255 * (value > MORE_INK))
    return bool(added.histogram()[255] > MOST_DOTS)


def _flatten(source: pikepdf.Pdf) -> bytes:
    """Empty the form fields and draw what is left of them (borders, boxes) on the pages.

    Returns the emptied file before that, as a viewer shows it.
    """
    for page in source.pages:
        for widget in page.obj.get("/Annots", ()):
            if widget.get("/Subtype") == "/Widget":
                _empty(widget)
    if "/AcroForm" in source.Root:
        source.generate_appearance_streams()
    emptied = io.BytesIO()
    source.save(emptied, compress_streams=True)
    source.flatten_annotations("print")
    return emptied.getvalue()


def _empty(widget: Any) -> None:
    node = widget
    for _ in range(64):
        if "/V" in node:
            del node["/V"]
        if "/Parent" not in node:
            break
        node = node["/Parent"]
    if "/AS" in widget:
        widget["/AS"] = pikepdf.Name("/Off")


def _picture(path: str, number: int) -> dict[str, Any]:
    document = pypdfium2.PdfDocument(path)
    if not 1 <= number <= len(document):
        raise Unfit(f"it has no page {number}")
    page = document[number - 1]
    out = io.BytesIO()
    page.render(scale=PICTURE_DPI / 72).to_pil().save(out, "PNG")
    return {"png": base64.b64encode(out.getvalue()).decode()}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5]))
