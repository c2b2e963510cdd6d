"""Stamp values, serial and codes on pages that were laid out once: thousands in a second."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

import pikepdf

from downtime.paper import serials
from downtime.paper.definitions.questionnaire import IDENTITY, TRUE
from downtime.paper.press import marks
from downtime.paper.press.codes import code_path
from downtime.paper.press.compose import Part, compose
from downtime.paper.press.fit import Line, beginning, fit, width
from downtime.paper.press.flow import Block, Drawn, Heading, Table, flow
from downtime.paper.press.geometry import Layout, Place
from downtime.paper.press.sheaf import Pages
from downtime.paper.press.tags import Tag
from downtime.paper.press.text import printable

if TYPE_CHECKING:
    from downtime.paper.press.writer import PdfWriter

BLANK = "This page is intentionally blank."
BLANK_SIZE = 10.0
A4 = (595.28, 841.89)
"""Points."""


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


class _Spot(NamedTuple):
    """A place and its turn in the reading order; what a page says twice is read once."""

    turn: int
    read: bool
    place: Place


class _Page(NamedTuple):
    """One page of a layout, embedded: its fields by key."""

    drawing: int
    size: tuple[float, float]
    spots: Mapping[str, tuple[_Spot, ...]]


class _Sheet(NamedTuple):
    """One page to print: its values in their places, and what flows in its body."""

    page: _Page
    parts: list[Part]
    area: Drawn | None


class FormSheet(NamedTuple):
    """One form to print under its serial. `labels` are the words of its fields."""

    layout: Layout
    serial: str
    values: Mapping[str, str]
    labels: Mapping[str, str]


class ListSheet(NamedTuple):
    """What flows under one serial: identity values, blocks, the words above and below."""

    layout: Layout
    serial: str
    values: Mapping[str, str]
    blocks: Sequence[Block]
    title: str
    foot: str


class LooseSheet(NamedTuple):
    """Pages without a layout, such as labels: drawn by a function that returns how many."""

    serial: str
    draw: "Callable[[Stamper, str], int]"


Sheet = FormSheet | ListSheet | LooseSheet


class Stamper:
    """Stamps forms and lists on pages that are on their way into a PDF."""

    def __init__(self, writer: Pages, imprint: Imprint) -> None:
        self._writer = writer
        self._imprint = imprint
        self._imprinted: dict[int, list[Part]] = {}
        self._pages: dict[str, list[_Page]] = {}

    def print(self, sheet: Sheet, *, turned: bool = False) -> int:
        """Print a form or a list; how many pages it took.

        With `turned` a blank back follows where one is needed for the next to begin on a front.
        """
        if isinstance(sheet, FormSheet):
            count = self.form(*sheet)
        elif isinstance(sheet, LooseSheet):
            count = sheet.draw(self, sheet.serial)
        else:
            layout, serial, values, blocks, title, foot = sheet
            count = self.flowing(layout, serial, values, blocks, title=title, foot=foot)
        if turned and count % 2:
            self.blank()
        return count

    def form(
        self, layout: Layout, serial: str, values: Mapping[str, str], labels: Mapping[str, str]
    ) -> int:
        """Print one form with its values; what does not fit goes to continuation pages.

        Returns how many pages it took. `labels` are the fields' words, for a continuation and for
        whoever has the page read aloud.
        """
        shown = {key: printable(value) for key, value in values.items() if value}
        sheets, rest, homeless = [], [], set(shown)
        for page in self._embedded(layout):
            parts, spilled, absent = _placed(page, shown, labels)
            sheets.append(_Sheet(page, parts, None))
            rest += spilled
            homeless &= absent
        rest += homeless
        if rest:
            sheets += self._continuation(layout, shown, labels, rest)
        return self._print(sheets, serial, layout.title)

    def flowing(
        self,
        layout: Layout,
        serial: str,
        values: Mapping[str, str],
        blocks: Sequence[Block],
        *,
        title: str,
        foot: str,
    ) -> int:
        """Print blocks over as many pages of a flowing layout as they need; how many it took."""
        shown = {key: printable(value) for key, value in values.items() if value}
        page = self._embedded(layout)[0]
        parts, rest, _ = _placed(page, shown, _IDENTITY_LABELS)
        if rest:
            blocks = [*_in_full(rest, shown, _IDENTITY_LABELS), *blocks]
        parts += _named(page, title, foot)
        return self._print(_areas(page, parts, blocks), serial, "")

    def plain(self, size: tuple[float, float], lines: Sequence[Line], marks: str) -> None:
        """Print one page that has no layout (labels): lines, and marks as PDF operators."""
        compose(self._writer, size, [], [marks], [Part(0, Tag("P"), [line]) for line in lines])

    def blank(self) -> None:
        """Print the back of a sheet that is left blank: it has no serial, and says what it is."""
        wide, high = A4
        x = (wide - width(BLANK, False) * BLANK_SIZE) / 2
        self.plain(A4, [Line(x, high / 2, BLANK_SIZE, False, BLANK)], "")

    def _continuation(
        self,
        layout: Layout,
        shown: Mapping[str, str],
        labels: Mapping[str, str],
        rest: Iterable[str],
    ) -> list[_Sheet]:
        from downtime.paper.press.layout import flow_layout  # seldom needed, and slow to load

        title = f"{layout.title}: continued"
        identity = any(place.key == "patient.name" for place in layout.pages[0])
        page = self._embedded(flow_layout(identity, self._imprint.mrn_name))[0]
        mine = {k: shown[k] for k in _IDENTITY_LABELS if k in shown}
        parts, _, _ = _placed(page, mine, _IDENTITY_LABELS)
        parts += _named(page, title, title)
        return _areas(page, parts, _in_full(rest, shown, labels))

    def _embedded(self, layout: Layout) -> list[_Page]:
        found = self._pages.get(layout.digest)
        if found is None:
            copied: dict[tuple[int, int], int] = {}
            with pikepdf.open(BytesIO(layout.pdf)) as document:
                drawings = [self._writer.embed(page, copied) for page in document.pages]
            found = self._pages[layout.digest] = [
                _Page(drawing, layout.size, _spots(places))
                for drawing, places in zip(drawings, layout.pages, strict=True)
            ]
        return found

    def _same(self, page: _Page) -> list[Part]:
        """What all pages of this document say."""
        found = self._imprinted.get(page.drawing)
        if found is None:
            found = self._imprinted[page.drawing] = [
                part
                for key, value in self._imprint.values().items()
                for part in _fixed_parts(page, key, value, _P)
            ]
        return found

    def _print(self, sheets: Sequence[_Sheet], serial: str, title: str) -> int:
        """Print the pages of one serial; `title` is the form's, unless its pages show it stamped."""
        self._writer.document()
        shown = serials.shown(serial)
        for number, (page, parts, area) in enumerate(sheets, 1):
            if number > 1:
                parts = [part._replace(tag=_P) if part.tag == _H1 else part for part in parts]
            head = Tag("H1" if number == 1 else "P", f"{title}, {shown}") if title else _P
            parts += _fixed_parts(page, "page.serial", shown, head)
            parts += _fixed_parts(page, "page.number", f"Page {number} of {len(sheets)}", _P)
            parts += self._same(page)
            parts += [_code(page, serial, number, corner) for corner in serials.CORNERS]
            furniture = []
            if self._imprint.drill:
                self._writer.use(marks.DRILL_FACE, marks.DRILL_GLYPHS)
                furniture.append(marks.watermark(page.size))
            if area is not None:
                turn, _, body = page.spots["page.body"][0]
                parts += _moved(area, body, turn)
                furniture += marks.shapes(area, body)
            compose(self._writer, page.size, [page.drawing], furniture, parts)
        return len(sheets)


