"""Headings, paragraphs and tables that flow over as many pages as they need; nothing is cut off."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from downtime.paper.fit import LEADING, Line, width
from downtime.paper.text import printable, wrap

BODY = 9.0
_PAD_X, _PAD_Y = 3.0, 2.4
_KEEP_TOGETHER = 8
"""A row of up to this many lines is never split between pages."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A line that stays with what follows it."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Words over the whole width."""

    text: str
    bold: bool = False
    size: float = BODY


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` are (title, share of the width); every cell wraps; without titles there is no head.

    `tall` gives each row at least that many points, for handwriting.
    """

    columns: Sequence[tuple[str, float]]
    rows: Sequence[Sequence[str]]
    tall: float = 0.0
    bold_column: int = 0


Block = Heading | Paragraph | Table


@dataclass(slots=True)
class Drawn:
    """What one page shows, in points from the area's upper left corner, y downwards negative."""

    lines: list[Line] = field(default_factory=list)
    rules: list[tuple[float, float, float]] = field(default_factory=list)
    """(x, y, width) of thin lines."""
    shades: list[tuple[float, float, float, float]] = field(default_factory=list)
    """(x, y, width, height) of grey fields."""


class _Flow:
    def __init__(self, wide: float, high: float) -> None:
        self.wide, self.high = wide, high
        self.pages = [Drawn()]
        self.used = 0.0

    @property
    def left(self) -> float:
        return self.high - self.used

    def turn(self) -> None:
        self.pages.append(Drawn())
        self.used = 0.0

    def need(self, height: float) -> bool:
        """Turn the page unless so much is left on it."""
        if height <= self.left or not self.used:
            return False
        self.turn()
        return True

    def text(self, x: float, size: float, bold: bool, text: str, below: float = 0.0) -> None:
        if text:
            y = -(self.used + below + size)
            self.pages[-1].lines.append(Line(x, y, size, bold, text))


def flow(blocks: Sequence[Block], wide: float, high: float) -> list[Drawn]:
    """The pages of an area `wide` by `high` points that hold all blocks."""
    state = _Flow(wide, high)
    for block in blocks:
        if isinstance(block, Heading):
            _heading(state, block)
        elif isinstance(block, Paragraph):
            _paragraph(state, block)
        else:
            _table(state, block)
    return state.pages


def _heading(state: _Flow, block: Heading) -> None:
    size = 11.5
    state.need(60.0)
    if state.used:
        state.used += 7.0
    for line in wrap(printable(block.text), state.wide / size, lambda part: width(part, True)):
        state.text(0.0, size, True, line)
        state.used += size * LEADING
    state.used += 3.0


def _paragraph(state: _Flow, block: Paragraph) -> None:
    leading = block.size * LEADING
    measure = lambda part: width(part, block.bold)  # noqa: E731
    for line in wrap(printable(block.text), state.wide / block.size, measure):
        state.need(leading)
        state.text(0.0, block.size, block.bold, line)
        state.used += leading
    state.used += 3.0


def _table(state: _Flow, block: Table) -> None:
    total = sum(share for _, share in block.columns)
    widths = [state.wide * share / total for _, share in block.columns]
    _table_head(state, block, widths)
    for row in block.rows:
        cells = [
            _cell(text, wide, column == block.bold_column)
            for column, (text, wide) in enumerate(zip(row, widths, strict=True))
        ]
        for part in _parts(state, block, widths, cells):
            _table_row(state, part, widths, block)
    state.used += 5.0


def _cell(text: str, wide: float, bold: bool) -> list[str]:
    return wrap(printable(text), (wide - 2 * _PAD_X) / BODY, lambda part: width(part, bold))


def _parts(
    state: _Flow, block: Table, widths: list[float], cells: list[list[str]]
) -> Iterator[list[list[str]]]:
    """A row as it falls on pages; the page is turned, and the head repeated, between its parts."""
    leading = BODY * LEADING
    lines = max(map(len, cells))
    while True:
        whole = min(lines, _KEEP_TOGETHER) * leading + 2 * _PAD_Y
        if state.need(max(whole, block.tall)):
            _table_head(state, block, widths)
        room = max(1, int((state.left - 2 * _PAD_Y) / leading))
        yield [cell[:room] for cell in cells]
        if lines <= room:
            return
        cells, lines = [cell[room:] for cell in cells], lines - room


def _table_head(state: _Flow, block: Table, widths: list[float]) -> None:
    if not any(title for title, _ in block.columns):
        return
    size, height = 8.0, 14.0
    state.need(height + 3 * BODY * LEADING)
    page = state.pages[-1]
    page.shades.append((0.0, -(state.used + height), state.wide, height))
    x = 0.0
    for (title, _), wide in zip(block.columns, widths, strict=True):
        state.text(x + _PAD_X, size, True, title, below=2.2)
        x += wide
    state.used += height
    page.rules.append((0.0, -state.used, state.wide))


def _table_row(state: _Flow, cells: list[list[str]], widths: list[float], block: Table) -> None:
    leading, x = BODY * LEADING, 0.0
    for column, (cell, wide) in enumerate(zip(cells, widths, strict=True)):
        for number, line in enumerate(cell):
            bold = column == block.bold_column
            state.text(x + _PAD_X, BODY, bold, line, below=_PAD_Y + number * leading - 0.6)
        x += wide
    state.used += max(max(map(len, cells)) * leading + 2 * _PAD_Y, block.tall)
    state.pages[-1].rules.append((0.0, -state.used, state.wide))
