"""The picture of a form's page as it was printed, empty or as issued: what a returned page is laid over."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import pypdfium2
from PIL import Image

from downtime.paper.layout.issued_page import IssuedPage, draw_stamped, place_stamped
from downtime.paper.layout.model import DRILL, FormLayout
from downtime.pdf.compose_page import compose_page
from downtime.pdf.drawing import watermark_operators
from downtime.pdf.typeface import glyph_runs
from downtime.pdf.writer import PdfWriter
from downtime.scanning.page_reading import PAGE_DPI
from downtime.scanning.pixels import Pixels


def render_printed_page(layout: FormLayout, page_number: int, drill: bool = False) -> Pixels:
    """A page of a layout, from 1, in grey at `PAGE_DPI`; that of a drill with its word across it."""
    page = _render(layout.pdf, page_number - 1)
    return np.minimum(page, _render(_print_watermark(layout.size), 0)) if drill else page


class IssuedPrint(NamedTuple):
    """A page as it was issued, with what was stamped on it."""

    picture: Pixels
    stamped: frozenset[str] = frozenset()
    """The rectangles by key in which print stands: ink there is outside every field."""
    undrawn: frozenset[str] = frozenset()
    """Those of them of which nobody knows here how they were printed."""


class StampedPrints:
    """What was stamped on pages, drawn all at once: fonts are embedded once for all of them."""

    def __init__(self, pages: Sequence[IssuedPage]) -> None:
        self._pages = [place_stamped(page) for page in pages]
        sized = [
            (page.layout.size, stamped) for page, stamped in zip(pages, self._pages, strict=True)
        ]
        self._document = pypdfium2.PdfDocument(draw_stamped(sized)) if sized else None

    def lay_over(self, printed: Pixels, index: int) -> IssuedPrint:
        """The empty page of a layout with what was stamped on the page of this index."""
        page = self._pages[index]
        if page.elements and self._document is not None:
            printed = np.minimum(printed, _render_page(self._document, index))
        return IssuedPrint(printed, page.keys, page.undrawn)


def draw_printed_page(layout: FormLayout, page_number: int) -> bytes:
    """The same as a PNG, for somebody to lay beside a scanned page."""
    out = io.BytesIO()
    Image.fromarray(render_printed_page(layout, page_number)).save(out, "PNG")
    return out.getvalue()


def _render(pdf: bytes, index: int) -> Pixels:
    with pypdfium2.PdfDocument(pdf) as document:
        return _render_page(document, index)


def _render_page(document: pypdfium2.PdfDocument, index: int) -> Pixels:
    page: Pixels = document[index].render(scale=PAGE_DPI / 72, grayscale=True).to_numpy()
    return page.copy()


def _print_watermark(size: tuple[float, float]) -> bytes:
    out = io.BytesIO()
    writer = PdfWriter(out, DRILL, datetime(2000, 1, 1, tzinfo=UTC), tagged=False)
    writer.begin_section()
    for face, glyphs, _ in glyph_runs(DRILL, True)[0]:
        writer.use_glyphs(face, glyphs)
    compose_page(writer, size, [], [watermark_operators(DRILL, size)], [])
    writer.finish()
    return out.getvalue()