class Printer(Stamper):
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
_IDENTITY_LABELS = {item.link_id: item.text for item in IDENTITY}


def _label(labels: Mapping[str, str], key: str) -> str:
    name, _, row = key.partition(":")
    words = labels.get(name) or _IDENTITY_LABELS.get(name, name)
    return f"{words}, row {row}" if row else words


def _in_full(
    keys: Iterable[str], shown: Mapping[str, str], labels: Mapping[str, str]
) -> list[Block]:
    rows = [(_label(labels, key), shown[key]) for key in dict.fromkeys(keys)]
    columns = (("Field", 1.0), ("In full", 3.0))
    return [Heading("What did not fit into its field, in full"), Table(columns, rows)]


def _named(page: _Page, title: str, foot: str) -> list[Part]:
    """What stands above and below on a page that flows."""
    return [
        *_fixed_parts(page, "page.title", title, _H1),
        *_fixed_parts(page, "page.foot", foot, _P),
    ]


def _areas(page: _Page, parts: Sequence[Part], blocks: Sequence[Block]) -> list[_Sheet]:
    body = page.spots["page.body"][0].place
    areas = flow(blocks, body.width, body.height)
    return [_Sheet(page, list(parts), area) for area in areas]


_BEFORE = ("page.title", "page.serial", "page.number", "page.outage", "page.site")
_AFTER = ("page.as-at", "page.printed", "page.foot", "page.code-a", "page.code-b")


