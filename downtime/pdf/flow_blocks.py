"""Headings, paragraphs and tables that flow over as many pages as they need; nothing is cut off."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from downtime.pdf.fit_text import LEADING, TextLine, text_width
from downtime.pdf.tags import Tag
from downtime.pdf.text import to_printable, wrap_text

BODY_SIZE = 9.0
_PAD_X, _PAD_Y = 3.0, 2.4
_HEAD = 14.0


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


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` are (title, share of the width); every cell wraps; without titles there is no head.

    `tall` gives each row at least that many points, for handwriting. `carries` says that an empty
    bold cell means 'as above', so that it is said again at the top of a page.
    """

    columns: Sequence[tuple[str, float]]
    rows: Sequence[Sequence[str]]
    row_height: float = 0.0
    bold_column: int = 0
    repeats_bold: bool = False


Block = Heading | Paragraph | Table


@dataclass(slots=True)
class FlowedPage:
    """What one page shows, in points from the area's upper left corner, y downwards negative."""

    texts: list[tuple[Tag, list[TextLine]]] = field(default_factory=list)
    """What is read, in that order; an element that only holds others has no lines."""
    rules: list[tuple[float, float, float]] = field(default_factory=list)
    """(x, y, width) of thin lines."""
    shades: list[tuple[float, float, float, float]] = field(default_factory=list)
    """(x, y, width, height) of grey fields."""


class _Flow:
    def __init__(self, wide: float, high: float) -> None:
        self.wide, self.high = wide, high
        self.pages = [FlowedPage()]
        self.used = 0.0
        self.table: FlowedPage | None = None
        """The page on which the table being drawn was begun."""

    @property
    def left(self) -> float:
        return self.high - self.used

    def turn(self) -> None:
        self.pages.append(FlowedPage())
        self.used = 0.0

    def need(self, height: float) -> bool:
        """Turn the page unless so much is left on it."""
        if height <= self.left or not self.used:
            return False
        self.turn()
        return True

    def line(self, x: float, size: float, bold: bool, text: str, below: float = 0.0) -> TextLine:
        return TextLine(x, -(self.used + below + size), size, bold, text)

    def put(self, tag: Tag, lines: list[TextLine]) -> None:
        """Show lines of one element on this page."""
        lines = [line for line in lines if line.text.strip()]
        if lines or not tag.has_content:
            self.pages[-1].texts.append((tag, lines))
        elif tag.depth:
            self.pages[-1].texts.append((tag._replace(has_content=False), []))


def flow_blocks(blocks: Sequence[Block], wide: float, high: float) -> list[FlowedPage]:
    """The pages of an area `wide` by `high` points that hold all blocks."""
    state = _Flow(wide, high)
    for number, block in enumerate(blocks):
        if isinstance(block, Heading):
            _heading(state, block, _least(blocks[number + 1 : number + 2], wide))
        elif isinstance(block, Paragraph):
            _paragraph(state, block)
        else:
            _table(state, block)
    return state.pages


def _least(following: Sequence[Block], wide: float) -> float:
    """The height that what follows a heading needs at the least, to stay with it."""
    for block in following:
        if isinstance(block, Table) and block.rows:
            return _HEAD + _row_height(_cells(block, _widths(block, wide), block.rows[0]), block)
    return 3 * BODY_SIZE * LEADING


def _heading(state: _Flow, block: Heading, least: float) -> None:
    size = 11.5
    state.need(24.0 + least)
    if state.used:
        state.used += 7.0
    lines = []
    for text in wrap_text(
        to_printable(block.text), state.wide / size, lambda part: text_width(part, True)
    ):
        lines.append(state.line(0.0, size, True, text))
        state.used += size * LEADING
    state.put(Tag("H2"), lines)
    state.used += 3.0


