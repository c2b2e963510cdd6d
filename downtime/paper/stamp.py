"""Stamp values, serial and codes on pages that were laid out once: thousands in a second."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import NamedTuple

import pikepdf

from downtime.paper import serials
from downtime.paper.codes import code_path
from downtime.paper.fit import Line, beginning, fit
from downtime.paper.flow import Block, Drawn, Heading, Table, flow
from downtime.paper.layout import Layout, Place, flow_layout
from downtime.paper.questionnaire import IDENTITY, TRUE
from downtime.paper.shaping import shaped
from downtime.paper.text import printable
from downtime.paper.typeface import NeedsShapingError, runs
from downtime.paper.writer import PdfWriter

DRILL = "DRILL"


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


class _Page(NamedTuple):
    """One page of a layout, embedded: its fields by key."""

    drawing: int
    size: tuple[float, float]
    places: Mapping[str, tuple[Place, ...]]


class Printer:
    """Prints forms and lists into one PDF; `finish` completes it."""

    def __init__(self, writer: PdfWriter, imprint: Imprint) -> None:
        self._writer = writer
        self._imprint = imprint
        self._fixed = imprint.values()
        self._pages: dict[str, list[_Page]] = {}

    @property
    def pages(self) -> int:
        """How many pages were printed so far."""
        return self._writer.pages

    def form(
        self, layout: Layout, serial: str, values: Mapping[str, str], labels: Mapping[str, str]
    ) -> int:
        """Print one form with its values; what does not fit goes to continuation pages.

        Returns how many pages it took. `labels` are the fields' words, for a continuation.
        """
        pages = self._embedded(layout)
        shown = {key: printable(value) for key, value in values.items() if value}
        drawn, rest, homeless = [], [], set(shown)
        for page in pages:
            lines, ticks, spilled, absent = _placed(page, shown)
            drawn.append((page, lines, ticks))
            rest += spilled
            homeless &= absent
        rest += homeless
        more = self._continuation(layout, shown, labels, rest) if rest else []
        total = len(pages) + len(more)
        for number, (page, lines, ticks) in enumerate(drawn, 1):
            self._print(page, serial, number, total, [*lines], ticks, None)
        for number, (page, lines, area) in enumerate(more, len(pages) + 1):
            self._print(page, serial, number, total, lines, (), area)
        return total

    def flowing(
        self,
        layout: Layout,
        serial: str,
        values: Mapping[str, str],
        blocks: Sequence[Block],
        *,
        title: str,
        foot: str,
        front: bool = False,
    ) -> int:
        """Print blocks over as many pages of a flowing layout as they need; how many it took.

        `front` pages come first in the document, whenever they are printed.
        """
        shown = {key: printable(value) for key, value in values.items() if value}
        page = self._embedded(layout)[0]
        placed, _, rest, _ = _placed(page, shown)
        if rest:
            blocks = [*_in_full(rest, shown, _IDENTITY_LABELS), *blocks]
        placed += _named(page, title, foot)
        pages = _areas(page, placed, blocks)
        for number, (page, lines, area) in enumerate(pages, 1):
            self._print(page, serial, number, len(pages), lines, (), area, front)
        return len(pages)

    def finish(self) -> int:
        """Complete the document; returns its length in bytes."""
        return self._writer.finish()

    def _continuation(
        self,
        layout: Layout,
        shown: Mapping[str, str],
        labels: Mapping[str, str],
        rest: Iterable[str],
    ) -> list[tuple[_Page, list[Line], Drawn]]:
        title = f"{layout.title}: continued"
        identity = any(place.key == "patient.name" for place in layout.pages[0])
        page = self._embedded(flow_layout(identity, self._imprint.mrn_name))[0]
        lines, _, _, _ = _placed(page, {k: shown[k] for k in _IDENTITY_LABELS if k in shown})
        lines += _named(page, title, title)
        return _areas(page, lines, _in_full(rest, shown, labels))

    def _embedded(self, layout: Layout) -> list[_Page]:
        found = self._pages.get(layout.digest)
        if found is None:
            with pikepdf.open(BytesIO(layout.pdf)) as document:
                drawings = [self._writer.embed(page) for page in document.pages]
            found = self._pages[layout.digest] = [
                _Page(drawing, layout.size, _by_key(places))
                for drawing, places in zip(drawings, layout.pages, strict=True)
            ]
        return found

    def _print(
        self,
        page: _Page,
        serial: str,
        number: int,
        total: int,
        lines: list[Line],
        ticks: Iterable[Place],
        area: Drawn | None,
        front: bool = False,
    ) -> None:
        words = self._fixed | {
            "page.serial": serials.shown(serial),
            "page.number": f"Page {number} of {total}",
        }
        for key, value in words.items():
            for place in page.places.get(key, ()):
                lines += _fixed_lines(place, value)
        content = [_watermark(page.size)] if self._imprint.drill else []
        if self._imprint.drill:
            self._writer.use("B", runs(DRILL, True)[0][0][1])
        content.append(f"/X{page.drawing} Do\n")
        content += map(_tick, ticks)
        for corner in serials.CORNERS:
            (place,) = page.places[f"page.code-{corner.lower()}"]
            payload = serials.page_code(serial, number, corner)
            content.append(code_path(payload, place.x, place.y, place.width))
        if area is not None:
            body = page.places["page.body"][0]
            lines += _moved(area.lines, body)
            content += _shapes(area, body)
        drawings = [page.drawing]
        complex_lines = self._set(lines, content)
        if complex_lines:
            with shaped(complex_lines, page.size) as overlay:
                drawings.append(self._writer.embed(overlay.pages[0]))
            content.append(f"/X{drawings[-1]} Do\n")
        self._writer.add_page(page.size, drawings, "".join(content), front=front)

    def _set(self, lines: Iterable[Line], content: list[str]) -> list[Line]:
        """Set simple lines into the content; returns those that need shaping."""
        left = []
        content.append("BT\n")
        for line in lines:
            try:
                found, _ = runs(line.text, line.bold)
            except NeedsShapingError:
                left.append(line)
                continue
            x = line.x
            for face, glyphs, wide in found:
                self._writer.use(face, glyphs)
                content.append(
                    f"/{face} {line.size:.2f} Tf 1 0 0 1 {x:.2f} {line.y:.2f} Tm <{glyphs}> Tj\n"
                )
                x += wide * line.size
        content.append("ET\n")
        return left


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


def _named(page: _Page, title: str, foot: str) -> list[Line]:
    """What stands above and below on a page that flows."""
    words = {"page.title": title, "page.foot": foot}
    return [
        line
        for key, value in words.items()
        for place in page.places[key]
        for line in _fixed_lines(place, value)
    ]


def _areas(
    page: _Page, lines: Iterable[Line], blocks: Sequence[Block]
) -> list[tuple[_Page, list[Line], Drawn]]:
    body = page.places["page.body"][0]
    return [(page, list(lines), area) for area in flow(blocks, body.width, body.height)]


def _by_key(places: Iterable[Place]) -> dict[str, tuple[Place, ...]]:
    found: dict[str, tuple[Place, ...]] = {}
    for place in places:
        found[place.key] = (*found.get(place.key, ()), place)
    return found


def _placed(
    page: _Page, shown: Mapping[str, str]
) -> tuple[list[Line], list[Place], list[str], set[str]]:
    """Lines and ticks of the values on a page; keys that did not fit, and that have no place."""
    lines: list[Line] = []
    ticks: list[Place] = []
    rest: list[str] = []
    absent: set[str] = set()
    for key, value in shown.items():
        places = page.places.get(key) or page.places.get(_option(key, value))
        if places is None:
            absent.add(key)
            continue
        for place in places:
            if place.kind == "tick":
                if value == TRUE or place.key != key:
                    ticks.append(place)
                else:
                    rest.append(key)
                continue
            found = fit(place, value)
            if found is None:
                rest.append(key)
                found = beginning(place, value)
            lines += found
    return lines, ticks, rest, absent


def _option(key: str, value: str) -> str:
    name, colon, row = key.partition(":")
    return f"{name}={value}{colon}{row}"


@lru_cache(maxsize=4096)
def _fixed_lines(place: Place, value: str) -> list[Line]:
    text = printable(value)
    return fit(place, text) or beginning(place, text)


@lru_cache(maxsize=1024)
def _tick(place: Place) -> str:
    """A cross through the box, as a person would make it."""
    x, y, size = place.x, place.y, place.width
    near, far = size * 0.2, size * 0.8
    return (
        f"q 1.5 w {x + near:.2f} {y + near:.2f} m {x + far:.2f} {y + far:.2f} l "
        f"{x + near:.2f} {y + far:.2f} m {x + far:.2f} {y + near:.2f} l S Q\n"
    )


@lru_cache(maxsize=16)
def _watermark(size: tuple[float, float]) -> str:
    """`DRILL` across the page in grey outline, under everything that is to be read."""
    ((_, glyphs, wide),), _ = runs(DRILL, True)
    points = 170.0
    x, y = size[0] / 2 - wide * points * 0.354 + 45, size[1] / 2 - wide * points * 0.354 - 45
    return (
        f"q 0.72 G 1.6 w 1 Tr BT /B {points} Tf 0.7071 0.7071 -0.7071 0.7071 {x:.2f} {y:.2f} Tm"
        f" <{glyphs}> Tj ET Q\n"
    )


def _moved(lines: Iterable[Line], body: Place) -> list[Line]:
    top = body.y + body.height
    return [line._replace(x=line.x + body.x, y=line.y + top) for line in lines]


def _shapes(area: Drawn, body: Place) -> list[str]:
    top = body.y + body.height
    grey = [
        f"q 0.9 g {body.x + x:.2f} {top + y:.2f} {w:.2f} {h:.2f} re f Q\n"
        for x, y, w, h in area.shades
    ]
    rules = [
        f"q 0.5 w {body.x + x:.2f} {top + y:.2f} m {body.x + x + w:.2f} {top + y:.2f} l S Q\n"
        for x, y, w in area.rules
    ]
    return grey + rules