def _spots(places: Sequence[Place]) -> dict[str, tuple[_Spot, ...]]:
    """Places by key, in the order in which they are read: what page this is, whose, what it says."""
    found: dict[str, tuple[_Spot, ...]] = {}
    order = sorted(places, key=lambda place: _rank(place.key))
    for turn, place in enumerate(order):
        before = found.get(place.key, ())
        read = not (before and place.key.startswith("page."))
        found[place.key] = (*before, _Spot(turn, read, place))
    return found


def _rank(key: str) -> tuple[int, int]:
    if key in _BEFORE:
        return 0, _BEFORE.index(key)
    if key in _AFTER:
        return 3, _AFTER.index(key)
    return (1 if key.startswith("patient.") else 2), 0


def _placed(
    page: _Page, shown: Mapping[str, str], labels: Mapping[str, str]
) -> tuple[list[Part], list[str], set[str]]:
    """The values on a page; the keys that did not fit, and those that have no place on it."""
    parts: list[Part] = []
    rest: list[str] = []
    absent: set[str] = set()
    for key, value in shown.items():
        spots = page.spots.get(key) or page.spots.get(_option(key, value))
        if spots is None:
            absent.add(key)
            continue
        label = _label(labels, key)
        for turn, _, place in spots:
            if place.kind != "tick":
                lines = fit(place, value)
                if lines is None:
                    rest.append(key)
                    lines = beginning(place, value)
                    value = " ".join([line.text for line in lines])
                parts.append(Part(turn, Tag("P", f"{label}: {value}"), lines))
            elif value == TRUE or place.key != key:
                said = f"{label}: {'ticked' if value == TRUE else value}"
                parts.append(Part(turn, Tag("P", said), (), marks.tick(place)))
            else:
                rest.append(key)
    return parts, rest, absent


def _option(key: str, value: str) -> str:
    name, colon, row = key.partition(":")
    return f"{name}={value}{colon}{row}"


def _fixed_parts(page: _Page, key: str, value: str, tag: Tag) -> list[Part]:
    return [
        Part(turn, tag if read else None, lines)
        for turn, read, place in page.spots.get(key, ())
        if (lines := _fixed_lines(place, value))
    ]


@lru_cache(maxsize=4096)
def _fixed_lines(place: Place, value: str) -> list[Line]:
    text = printable(value)
    return (fit(place, text) or beginning(place, text)) if text else []


def _code(page: _Page, serial: str, number: int, corner: str) -> Part:
    ((turn, _, place),) = page.spots[f"page.code-{corner.lower()}"]
    path = code_path(serials.page_code(serial, number, corner), place.x, place.y, place.width)
    said = f"Code {corner} of {serials.shown(serial)}, page {number}"
    box = (place.x, place.y, place.x + place.width, place.y + place.width)
    return Part(turn, Tag("Figure", said, box=box), (), path)


def _moved(area: Drawn, body: Place, turn: int) -> list[Part]:
    top = body.y + body.height
    return [
        Part(turn, tag, [line._replace(x=line.x + body.x, y=line.y + top) for line in lines])
        for tag, lines in area.texts
    ]
