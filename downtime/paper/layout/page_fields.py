"""The fields of a page in the order in which they are read, and the values placed in them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from downtime.paper.forms.model import IDENTITY, TRUE
from downtime.pdf.compose_page import PageElement
from downtime.pdf.drawing import tick_operators
from downtime.pdf.field_rectangle import FieldKind, FieldRectangle
from downtime.pdf.fit_text import fit_beginning, fit_text
from downtime.pdf.flow_blocks import Block, Heading, Table
from downtime.pdf.tags import Tag
from downtime.pdf.text import to_printable

IDENTITY_LABELS = {item.link_id: item.text for item in IDENTITY}
_READ_FIRST = ("page.title", "page.serial", "page.number", "page.outage", "page.site")
_READ_LAST = ("page.as-at", "page.printed", "page.foot", "page.code-a", "page.code-b")


class PageField(NamedTuple):
    """A rectangle and its place in the reading order; what a page says twice is read once."""

    reading_order: int
    is_read: bool
    rectangle: FieldRectangle
    tick_operators: str
    """The operators that tick it; empty for what is not ticked."""


class EmbeddedPage(NamedTuple):
    """One page of a layout, embedded: its fields by key."""

    xobject: int
    size: tuple[float, float]
    fields: Mapping[str, tuple[PageField, ...]]


class PlacedValues(NamedTuple):
    """What became of the values of one page."""

    elements: list[PageElement]
    overflowing: list[str]
    """Keys whose values did not fit."""
    unplaced: set[str]
    """Keys that have no field on the page."""


def fields_by_key(rectangles: Sequence[FieldRectangle]) -> dict[str, tuple[PageField, ...]]:
    """Fields in the order in which they are read: what page this is, whose, what it says."""
    fields: dict[str, tuple[PageField, ...]] = {}
    ordered = sorted(rectangles, key=lambda rectangle: _rank(rectangle.key))
    for number, rectangle in enumerate(ordered):
        key = rectangle.key
        others = fields.get(key, ())
        is_read = not (others and key.startswith("page."))
        tick = tick_operators(rectangle) if rectangle.kind is FieldKind.TICK else ""
        fields[key] = (*others, PageField(number, is_read, rectangle, tick))
    return fields


def _rank(key: str) -> tuple[int, int]:
    if key in _READ_FIRST:
        return 0, _READ_FIRST.index(key)
    if key in _READ_LAST:
        return 3, _READ_LAST.index(key)
    return (1 if key.startswith("patient.") else 2), 0


def place_values(
    page: EmbeddedPage, values: Mapping[str, str], labels: Mapping[str, str]
) -> PlacedValues:
    """Place printable values on a page."""
    elements: list[PageElement] = []
    overflowing: list[str] = []
    unplaced: set[str] = set()
    for key, value in values.items():
        fields = page.fields.get(key) or page.fields.get(_option_key(key, value))
        if fields is None:
            unplaced.add(key)
            continue
        label = labels.get(key) or _label(labels, key)
        for order, _, rectangle, tick in fields:
            if not tick:
                lines = fit_text(rectangle, value)
                if lines is None:
                    overflowing.append(key)
                    lines = fit_beginning(rectangle, value)
                    value = " ".join([line.text for line in lines])
                elements.append(PageElement(order, Tag("P", f"{label}: {value}"), lines))
            elif value == TRUE or rectangle.key != key:
                text = f"{label}: {'ticked' if value == TRUE else value}"
                elements.append(PageElement(order, Tag("P", text), (), tick))
            else:
                overflowing.append(key)
    return PlacedValues(elements, overflowing, unplaced)


def _option_key(key: str, value: str) -> str:
    name, colon, row = key.partition(":")
    return f"{name}={value}{colon}{row}"


def place_imprint(page: EmbeddedPage, key: str, value: str, tag: Tag) -> list[PageElement]:
    """What the print itself says, wherever the page has room for it, cut off where it is long."""
    text = to_printable(value)
    if not text:
        return []
    return [
        PageElement(
            field.reading_order,
            tag if field.is_read else None,
            fit_text(field.rectangle, text) or fit_beginning(field.rectangle, text),
        )
        for field in page.fields.get(key, ())
    ]


def _label(labels: Mapping[str, str], key: str) -> str:
    name, _, row = key.partition(":")
    label = labels.get(name) or IDENTITY_LABELS.get(name, name)
    return f"{label}, row {row}" if row else label


def overflow_table(
    keys: Iterable[str], values: Mapping[str, str], labels: Mapping[str, str]
) -> list[Block]:
    """Those values as a table, each with the label of its field."""
    rows = [(_label(labels, key), values[key]) for key in dict.fromkeys(keys)]
    columns = (("Field", 1.0), ("In full", 3.0))
    return [Heading("What did not fit into its field, in full"), Table(columns, rows)]
