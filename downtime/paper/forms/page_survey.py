"""Find on a page, by its print alone, where people write: cells between rulings, tick boxes, writing lines.

And where nothing is printed, so that codes and identity block can be put there. Lengths are millimetres
from the upper left corner of the page as it is seen. Nothing here decides: a person names what is found.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from downtime.paper.forms.rectangle import FoundBox, Rectangle

Pixels = NDArray[np.uint8]

DOTS = 6
"""A millimetre in dots of the pictures that are looked at (152.4 dpi)."""
INK = 200
"""Tones darker than this are print: rulings are often grey."""
_THIN = 1.0
"""Rulings are thinner; what is thicker is text, or a filled bar."""
_RULING, _UPRIGHT_RULING = 6.0, 3.0
"""The shortest line across and down that is a ruling, not part of a letter."""
_DOTS_APART = 1.5
"""Between the dots of a dotted line."""
_SMALLEST, _LARGEST_SHARE = 2.5, 0.6
"""The least side of a place to write in, and the most of a page."""
_LEAST_TICK, _MOST_TICK, _MOST_OBLONG = 2.5, 8.0, 1.25
_TICK_BORDER = 0.5
_COMB = 4
"""So many equal boxes side by side are one field, a letter in each."""
_LINE_HEIGHT, _LEAST_LINE = 7.0, 20.0
"""Room over a writing line, and the shortest one."""
_EDGE = 5.0
"""A ruling so near to the foot of the page is its frame."""
_MOST_PRINTED = 0.35
"""A cell with more of it covered by words is a heading."""
_LABEL_WORDS, _LABEL_REACH = 6, 70.0
_WRITING_HEIGHT, _LEAST_LEFT = 5.0, 0.3
"""The least height under a label that is written in, and the least share of a cell that is left for it."""
_BETWEEN = 1.5
"""From the inside of one cell to the inside of the next."""
_CLEARANCE = 1.0
"""Around what is printed, where nothing is put."""


class Word(NamedTuple):
    """A printed word and where it stands."""

    text: str
    place: Rectangle


def find_boxes(picture: Pixels, printed_words: Sequence[Word], page: int) -> list[FoundBox]:
    """The places of a page, line by line from the top; `picture` has grey tones at `DOTS` a millimetre."""
    ink = np.where(picture < INK, 255, 0).astype(np.uint8)
    lines = _find_lines(_without_words(ink, printed_words))
    cells = list(_find_cells(ink, lines))
    columns = _Columns(cells, printed_words)
    open_cells = [
        cell for cell in cells if not _is_heading(cell, printed_words) and not columns.is_head(cell)
    ]
    combs, ticks = _join_combs([cell for cell in open_cells if _is_tick(cell)])
    named = [(_with_border(tick), True, "") for tick in ticks]
    named += [(comb, False, "") for comb in combs]
    named += [
        (room, False, columns.find_head(cell))
        for cell in open_cells
        if not _is_tick(cell) and not _is_frame(cell, cells)
        if (room := _leave_label(cell, printed_words))
    ]
    named += [(line, False, "") for line in _find_writing_lines(lines, cells, printed_words)]
    boxes = [
        FoundBox(page, place, is_tick, head or _find_label(place, is_tick, printed_words))
        for place, is_tick, head in named
    ]
    return sorted(boxes, key=lambda box: (round(box.place.y / 3), box.place.x))


def _without_words(ink: Pixels, printed_words: Iterable[Word]) -> Pixels:
    """The dots of a dotted line would grow together with the word before it."""
    lines_alone = ink.copy()
    for _, place in printed_words:
        x, y, right, bottom = (
            round(v * DOTS) for v in (place.x, place.y, place.right, place.bottom)
        )
        lines_alone[max(y - 1, 0) : bottom + 2, max(x - 1, 0) : right + 2] = 0
    return lines_alone


class _Columns:
    """Cells of a table under each other: a head with words, then what is written in."""

    def __init__(self, cells: Iterable[Rectangle], printed_words: Sequence[Word]) -> None:
        self._over: dict[Rectangle, Rectangle] = {}
        self._under: dict[Rectangle, Rectangle] = {}
        self._heads: dict[Rectangle, str] = {}
        ordered = sorted(cells, key=lambda cell: cell.y)
        for cell in ordered:
            self._heads[cell] = _join(w for w in printed_words if cell.covers(w.place) > 0.6)
        for number, cell in enumerate(ordered):
            for other in ordered[number + 1 :]:
                if other.y > cell.bottom + _BETWEEN:
                    break
                is_under = abs(other.y - cell.bottom) < _BETWEEN
                if is_under and abs(other.x - cell.x) < _THIN > abs(other.width - cell.width):
                    self._over[other], self._under[cell] = cell, other

    def is_head(self, cell: Rectangle) -> bool:
        """Whether it has words, and under it begins a column without any."""
        under = self._under.get(cell)
        return bool(self._heads[cell]) and under is not None and not self._heads[under]

    def find_head(self, cell: Rectangle) -> str:
        """The words of the column's head; empty for a cell with words of its own, or in no column."""
        if self._heads[cell]:
            return ""
        while cell in self._over and not self._heads[cell]:
            cell = self._over[cell]
        return self._heads[cell]


