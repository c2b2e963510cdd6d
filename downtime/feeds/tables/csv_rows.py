"""A CSV file to its rows: its characters, its delimiter, and whether it is whole.

A quote that is never closed swallows the rows that follow it, so the whole file is read before any
of it is used, and a file with such a quote is refused.
"""

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from downtime.feeds.hl7.segments import decode_text
from downtime.feeds.model import UnusableMessageError

HEADER_ROWS = 20
"""The header is one of so many rows at the top."""
_DELIMITERS = ",;\t|"


class TableRow(NamedTuple):
    """A row, by its number among the rows that are not blank lines, and the line it begins on."""

    number: int
    line: int
    cells: list[str]


class CsvText(NamedTuple):
    """A file as text."""

    text: str
    is_damaged: bool
    """Some of its bytes are no characters of the set that its profile names."""


def decode_csv(data: bytes, character_set: str) -> CsvText:
    """The text in the character set that is named, else UTF-8, else cp1252.

    A byte order mark says that it is UTF-8 whatever is named.
    """
    if data.startswith(codecs.BOM_UTF8) or not character_set:
        return CsvText(decode_text(data.removeprefix(codecs.BOM_UTF8)), is_damaged=False)
    text = data.decode(character_set, "replace")
    return CsvText(text, "\ufffd" in text)


def split_rows(text: str, count_columns: Callable[[list[str]], int]) -> Iterator[TableRow]:
    """The rows, cut by the delimiter that gives a header the most known columns.

    UnusableMessageError when a quote is not closed, or is closed in another row.
    """
    delimiter = _choose_delimiter(text, count_columns)
    _check_quotes(text, delimiter)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    for number, cells in enumerate(reader, start=1):
        yield TableRow(number, line, cells)
        line = reader.line_num + 1


def _choose_delimiter(text: str, count_columns: Callable[[list[str]], int]) -> str:
    top = list(islice(io.StringIO(text, newline=""), HEADER_ROWS))

    def count(delimiter: str) -> int:
        try:
            return max(map(count_columns, csv.reader(top, delimiter=delimiter)), default=0)
        except csv.Error:
            return 0

    return max(_DELIMITERS, key=count)


def _check_quotes(text: str, delimiter: str) -> None:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    widest = 0
    try:
        for cells in reader:
            widest = max(widest, len(cells))
            if any(_holds_rows(cell, delimiter, widest) for cell in cells):
                raise UnusableMessageError(
                    "",
                    f"a quote before line {reader.line_num} is closed in another row: "
                    "the list is refused whole, since rows would be lost in it",
                )
    except csv.Error as error:
        line = reader.line_num
        raise UnusableMessageError("", _word_error(str(error), line)) from None


def _holds_rows(cell: str, delimiter: str, columns: int) -> bool:
    """Whether a cell over several lines holds what are rows of the list: as many delimiters."""
    breaks = len(cell.splitlines()) - 1
    return breaks > 0 and columns > 2 and cell.count(delimiter) >= breaks * (columns - 1)


def _word_error(error: str, line: int) -> str:
    if "field larger" in error:
        return f"the list is refused whole: line {line} holds a cell that is far too long"
    return (
        f"the list is refused whole: it is damaged at line {line}, by a quote that is not closed "
        "or stands in the middle of a cell"
    )