def _paragraph(state: _Flow, block: Paragraph) -> None:
    leading = block.size * LEADING
    lines: list[TextLine] = []
    measure = lambda part: text_width(part, block.bold)  # noqa: E731
    for text in wrap_text(to_printable(block.text), state.wide / block.size, measure):
        if leading > state.left and state.used:
            state.put(Tag("P"), lines)
            lines = []
            state.turn()
        lines.append(state.line(0.0, block.size, block.bold, text))
        state.used += leading
    state.put(Tag("P"), lines)
    state.used += 3.0


def _table(state: _Flow, block: Table) -> None:
    widths = _widths(block, state.wide)
    state.table = None
    above = ""
    for number, row in enumerate(block.rows):
        above = row[block.bold_column] or above
        cells = _cells(block, widths, row)
        if block.repeats_bold and _row_height(cells, block) > state.left:
            again = [above if n == block.bold_column else text for n, text in enumerate(row)]
            cells = _cells(block, widths, again)
        if number == 0:
            state.need(_HEAD + _row_height(cells, block))
            _table_head(state, block, widths)
        for part in _parts(state, block, widths, cells):
            _table_row(state, part, widths, block)
    state.used += 5.0


def _widths(block: Table, wide: float) -> list[float]:
    total = sum(share for _, share in block.columns)
    return [wide * share / total for _, share in block.columns]


def _cells(block: Table, widths: list[float], row: Sequence[str]) -> list[list[str]]:
    return [
        wrap_text(
            to_printable(text),
            (wide - 2 * _PAD_X) / BODY_SIZE,
            lambda part, bold=column == block.bold_column: text_width(part, bold),  # type: ignore[misc]
        )
        for column, (text, wide) in enumerate(zip(row, widths, strict=True))
    ]


def _row_height(cells: list[list[str]], block: Table) -> float:
    return max(max(map(len, cells)) * BODY_SIZE * LEADING + 2 * _PAD_Y, block.row_height)


def _parts(
    state: _Flow, block: Table, widths: list[float], cells: list[list[str]]
) -> Iterator[list[list[str]]]:
    """A row as it falls on pages: whole when a page can hold it, else in parts under a new head.

    The bold column is repeated in every part, so that each says what it belongs to.
    """
    while True:
        height = _row_height(cells, block)
        if state.need(min(height, state.high - _HEAD)):
            _table_head(state, block, widths)
        room = max(1, int((state.left - 2 * _PAD_Y) / (BODY_SIZE * LEADING)))
        yield [cell[:room] for cell in cells]
        if max(map(len, cells)) <= room:
            return
        cells = [
            cell if column == block.bold_column and len(cell) <= room else cell[room:]
            for column, cell in enumerate(cells)
        ]


def _table_head(state: _Flow, block: Table, widths: list[float]) -> None:
    if not any(title for title, _ in block.columns):
        return
    size, height = 8.0, _HEAD
    page = state.pages[-1]
    page.shades.append((0.0, -(state.used + height), state.wide, height))
    x = 0.0
    _open_row(state)
    for (title, _), wide in zip(block.columns, widths, strict=True):
        state.put(Tag("TH", depth=2), [state.line(x + _PAD_X, size, True, title, below=2.2)])
        x += wide
    state.used += height
    page.rules.append((0.0, -state.used, state.wide))


def _open_row(state: _Flow) -> None:
    """A row of the table on this page; a table that goes on over pages is one on each."""
    page = state.pages[-1]
    if state.table is not page:
        state.table = page
        state.put(Tag("Table", has_content=False), [])
    state.put(Tag("TR", depth=1, has_content=False), [])


def _table_row(state: _Flow, cells: list[list[str]], widths: list[float], block: Table) -> None:
    leading, x = BODY_SIZE * LEADING, 0.0
    _open_row(state)
    for column, (cell, wide) in enumerate(zip(cells, widths, strict=True)):
        bold = column == block.bold_column
        lines = [
            state.line(x + _PAD_X, BODY_SIZE, bold, text, below=_PAD_Y + number * leading - 0.6)
            for number, text in enumerate(cell)
        ]
        state.put(Tag("TD", depth=2), lines)
        x += wide
    state.used += _row_height(cells, block)
    state.pages[-1].rules.append((0.0, -state.used, state.wide))
