"""Stamp values, serial and codes on pages that were laid out once: thousands in a second."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from downtime.paper import serials
from downtime.paper.forms.model import SignedRows
from downtime.paper.layout.model import (
    DRILL,
    FormLayout,
    FormSheet,
    Imprint,
    ListSheet,
    LooseSheet,
    PrintedSheet,
)
from downtime.paper.layout.overflow import find_split_orders, list_references, overflow_blocks
from downtime.paper.layout.page_fields import (
    IDENTITY_LABELS,
    EmbeddedPage,
    fields_by_key,
    place_imprint,
    place_references,
    place_values,
)
from downtime.pdf.barcodes import qr_code_operators
from downtime.pdf.compose_page import PageElement, compose_page
from downtime.pdf.drawing import table_operators, watermark_operators
from downtime.pdf.field_rectangle import FieldRectangle
from downtime.pdf.fit_text import TextLine, text_width
from downtime.pdf.flow_blocks import Block, FlowedPage, flow_blocks
from downtime.pdf.page_batch import PageWriter
from downtime.pdf.tags import Tag
from downtime.pdf.text import to_printable
from downtime.pdf.typeface import glyph_runs

if TYPE_CHECKING:
    from downtime.pdf.writer import PdfWriter

BLANK = "This page is intentionally blank."
BLANK_SIZE = 10.0
FOOT_PLACE, FOOT_SIZE = (34.0, 12.0), 7.5
"""Where a line stands below a copied page, in points, and how large it is."""
A4 = (595.28, 841.89)
"""Points."""
_PARAGRAPH, _TITLE = Tag("P"), Tag("H1")


class _StampedPage(NamedTuple):
    """One page to print: its values in their fields, and what flows in its body."""

    page: EmbeddedPage
    elements: list[PageElement]
    flowed: FlowedPage | None


class PageStamper:
    """Stamps forms and lists on pages that are on their way into a PDF.

    `embedded_pages` are the pages of layouts, by digest, that the PDF holds already; others are
    added to it.
    """

    def __init__(
        self,
        writer: PageWriter,
        imprint: Imprint,
        embedded_pages: dict[str, list[EmbeddedPage]] | None = None,
    ) -> None:
        self._writer = writer
        self._imprint = imprint
        self._imprint_elements: dict[tuple[int, str], list[PageElement]] = {}
        self.embedded_pages = {} if embedded_pages is None else embedded_pages

    def print(self, sheet: PrintedSheet, *, blank_back: bool = False) -> int:
        """Print a form or a list; how many pages it took.

        With `blank_back` one follows where the next sheet would not begin on a front.
        """
        if isinstance(sheet, FormSheet):
            count = self.print_form(*sheet)
        elif isinstance(sheet, LooseSheet):
            count = sheet.draw(self, sheet.serial)
        else:
            count = self._print_list(sheet)
        if blank_back and count % 2:
            self.print_blank()
        return count

    def print_form(
        self,
        layout: FormLayout,
        serial: str,
        values: Mapping[str, str],
        labels: Mapping[str, str],
        signed: Sequence[SignedRows] = (),
    ) -> int:
        """Print a `FormSheet`: what does not fit goes to continuation pages; how many it took."""
        values = _printable_values(values)
        pages, overflowing, unplaced = [], list[str](), set(values)
        for page in self.embed_layout(layout):
            placed = place_values(page, values, labels)
            pages.append(_StampedPage(page, placed.elements, None))
            overflowing += placed.overflowing
            unplaced &= placed.unplaced
        overflowing += unplaced
        if overflowing:
            orders = find_split_orders(overflowing, values, signed)
            blocks = overflow_blocks(overflowing, orders, values, labels)
            more = self._continuation(layout, values, blocks)
            where = word_pages(len(pages) + 1, len(pages) + len(more))
            references = list_references(overflowing, orders, values, where)
            for page, elements, _ in pages:
                elements += place_references(page, references, labels)
            pages += more
        return self._print_pages(pages, serial, layout.title)

    def _print_list(self, sheet: ListSheet) -> int:
        """Print blocks over as many pages of a flowing layout as they need."""
        values = _printable_values(sheet.values)
        page = self.embed_layout(sheet.layout)[0]
        elements, overflowing, _ = place_values(page, values, IDENTITY_LABELS)
        blocks = sheet.blocks
        if overflowing:
            blocks = [*overflow_blocks(overflowing, {}, values, IDENTITY_LABELS), *blocks]
            references = list_references(overflowing, {}, values, "below")
            elements += place_references(page, references, IDENTITY_LABELS)
        elements += _title_and_foot(page, sheet.title, sheet.foot)
        pages = _flow_pages(page, elements, blocks)
        return self._print_pages(pages, sheet.serial, "", sheet.as_at)

    def print_plain_page(
        self, size: tuple[float, float], lines: Sequence[TextLine], operators: str
    ) -> None:
        """Print a page without a layout, see `PlainPagePrinter`."""
        elements = [PageElement(0, _PARAGRAPH, [line]) for line in lines]
        compose_page(self._writer, size, [], [operators], elements)

    def print_copied_pages(self, pdf: bytes, feet: Sequence[str]) -> int:
        """Print the pages of another PDF, see `PlainPagePrinter`."""
        from downtime.pdf import form_xobjects

        self._writer.begin_section()
        sheets = zip(*form_xobjects.embed_sized_pages(pdf, self._writer), feet, strict=True)
        for xobject, size, foot in sheets:
            line = TextLine(FOOT_PLACE[0], FOOT_PLACE[1], FOOT_SIZE, False, to_printable(foot))
            compose_page(self._writer, size, [xobject], [], [PageElement(0, _PARAGRAPH, [line])])
        return len(feet)

    def print_blank(self) -> None:
        """Print the back of a sheet that is left blank: it has no serial, and says what it is."""
        width, height = A4
        x = (width - text_width(BLANK, False) * BLANK_SIZE) / 2
        self.print_plain_page(A4, [TextLine(x, height / 2, BLANK_SIZE, False, BLANK)], "")

    def _continuation(
        self, layout: FormLayout, values: Mapping[str, str], blocks: Sequence[Block]
    ) -> list[_StampedPage]:
        from downtime.paper.layout.template_layout import flow_layout

        title = f"{layout.title}: continued"
        identity = any(rectangle.key == "patient.name" for rectangle in layout.pages[0])
        page = self.embed_layout(flow_layout(identity, self._imprint.mrn_name))[0]
        person = {key: values[key] for key in IDENTITY_LABELS if key in values}
        elements, overflowing, _ = place_values(page, person, IDENTITY_LABELS)
        below = dict.fromkeys(overflowing, ("In full below",))
        elements += place_references(page, below, IDENTITY_LABELS)
        elements += _title_and_foot(page, title, title)
        return _flow_pages(page, elements, blocks)

    def embed_layout(self, layout: FormLayout) -> list[EmbeddedPage]:
        """The pages of a layout in the PDF, where it is put when it is not there yet."""
        pages = self.embedded_pages.get(layout.digest)
        if pages is None:
            from downtime.pdf import form_xobjects

            xobjects = form_xobjects.embed_pages(layout.pdf, self._writer)
            pages = self.embedded_pages[layout.digest] = [
                EmbeddedPage(xobject, layout.size, fields_by_key(rectangles))
                for xobject, rectangles in zip(xobjects, layout.pages, strict=True)
            ]
        return pages

    def _imprint_on(self, page: EmbeddedPage, as_at: str) -> list[PageElement]:
        """What all pages of this document say, but for an age of their own."""
        elements = self._imprint_elements.get((page.xobject, as_at))
        if elements is None:
            age = {"page.as-at": as_at} if as_at else {}
            elements = self._imprint_elements[page.xobject, as_at] = [
                element
                for key, value in {**self._imprint.values(), **age}.items()
                for element in place_imprint(page, key, value, _PARAGRAPH)
            ]
        return elements

    def _print_pages(
        self, pages: Sequence[_StampedPage], serial: str, title: str, as_at: str = ""
    ) -> int:
        """Print the pages of one serial; `title` is the form's, unless its pages show it stamped."""
        self._writer.begin_section()
        serial_text = serials.format_serial(serial)
        for number, (page, elements, flowed) in enumerate(pages, 1):
            if number > 1:
                elements = [
                    element._replace(tag=_PARAGRAPH) if element.tag == _TITLE else element
                    for element in elements
                ]
            role = "H1" if number == 1 else "P"
            tag = Tag(role, f"{title}, {serial_text}") if title else _PARAGRAPH
            elements += place_imprint(page, "page.serial", serial_text, tag)
            page_number = f"Page {number} of {len(pages)}"
            elements += place_imprint(page, "page.number", page_number, _PARAGRAPH)
            elements += self._imprint_on(page, as_at)
            elements += [_code(page, serial, number, corner) for corner in serials.CORNERS]
            artifacts = []
            if self._imprint.drill:
                for face, glyphs, _ in glyph_runs(DRILL, True)[0]:
                    self._writer.use_glyphs(face, glyphs)
                artifacts.append(watermark_operators(DRILL, page.size))
            if flowed is not None:
                order, _, body, _ = page.fields["page.body"][0]
                elements += _move_into(body, flowed, order)
                artifacts += table_operators(flowed, body)
            compose_page(self._writer, page.size, [page.xobject], artifacts, elements)
        return len(pages)


