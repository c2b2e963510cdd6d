"""What is to be printed, as data: a form's values, a list's blocks, and what all pages say."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from downtime.pdf.fit_text import TextLine
from downtime.pdf.flow_blocks import Block
from downtime.pdf.geometry import FormLayout


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
    """One form to print under its serial. `labels` are the words of its fields."""

    layout: FormLayout
    serial: str
    values: Mapping[str, str]
    labels: Mapping[str, str]


class ListSheet(NamedTuple):
    """What flows under one serial: identity values, blocks, the words above and below."""

    layout: FormLayout
    serial: str
    values: Mapping[str, str]
    blocks: Sequence[Block]
    title: str
    foot: str


class PlainPagePrinter(Protocol):
    """What prints pages that have no layout."""

    def print_plain_page(
        self, size: tuple[float, float], lines: Sequence[TextLine], marks: str
    ) -> None:
        """Print one page: lines, and marks as PDF operators."""


class LooseSheet(NamedTuple):
    """Pages without a layout, such as labels: drawn by a function that returns how many."""

    serial: str
    draw: Callable[[PlainPagePrinter, str], int]


PrintedSheet = FormSheet | ListSheet | LooseSheet
