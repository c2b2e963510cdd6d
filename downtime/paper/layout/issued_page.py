"""What was stamped on one page of an issued form, drawn alone: what a returned page is compared with."""

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from downtime.paper.forms.model import SignedRows
from downtime.paper.layout.model import FormLayout
from downtime.paper.layout.overflow import find_split_orders, list_references
from downtime.paper.layout.page_fields import (
    EmbeddedPage,
    fields_by_key,
    place_references,
    place_values,
    split_option_key,
)
from downtime.paper.layout.stamp_pages import word_pages
from downtime.pdf.compose_page import PageElement, compose_page
from downtime.pdf.text import to_printable
from downtime.pdf.typeface import NeedsShapingError, glyph_runs
from downtime.pdf.writer import PdfWriter

_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


class IssuedContent(NamedTuple):
    """What a form was printed with: its values, its rows of orders, and how many pages it took."""

    values: Mapping[str, str]
    signed: tuple[SignedRows, ...]
    pages: int


class IssuedPage(NamedTuple):
    """One page of an issued form, from 1."""

    layout: FormLayout
    number: int
    content: IssuedContent


class StampedPage(NamedTuple):
    """What is stamped on a page, and the keys of the rectangles in which something stands."""

    elements: list[PageElement]
    keys: frozenset[str]
    undrawn: frozenset[str]
    """Those of them whose text cannot be drawn here: it is in a script that has to be shaped."""


def place_stamped(issued: IssuedPage) -> StampedPage:
    """The values of a page, placed as `PageStamper.print_form` places them."""
    layout, number, content = issued
    values = {key: to_printable(value) for key, value in content.values.items() if value}
    pages = [EmbeddedPage(0, layout.size, fields_by_key(page)) for page in layout.pages]
    placed = [place_values(page, values, {}) for page in pages]
    overflowing = [key for page in placed for key in page.overflowing]
    overflowing += set(values).intersection(*(page.unplaced for page in placed))
    elements, page = list(placed[number - 1].elements), pages[number - 1]
    if overflowing:
        orders = find_split_orders(overflowing, values, content.signed)
        where = word_pages(len(pages) + 1, max(content.pages, len(pages) + 1))
        references = list_references(overflowing, orders, values, where)
        elements += place_references(page, references, {})
        values |= dict.fromkeys(references, "")
    keys = frozenset(key for key in page.fields if {key, split_option_key(key)[0]} & values.keys())
    unshaped = {element.reading_order for element in elements if _needs_shaping(element)}
    undrawn = frozenset(
        key for key in keys if unshaped & {field.reading_order for field in page.fields[key]}
    )
    drawn = [element for element in elements if element.reading_order not in unshaped]
    return StampedPage(drawn, keys, undrawn)


def _needs_shaping(element: PageElement) -> bool:
    try:
        for line in element.lines:
            glyph_runs(line.text, line.bold)
    except NeedsShapingError:
        return True
    return False


def draw_stamped(pages: Sequence[tuple[tuple[float, float], StampedPage]]) -> bytes:
    """A PDF with what is stamped on each of these pages, of the size before it, and nothing else."""
    out = io.BytesIO()
    writer = PdfWriter(out, "", _ANY_TIME, tagged=False)
    writer.begin_section()
    for size, page in pages:
        compose_page(writer, size, [], [], page.elements)
    writer.finish()
    return out.getvalue()
