"""Headings, paragraphs and tables that flow over as many pages as they need; nothing is cut off."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from downtime.pdf.fit_text import LEADING, SMALLEST_SIZE, TextLine, find_largest_size, text_width
from downtime.pdf.tags import Tag
from downtime.pdf.text import to_printable, wrap_text

BODY_SIZE = 9.0
_PAD_X, _PAD_Y = 3.0, 2.4
_HEAD_HEIGHT = 14.0


@dataclass(frozen=True, slots=True)
class Heading:
    """A line that stays with what follows it."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Words over the whole width."""

    text: str
    bold: bool = False
    size: float = BODY_SIZE
    _aside: str = ""
    """More words of it that are no content of the page: by them alone no page is printed again. (The
    underscore keeps them out of what is written of a page.)"""

    @property
    def printed_text(self) -> str:
        """All that is printed."""
        return f"{self.text} {self._aside}" if self._aside else self.text


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` are (title, share of the width); every cell wraps; without titles there is no head.

    `row_height` gives each row at least that many points, for handwriting. `repeats_bold` says that an empty
    bold cell means 'as above', so that it is said again at the top of a page.
    """

    columns: Sequence[tuple[str, float]]
    rows: Sequence[Sequence[str]]
    row_height: float = 0.0
    bold_column: int = 0
    repeats_bold: bool = False


Block = Heading | Paragraph | Table


class _Cell(NamedTuple):
    """The lines of one cell, and the size of their type."""

    lines: list[str]
    size: float


@dataclass(slots=True)
class FlowedPage:
    """What one page shows, in points from the area's upper left corner, y downwards negative."""

    texts: list[tuple[Tag, list[TextLine]]] = field(default_factory=list)
    """What is read, in that order; an element that only holds others has no lines."""
    rules: list[tuple[float, float, float]] = field(default_factory=list)
    """(x, y, width) of thin lines."""
    shades: list[tuple[float, float, float, float]] = field(default_factory=list)
    """(x, y, width, height) of grey fields."""


class _BlockFlow:
    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.pages = [FlowedPage()]
        self.used = 0.0
        self.table_page: FlowedPage | None = None
        """The page on which the table being drawn was begun."""

    @property
    def remaining(self) -> float:
        return self.height - self.used

    def next_page(self) -> None:
        self.pages.append(FlowedPage())
        self.used = 0.0

    def ensure_room(self, height: float) -> bool:
        """Begin a page unless so much room is left on this one; whether it did."""
        if height <= self.remaining or not self.used:
            return False
        self.next_page()
        return True

    def line(self, x: float, size: float, bold: bool, text: str, below: float = 0.0) -> TextLine:
        return TextLine(x, -(self.used + below + size), size, bold, text)

    def add(self, tag: Tag, lines: list[TextLine]) -> None:
        """Show lines of one element on this page."""
        lines = [line for line in lines if line.text.strip()]
        if lines or not tag.has_content:
            self.pages[-1].texts.append((tag, lines))
        elif tag.depth:
            self.pages[-1].texts.append((tag._replace(has_content=False), []))


def flow_blocks(blocks: Sequence[Block], width: float, height: float) -> list[FlowedPage]:
    """The pages of an area `width` by `height` points that hold all blocks."""
    flow = _BlockFlow(width, height)
    for number, block in enumerate(blocks):
        if isinstance(block, Heading):
            _add_heading(flow, block, _least_height(blocks[number + 1 : number + 2], width))
        elif isinstance(block, Paragraph):
            _add_paragraph(flow, block)
        else:
            _add_table(flow, block)
    return flow.pages


def _least_height(following: Sequence[Block], width: float) -> float:
    """The height that what follows a heading needs at the least, to stay with it."""
    for block in following:
        if isinstance(block, Table) and block.rows:
            return _HEAD_HEIGHT + _row_height(
                _wrap_cells(block, _column_widths(block, width), block.rows[0]), block
            )
    return 3 * BODY_SIZE * LEADING


def _add_heading(flow: _BlockFlow, block: Heading, least: float) -> None:
    size = 11.5
    flow.ensure_room(24.0 + least)
    if flow.used:
        flow.used += 7.0
    lines = []
    for text in wrap_text(
        to_printable(block.text), flow.width / size, lambda part: text_width(part, True)
    ):
        lines.append(flow.line(0.0, size, True, text))
        flow.used += size * LEADING
    flow.add(Tag("H2"), lines)
    flow.used += 3.0


def _add_paragraph(flow: _BlockFlow, block: Paragraph) -> None:
    leading = block.size * LEADING
    lines: list[TextLine] = []
    measure = lambda part: text_width(part, block.bold)  # noqa: E731
    for text in wrap_text(to_printable(block.printed_text), flow.width / block.size, measure):
        if leading > flow.remaining and flow.used:
            flow.add(Tag("P"), lines)
            lines = []
            flow.next_page()
        lines.append(flow.line(0.0, block.size, block.bold, text))
        flow.used += leading
    flow.add(Tag("P"), lines)
    flow.used += 3.0


def _add_table(flow: _BlockFlow, block: Table) -> None:
    widths = _column_widths(block, flow.width)
    flow.table_page = None
    above = ""
    for number, row in enumerate(block.rows):
        above = row[block.bold_column] or above
        cells = _wrap_cells(block, widths, row)
        if block.repeats_bold and _row_height(cells, block) > flow.remaining:
            repeated = [above if n == block.bold_column else text for n, text in enumerate(row)]
            cells = _wrap_cells(block, widths, repeated)
        if number == 0:
            flow.ensure_room(_HEAD_HEIGHT + _row_height(cells, block))
            _add_table_head(flow, block, widths)
        for part in _split_row(flow, block, widths, cells):
            _add_table_row(flow, part, widths, block)
    flow.used += 5.0


def _column_widths(block: Table, width: float) -> list[float]:
    total = sum(share for _, share in block.columns)
    return [width * share / total for _, share in block.columns]


def _wrap_cells(block: Table, widths: list[float], row: Sequence[str]) -> list[_Cell]:
    return [
        _wrap_cell(to_printable(text), width - 2 * _PAD_X, column == block.bold_column)
        for column, (text, width) in enumerate(zip(row, widths, strict=True))
    ]


def _wrap_cell(text: str, width: float, bold: bool) -> _Cell:
    """In smaller type where a number with what it counts would else be broken over lines."""
    size = max(SMALLEST_SIZE, min(BODY_SIZE, find_largest_size(text, width, bold)))
    return _Cell(wrap_text(text, width / size, lambda part: text_width(part, bold)), size)


def _row_height(cells: list[_Cell], block: Table) -> float:
    longest = max(len(cell.lines) for cell in cells)
    return max(longest * BODY_SIZE * LEADING + 2 * _PAD_Y, block.row_height)


def _split_row(
    flow: _BlockFlow, block: Table, widths: list[float], cells: list[_Cell]
) -> Iterator[list[_Cell]]:
    """A row as it falls on pages: whole when a page can hold it, else in parts under a new head.

    The bold column is repeated in every part, so that each says what it belongs to.
    """
    while True:
        height = _row_height(cells, block)
        if flow.ensure_room(min(height, flow.height - _HEAD_HEIGHT)):
            _add_table_head(flow, block, widths)
        room = max(1, int((flow.remaining - 2 * _PAD_Y) / (BODY_SIZE * LEADING)))
        yield [cell._replace(lines=cell.lines[:room]) for cell in cells]
        if all(len(cell.lines) <= room for cell in cells):
            return
        cells = [
            cell
            if column == block.bold_column and len(cell.lines) <= room
            else cell._replace(lines=cell.lines[room:])
            for column, cell in enumerate(cells)
        ]


def _add_table_head(flow: _BlockFlow, block: Table, widths: list[float]) -> None:
    if not any(title for title, _ in block.columns):
        return
    size, height = 8.0, _HEAD_HEIGHT
    page = flow.pages[-1]
    page.shades.append((0.0, -(flow.used + height), flow.width, height))
    x = 0.0
    _begin_row(flow)
    for (title, _), width in zip(block.columns, widths, strict=True):
        flow.add(Tag("TH", depth=2), [flow.line(x + _PAD_X, size, True, title, below=2.2)])
        x += width
    flow.used += height
    page.rules.append((0.0, -flow.used, flow.width))


def _begin_row(flow: _BlockFlow) -> None:
    """A row of the table on this page; a table that goes on over pages is one on each."""
    page = flow.pages[-1]
    if flow.table_page is not page:
        flow.table_page = page
        flow.add(Tag("Table", has_content=False), [])
    flow.add(Tag("TR", depth=1, has_content=False), [])


def _add_table_row(flow: _BlockFlow, cells: list[_Cell], widths: list[float], block: Table) -> None:
    leading, x = BODY_SIZE * LEADING, 0.0
    _begin_row(flow)
    for column, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        bold = column == block.bold_column
        lines = [
            flow.line(x + _PAD_X, cell.size, bold, text, below=_PAD_Y + number * leading - 0.6)
            for number, text in enumerate(cell.lines)
        ]
        flow.add(Tag("TD", depth=2), lines)
        x += width
    flow.used += _row_height(cells, block)
    flow.pages[-1].rules.append((0.0, -flow.used, flow.width))
