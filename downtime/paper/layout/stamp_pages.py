"""Stamp values, serial and codes on pages that were laid out once: thousands in a second."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from downtime.paper import serials
from downtime.paper.layout.model import FormSheet, Imprint, LooseSheet, PrintedSheet
from downtime.paper.layout.page_fields import EmbeddedPage, fields_by_key
from downtime.paper.layout.place_values import (
    IDENTITY_LABELS,
    overflow_table,
    place_imprint,
    place_values,
)
from downtime.pdf import drawing as marks
from downtime.pdf.barcodes import qr_code_operators
from downtime.pdf.compose_page import PageElement, compose_page
from downtime.pdf.fit_text import TextLine, text_width
from downtime.pdf.flow_blocks import Block, FlowedPage, flow_blocks
from downtime.pdf.geometry import FieldRectangle, FormLayout
from downtime.pdf.page_batch import PageWriter
from downtime.pdf.tags import Tag
from downtime.pdf.text import to_printable

if TYPE_CHECKING:
    from downtime.pdf.writer import PdfWriter

BLANK = "This page is intentionally blank."
BLANK_SIZE = 10.0
A4 = (595.28, 841.89)
"""Points."""


class _StampedPage(NamedTuple):
    """One page to print: its values in their places, and what flows in its body."""

    page: EmbeddedPage
    parts: list[PageElement]
    area: FlowedPage | None


class PageStamper:
    """Stamps forms and lists on pages that are on their way into a PDF.

    `known` are the pages of layouts, by digest, that the PDF holds already; others are added to it.
    """

    def __init__(
        self,
        writer: PageWriter,
        imprint: Imprint,
        embedded_pages: dict[str, list[EmbeddedPage]] | None = None,
    ) -> None:
        self._writer = writer
        self._imprint = imprint
        self._imprinted: dict[int, list[PageElement]] = {}
        self.embedded_pages = {} if embedded_pages is None else embedded_pages

    def print(self, sheet: PrintedSheet, *, turned: bool = False) -> int:
        """Print a form or a list; how many pages it took.

        With `turned` a blank back follows where one is needed for the next to begin on a front.
        """
        if isinstance(sheet, FormSheet):
            count = self.print_form(*sheet)
        elif isinstance(sheet, LooseSheet):
            count = sheet.draw(self, sheet.serial)
        else:
            layout, serial, values, blocks, title, foot = sheet
            count = self.print_flowing(layout, serial, values, blocks, title=title, foot=foot)
        if turned and count % 2:
            self.print_blank()
        return count

    def print_form(
        self, layout: FormLayout, serial: str, values: Mapping[str, str], labels: Mapping[str, str]
    ) -> int:
        """Print one form with its values; what does not fit goes to continuation pages.

        Returns how many pages it took. `labels` are the fields' words, for a continuation and for
        whoever has the page read aloud.
        """
        shown = {key: to_printable(value) for key, value in values.items() if value}
        sheets, rest, homeless = [], [], set(shown)
        for page in self.embed_layout(layout):
            parts, spilled, absent = place_values(page, shown, labels)
            sheets.append(_StampedPage(page, parts, None))
            rest += spilled
            homeless &= absent
        rest += homeless
        if rest:
            sheets += self._continuation(layout, shown, labels, rest)
        return self._print(sheets, serial, layout.title)

    def print_flowing(
        self,
        layout: FormLayout,
        serial: str,
        values: Mapping[str, str],
        blocks: Sequence[Block],
        *,
        title: str,
        foot: str,
    ) -> int:
        """Print blocks over as many pages of a flowing layout as they need; how many it took."""
        shown = {key: to_printable(value) for key, value in values.items() if value}
        page = self.embed_layout(layout)[0]
        parts, rest, _ = place_values(page, shown, IDENTITY_LABELS)
        if rest:
            blocks = [*overflow_table(rest, shown, IDENTITY_LABELS), *blocks]
        parts += _named(page, title, foot)
        return self._print(_areas(page, parts, blocks), serial, "")

    def print_plain_page(
        self, size: tuple[float, float], lines: Sequence[TextLine], marks: str
    ) -> None:
        """See `sheet.Plain`."""
        compose_page(
            self._writer, size, [], [marks], [PageElement(0, Tag("P"), [line]) for line in lines]
        )

    def print_blank(self) -> None:
        """Print the back of a sheet that is left blank: it has no serial, and says what it is."""
        wide, high = A4
        x = (wide - text_width(BLANK, False) * BLANK_SIZE) / 2
        self.print_plain_page(A4, [TextLine(x, high / 2, BLANK_SIZE, False, BLANK)], "")

    def _continuation(
        self,
        layout: FormLayout,
        shown: Mapping[str, str],
        labels: Mapping[str, str],
        rest: Iterable[str],
    ) -> list[_StampedPage]:
        from downtime.paper.layout.template_layout import flow_layout

        title = f"{layout.title}: continued"
        identity = any(place.key == "patient.name" for place in layout.pages[0])
        page = self.embed_layout(flow_layout(identity, self._imprint.mrn_name))[0]
        mine = {k: shown[k] for k in IDENTITY_LABELS if k in shown}
        parts, _, _ = place_values(page, mine, IDENTITY_LABELS)
        parts += _named(page, title, title)
        return _areas(page, parts, overflow_table(rest, shown, labels))

    def embed_layout(self, layout: FormLayout) -> list[EmbeddedPage]:
        """The pages of a layout in the PDF, where it is put when it is not there yet."""
        found = self.embedded_pages.get(layout.digest)
        if found is None:
            from downtime.pdf import form_xobjects

            found = self.embedded_pages[layout.digest] = [
                EmbeddedPage(drawing, layout.size, fields_by_key(places))
                for drawing, places in zip(
                    form_xobjects.embed_pages(layout.pdf, self._writer), layout.pages, strict=True
                )
            ]
        return found

    def _same(self, page: EmbeddedPage) -> list[PageElement]:
        """What all pages of this document say."""
        found = self._imprinted.get(page.xobject)
        if found is None:
            found = self._imprinted[page.xobject] = [
                part
                for key, value in self._imprint.values().items()
                for part in place_imprint(page, key, value, _P)
            ]
        return found

    def _print(self, sheets: Sequence[_StampedPage], serial: str, title: str) -> int:
        """Print the pages of one serial; `title` is the form's, unless its pages show it stamped."""
        self._writer.begin_section()
        shown = serials.format_serial(serial)
        for number, (page, parts, area) in enumerate(sheets, 1):
            if number > 1:
                parts = [part._replace(tag=_P) if part.tag == _H1 else part for part in parts]
            head = Tag("H1" if number == 1 else "P", f"{title}, {shown}") if title else _P
            parts += place_imprint(page, "page.serial", shown, head)
            parts += place_imprint(page, "page.number", f"Page {number} of {len(sheets)}", _P)
            parts += self._same(page)
            parts += [_code(page, serial, shown, number, corner) for corner in serials.CORNERS]
            furniture = []
            if self._imprint.drill:
                self._writer.use_glyphs(marks.DRILL_FACE, marks.DRILL_GLYPHS)
                furniture.append(marks.watermark_operators(page.size))
            if area is not None:
                turn, _, body, _ = page.fields["page.body"][0]
                parts += _moved(area, body, turn)
                furniture += marks.table_operators(area, body)
            compose_page(self._writer, page.size, [page.xobject], furniture, parts)
        return len(sheets)


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