class DocumentPrinter(PageStamper):
    """Prints forms and lists into one PDF; `finish` completes it."""

    def __init__(self, writer: "PdfWriter", imprint: Imprint) -> None:
        super().__init__(writer, imprint)
        self.document, self.imprint = writer, imprint

    @property
    def pages(self) -> int:
        """How many pages were printed so far."""
        return self.document.pages

    def finish(self) -> int:
        """Complete the document; returns its length in bytes."""
        return self.document.finish()


def _printable_values(values: Mapping[str, str]) -> dict[str, str]:
    return {key: to_printable(value) for key, value in values.items() if value}


def word_pages(first: int, last: int) -> str:
    """How continuation pages are named where something stands on them."""
    return f"page {first}" if first == last else f"pages {first} to {last}"


def _title_and_foot(page: EmbeddedPage, title: str, foot: str) -> list[PageElement]:
    """What stands above and below on a page that flows."""
    return [
        *place_imprint(page, "page.title", title, _TITLE),
        *place_imprint(page, "page.foot", foot, _PARAGRAPH),
    ]


def _flow_pages(
    page: EmbeddedPage, elements: Sequence[PageElement], blocks: Sequence[Block]
) -> list[_StampedPage]:
    body = page.fields["page.body"][0].rectangle
    flowed_pages = flow_blocks(blocks, body.width, body.height)
    return [_StampedPage(page, list(elements), flowed) for flowed in flowed_pages]


def _code(page: EmbeddedPage, serial: str, number: int, corner: str) -> PageElement:
    ((order, _, square, _),) = page.fields[f"page.code-{corner.lower()}"]
    payload = serials.make_page_code(serial, number, corner)
    operators = qr_code_operators(payload, square.x, square.y, square.width)
    text = f"Code {corner} of {serials.format_serial(serial)}, page {number}"
    box = (square.x, square.y, square.x + square.width, square.y + square.width)
    return PageElement(order, Tag("Figure", text, box=box), (), operators)


def _move_into(body: FieldRectangle, flowed: FlowedPage, order: int) -> list[PageElement]:
    top = body.y + body.height
    return [
        PageElement(
            order, tag, [line._replace(x=line.x + body.x, y=line.y + top) for line in lines]
        )
        for tag, lines in flowed.texts
    ]
