"""A laid-out form, and what is to be printed on it: values, blocks, and what all pages say."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Protocol

from downtime.paper.forms.model import SignedRows
from downtime.pdf.field_rectangle import Alignment, FieldKind, FieldRectangle
from downtime.pdf.fit_text import TextLine
from downtime.pdf.flow_blocks import Block

DRILL = "DRILL"
"""What stands across every page of a drill."""
PageRectangles = tuple[tuple[FieldRectangle, ...], ...]
"""For each page the rectangles of its fields.

A key is an answer's key, `KEY=CODE` for the box of one option, or a reserved `page.…`.
"""


@dataclass(frozen=True, slots=True)
class FormLayout:
    """The pages of one version of one form, as WeasyPrint drew them."""

    form: str
    version: str
    title: str
    digest: str
    """Names definition, templates, fonts' styles and WeasyPrint's version together."""
    pdf: bytes
    size: tuple[float, float]
    pages: PageRectangles

    def geometry(self) -> str:
        """The rectangles as JSON, as they are kept beside the ledger."""
        pages = [[asdict(rectangle) for rectangle in page] for page in self.pages]
        return json.dumps({"size": self.size, "pages": pages})


def read_geometry(text: str) -> tuple[tuple[float, float], PageRectangles]:
    """Page size and rectangles of kept JSON."""
    geometry = json.loads(text)
    pages = tuple(tuple(map(_read_rectangle, page)) for page in geometry["pages"])
    return (geometry["size"][0], geometry["size"][1]), pages


def _read_rectangle(fields: dict[str, Any]) -> FieldRectangle:
    kind, align = FieldKind(fields["kind"]), Alignment(fields["align"])
    return FieldRectangle(**{**fields, "kind": kind, "align": align})


@dataclass(frozen=True, slots=True)
class Imprint:
    """What all pages of one document say of themselves."""

    site: str
    outage: str
    drill: bool
    as_at: str
    printed: str
    mrn_name: str

    def values(self) -> dict[str, str]:
        """The reserved `page.…` fields that are the same on every page."""
        return {
            "page.site": self.site,
            "page.outage": self.outage,
            "page.as-at": self.as_at,
            "page.printed": self.printed,
        }


class FormSheet(NamedTuple):
    """One form to print under its serial. `labels` name its fields; `signed` are its rows of orders."""

    layout: FormLayout
    serial: str
    values: Mapping[str, str]
    labels: Mapping[str, str]
    signed: Sequence[SignedRows] = ()


class ListSheet(NamedTuple):
    """What flows under one serial: identity values, blocks, the words above and below."""

    layout: FormLayout
    serial: str
    values: Mapping[str, str]
    blocks: Sequence[Block]
    title: str
    foot: str
    as_at: str = ""
    """How old its data is, where that is not the same as on the other pages of its pack."""


class PlainPagePrinter(Protocol):
    """What prints pages that have no layout."""

    def print_plain_page(
        self, size: tuple[float, float], lines: Sequence[TextLine], operators: str
    ) -> None:
        """Print one page: lines, and what PDF operators draw."""

    def print_copied_pages(self, pdf: bytes, feet: Sequence[str]) -> int:
        """Print the pages of another PDF, each with a line of text below it; how many they are."""


class LooseSheet(NamedTuple):
    """Pages without a layout, such as labels: drawn by a function that returns how many."""

    serial: str
    draw: Callable[[PlainPagePrinter, str], int]


PrintedSheet = FormSheet | ListSheet | LooseSheet