_P, _H1 = Tag("P"), Tag("H1")


def _named(page: EmbeddedPage, title: str, foot: str) -> list[PageElement]:
    """What stands above and below on a page that flows."""
    return [
        *place_imprint(page, "page.title", title, _H1),
        *place_imprint(page, "page.foot", foot, _P),
    ]


def _areas(
    page: EmbeddedPage, parts: Sequence[PageElement], blocks: Sequence[Block]
) -> list[_StampedPage]:
    body = page.fields["page.body"][0].rectangle
    areas = flow_blocks(blocks, body.width, body.height)
    return [_StampedPage(page, list(parts), area) for area in areas]


def _code(page: EmbeddedPage, serial: str, shown: str, number: int, corner: str) -> PageElement:
    ((turn, _, place, _),) = page.fields[f"page.code-{corner.lower()}"]
    path = qr_code_operators(
        serials.make_page_code(serial, number, corner), place.x, place.y, place.width
    )
    said = f"Code {corner} of {shown}, page {number}"
    box = (place.x, place.y, place.x + place.width, place.y + place.width)
    return PageElement(turn, Tag("Figure", said, box=box), (), path)


def _moved(area: FlowedPage, body: FieldRectangle, turn: int) -> list[PageElement]:
    top = body.y + body.height
    return [
        PageElement(turn, tag, [line._replace(x=line.x + body.x, y=line.y + top) for line in lines])
        for tag, lines in area.texts
    ]