def _find_lines(ink: Pixels) -> Pixels:
    """Rulings across, dotted ones too, without what is as thick as text."""
    closed = _apply(cv2.MORPH_CLOSE, ink, _DOTS_APART, 0)
    return _keep_thin(_keep_runs(closed, _RULING, 0), cv2.CC_STAT_HEIGHT)


def _keep_runs(ink: Pixels, across: float, down: float) -> Pixels:
    """The ink of which so many millimetres hang together across and down; 0 for a dot."""
    return _apply(cv2.MORPH_OPEN, ink, across, down)


def _apply(operation: int, ink: Pixels, across: float, down: float) -> Pixels:
    kernel = np.ones((max(int(down * DOTS), 1), max(int(across * DOTS), 1)), np.uint8)
    return cv2.morphologyEx(ink, operation, kernel).astype(np.uint8, copy=False)


def _keep_thin(runs: Pixels, side: int) -> Pixels:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(runs)
    is_thin = stats[:, side] <= _THIN * DOTS
    is_thin[0] = False
    is_line = np.zeros(count, np.uint8)
    is_line[is_thin] = 255
    thin: Pixels = is_line[labels]
    return thin


def _find_cells(ink: Pixels, lines: Pixels) -> Iterator[Rectangle]:
    """What rulings and filled bars enclose on all sides, and nothing within parts."""
    upright = _keep_runs(ink, 0, _UPRIGHT_RULING)
    short = _keep_runs(ink, _SMALLEST, 0)
    bars = _keep_runs(ink, _SMALLEST, _SMALLEST)
    across = cv2.bitwise_or(lines, _keep_thin(short, cv2.CC_STAT_HEIGHT))
    walls = cv2.bitwise_or(cv2.bitwise_or(across, _keep_thin(upright, cv2.CC_STAT_WIDTH)), bars)
    walls = cv2.dilate(walls, np.ones((3, 3), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(255 - walls, connectivity=4)
    high, wide = ink.shape
    for x, y, width, height, area in stats[1:].tolist():
        at_edge = x == 0 or y == 0 or x + width == wide or y + height == high
        is_room = min(width, height) >= _SMALLEST * DOTS - 2
        if (
            is_room
            and not at_edge
            and area >= 0.9 * width * height
            and area <= _LARGEST_SHARE * wide * high
        ):
            yield Rectangle(x / DOTS, y / DOTS, width / DOTS, height / DOTS)


def _is_heading(cell: Rectangle, printed_words: Iterable[Word]) -> bool:
    covered = sum(cell.covers(word.place) * _area(word.place) for word in printed_words)
    return covered > _MOST_PRINTED * _area(cell)


def _is_frame(cell: Rectangle, cells: Iterable[Rectangle]) -> bool:
    return any(other is not cell and cell.covers(other) > 0.9 for other in cells)


def _area(place: Rectangle) -> float:
    return place.width * place.height


def _is_tick(cell: Rectangle) -> bool:
    sides = sorted((cell.width, cell.height))
    return (
        sides[0] >= _LEAST_TICK - 0.4
        and sides[1] <= _MOST_TICK
        and sides[1] <= _MOST_OBLONG * sides[0]
    )


def _with_border(tick: Rectangle) -> Rectangle:
    """The box as it is printed: a mark goes over its border."""
    x, y, width, height = tick
    border = _TICK_BORDER
    return _rounded(Rectangle(x - border, y - border, width + 2 * border, height + 2 * border))


def _join_combs(ticks: Sequence[Rectangle]) -> tuple[list[Rectangle], list[Rectangle]]:
    """Boxes that touch side by side in a row of their own, as one; and the ticks that are left."""
    rows: list[list[Rectangle]] = []
    for tick in sorted(ticks, key=lambda tick: (round(tick.y), tick.x)):
        last = rows[-1][-1] if rows else None
        if last and abs(last.y - tick.y) < _THIN and 0 <= tick.x - last.right < _THIN:
            rows[-1].append(tick)
        else:
            rows.append([tick])
    combs = [row for row in rows if len(row) >= _COMB and not _is_stacked(row, rows)]
    joined = [
        Rectangle(row[0].x, row[0].y, row[-1].right - row[0].x, row[0].height) for row in combs
    ]
    return joined, [tick for row in rows if row not in combs for tick in row]


def _is_stacked(row: Sequence[Rectangle], rows: Iterable[Sequence[Rectangle]]) -> bool:
    """Whether another row lies right above or below: then it is a chart, whose boxes stand alone."""
    return any(
        abs(other[0].x - row[0].x) < _THIN
        and (0 <= other[0].y - row[0].bottom < _THIN or 0 <= row[0].y - other[0].bottom < _THIN)
        for other in rows
    )


def _leave_label(cell: Rectangle, printed_words: Iterable[Word]) -> Rectangle | None:
    """What the words of a cell leave free: under them, else right of them; None where they fill it."""
    inside = [word.place for word in printed_words if cell.covers(word.place) > 0.6]
    if not inside:
        return cell
    below = max(place.bottom for place in inside) + 0.5
    right = max(place.right for place in inside) + 1
    under = Rectangle(cell.x, below, cell.width, cell.bottom - below)
    right_part = Rectangle(right, cell.y, cell.right - right, cell.height)
    if under.height >= _WRITING_HEIGHT:
        return _rounded(under)
    room = max(under, right_part, key=_area)
    is_room = min(room.width, room.height) >= _SMALLEST and _area(room) > _LEAST_LEFT * _area(cell)
    return _rounded(room) if is_room else None


def _rounded(place: Rectangle) -> Rectangle:
    return Rectangle(*(round(value, 1) for value in place))


def _find_writing_lines(
    lines: Pixels, cells: Sequence[Rectangle], printed_words: Sequence[Word]
) -> Iterator[Rectangle]:
    """The room over rulings that enclose nothing."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(lines)
    for x, y, width, height, _ in stats[1:].tolist():
        top = max(y / DOTS - _LINE_HEIGHT, 0)
        room = Rectangle(x / DOTS, top, width / DOTS, y / DOTS - top)
        touched = Rectangle(room.x, y / DOTS - 1, room.width, height / DOTS + 2)
        is_at_edge = room.bottom > lines.shape[0] / DOTS - _EDGE
        if room.width < _LEAST_LINE or room.height < _SMALLEST or is_at_edge:
            continue
        if any(_touches(cell, touched) for cell in cells):
            continue
        if not _is_heading(room, printed_words):
            yield _rounded(room)


def _touches(cell: Rectangle, line: Rectangle) -> bool:
    return (
        cell.x < line.right
        and line.x < cell.right
        and cell.y < line.bottom
        and line.y < cell.bottom
    )


def _find_label(place: Rectangle, is_tick: bool, printed_words: Sequence[Word]) -> str:
    """The words beside a place: of a tick those after it, else those before, within, or over it."""
    looks = (_after, _before) if is_tick else (_before, _over)
    return next((label for look in looks if (label := look(place, printed_words))), "")


def _after(place: Rectangle, printed_words: Sequence[Word]) -> str:
    row = [
        w for w in printed_words if _same_line(w.place, place) and w.place.x >= place.right - 0.5
    ]
    return _join(_until_gap(sorted(row, key=lambda word: word.place.x), place.right))


def _before(place: Rectangle, printed_words: Sequence[Word]) -> str:
    row = [w for w in printed_words if _same_line(w.place, place) and w.place.right <= place.x + 2]
    row = [w for w in row if place.x - w.place.right < _LABEL_REACH]
    label: list[Word] = []
    for word in sorted(row, key=lambda word: -word.place.x):
        if label and label[-1].place.x - word.place.right > 4:
            break
        label.append(word)
    return _join(label[::-1])


def _over(place: Rectangle, printed_words: Sequence[Word]) -> str:
    column = [
        w
        for w in printed_words
        if w.place.x < place.right
        and w.place.right > place.x
        and 0 <= place.y - w.place.bottom + 1 < 12
    ]
    if not column:
        return ""
    last = max(word.place.bottom for word in column)
    line = [word for word in column if last - word.place.bottom < 1.5]
    return _join(sorted(line, key=lambda word: word.place.x))


def _same_line(word: Rectangle, place: Rectangle) -> bool:
    middle = word.y + word.height / 2
    return place.y - 1 <= middle <= place.bottom + 1


def _until_gap(row: Iterable[Word], begin: float) -> Iterator[Word]:
    end = begin
    for word in row:
        if word.place.x - end > 4:
            return
        end = word.place.right
        yield word


def _join(printed_words: Iterable[Word]) -> str:
    return " ".join(word.text for word in list(printed_words)[:_LABEL_WORDS]).strip(" :._*")


def find_free_place(
    printed: Pixels, wanted: Rectangle, taken: Iterable[Rectangle] = ()
) -> Rectangle | None:
    """Where a rectangle of this size lies on nothing, as near as it can to where it is wanted.

    `printed` has ink (255) of all pages that it stands on; None when there is no such place.
    """
    used = cv2.dilate(printed, np.ones((2 * int(_CLEARANCE * DOTS) + 1,) * 2, np.uint8))
    for place in taken:
        x, y, right, bottom = (
            round(v * DOTS) for v in (place.x, place.y, place.right, place.bottom)
        )
        used[max(y, 0) : bottom, max(x, 0) : right] = 255
    wide, high = round(wanted.width * DOTS), round(wanted.height * DOTS)
    sums = cv2.integral(used // 255)
    inside = sums[high:, wide:] - sums[:-high, wide:] - sums[high:, :-wide] + sums[:-high, :-wide]
    rows, columns = np.nonzero(inside == 0)
    if not len(rows):
        return None
    distance = np.hypot(rows - wanted.y * DOTS, columns - wanted.x * DOTS)
    best = int(np.argmin(distance))
    place_x, place_y = float(columns[best]) / DOTS, float(rows[best]) / DOTS
    return Rectangle(round(place_x, 1), round(place_y, 1), wanted.width, wanted.height)
