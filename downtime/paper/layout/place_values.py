"""Values in their places on one page, and what did not fit into them."""

from collections.abc import Iterable, Mapping

from downtime.paper.forms.model import IDENTITY, TRUE
from downtime.paper.layout.page_fields import EmbeddedPage
from downtime.pdf.compose_page import PageElement
from downtime.pdf.fit_text import fit_beginning, fit_text
from downtime.pdf.flow_blocks import Block, Heading, Table
from downtime.pdf.tags import Tag
from downtime.pdf.text import to_printable

IDENTITY_LABELS = {item.link_id: item.text for item in IDENTITY}


def place_values(
    page: EmbeddedPage, shown: Mapping[str, str], labels: Mapping[str, str]
) -> tuple[list[PageElement], list[str], set[str]]:
    """The values on a page; the keys that did not fit, and those that have no place on it."""
    parts: list[PageElement] = []
    rest: list[str] = []
    absent: set[str] = set()
    for key, value in shown.items():
        spots = page.fields.get(key) or page.fields.get(_option(key, value))
        if spots is None:
            absent.add(key)
            continue
        label = labels.get(key) or _label(labels, key)
        for turn, _, place, cross in spots:
            if not cross:
                lines = fit_text(place, value)
                if lines is None:
                    rest.append(key)
                    lines = fit_beginning(place, value)
                    value = " ".join([line.text for line in lines])
                parts.append(PageElement(turn, Tag("P", f"{label}: {value}"), lines))
            elif value == TRUE or place.key != key:
                said = f"{label}: {'ticked' if value == TRUE else value}"
                parts.append(PageElement(turn, Tag("P", said), (), cross))
            else:
                rest.append(key)
    return parts, rest, absent


def _option(key: str, value: str) -> str:
    name, colon, row = key.partition(":")
    return f"{name}={value}{colon}{row}"


def place_imprint(page: EmbeddedPage, key: str, value: str, tag: Tag) -> list[PageElement]:
    """Words of the print itself wherever the page has room for them, cut off where they are long."""
    text = to_printable(value)
    if not text:
        return []
    return [
        PageElement(
            turn, tag if read else None, fit_text(place, text) or fit_beginning(place, text)
        )
        for turn, read, place, _ in page.fields.get(key, ())
    ]


def _label(labels: Mapping[str, str], key: str) -> str:
    name, _, row = key.partition(":")
    words = labels.get(name) or IDENTITY_LABELS.get(name, name)
    return f"{words}, row {row}" if row else words


def overflow_table(
    keys: Iterable[str], shown: Mapping[str, str], labels: Mapping[str, str]
) -> list[Block]:
    """Those values as a table, with the words of their fields."""
    rows = [(_label(labels, key), shown[key]) for key in dict.fromkeys(keys)]
    columns = (("Field", 1.0), ("In full", 3.0))
    return [Heading("What did not fit into its field, in full"), Table(columns, rows)]
