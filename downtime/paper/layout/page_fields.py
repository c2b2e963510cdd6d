"""The fields of a page in the order in which they are read, and the values placed in them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from downtime.paper.forms.model import IDENTITY, TRUE
from downtime.pdf.compose_page import PageElement
from downtime.pdf.drawing import tick_operators
from downtime.pdf.field_rectangle import FieldKind, FieldRectangle
from downtime.pdf.fit_text import fit_beginning, fit_text
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
    """Place printable values on a page: each in all of its fields, or in none where it does not fit."""
    elements: list[PageElement] = []
    overflowing: list[str] = []
    unplaced: set[str] = set()
    for key, value in values.items():
        fields = page.fields.get(key) or page.fields.get(_option_key(key, value))
        if fields is None:
            unplaced.add(key)
            continue
        label = label_key(labels, key)
        placed = [_place_value(field, key, value, label) for field in fields]
        if None in placed:
            overflowing.append(key)
        else:
            elements += [element for element in placed if element]
    return PlacedValues(elements, overflowing, unplaced)


def _place_value(field: PageField, key: str, value: str, label: str) -> PageElement | None:
    """The value in one field; None when it cannot stand there."""
    order, _, rectangle, tick = field
    if not tick:
        lines = fit_text(rectangle, value)
        return None if lines is None else PageElement(order, Tag("P", f"{label}: {value}"), lines)
    if value != TRUE and rectangle.key == key:
        return None
    text = f"{label}: {'ticked' if value == TRUE else value}"
    return PageElement(order, Tag("P", text), (), tick)


def place_references(
    page: EmbeddedPage, references: Mapping[str, Sequence[str]], labels: Mapping[str, str]
) -> list[PageElement]:
    """Words that say where a value is, in the fields that do not hold it: the first wording that fits."""
    return [
        _place_wording(field, wordings, label_key(labels, key))
        for key, wordings in references.items()
        for field in page.fields.get(key, ())
        if not field.tick_operators
    ]


def _place_wording(field: PageField, wordings: Sequence[str], label: str) -> PageElement:
    for text in wordings:
        if lines := fit_text(field.rectangle, text):
            break
    else:
        lines = fit_beginning(field.rectangle, text)
    return PageElement(field.reading_order, Tag("P", f"{label}: {text}"), lines)


def _option_key(key: str, value: str) -> str:
    name, colon, row = key.partition(":")
    return f"{name}={value}{colon}{row}"


def split_option_key(key: str) -> tuple[str, str]:
    """The answer's key of a rectangle and the code of the option whose box it is; empty for no option."""
    name, _, option = key.partition("=")
    code, colon, row = option.partition(":")
    return name + colon + row, code


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


def label_key(labels: Mapping[str, str], key: str) -> str:
    """The words of a field, with its row."""
    name, _, row = key.partition(":")
    label = labels.get(name) or IDENTITY_LABELS.get(name, name)
    return f"{label}, row {row}" if row else label
