"""CSV and XLSX files to changes, by the mappings of the configuration.

The header is the first of the top twenty rows that holds every mapped column; the delimiter (comma,
semicolon, tab or bar) is the one that makes it so. Each row of an ordinary table is a message; a
table marked `full` is one message that replaces the data set of its source, as at its `as_at`
column, else the time in its file's name (`…20261102-0600…`), else the file's own time. A full table
of which no row can be used replaces nothing.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from downtime.clock import to_text
from downtime.feeds import times
from downtime.feeds.context import FeedContext
from downtime.feeds.hl7.segments import decode_text
from downtime.feeds.model import (
    Change,
    Message,
    Position,
    Reject,
    Replacement,
    UnusableMessageError,
)
from downtime.feeds.rejects import accept_or_reject
from downtime.feeds.tables import workbook
from downtime.feeds.tables.mapping import TableMapping, table_mappings, normalise_title
from downtime.feeds.tables.rows import TableRow, row_changes

_HEADER_ROWS = 20
_DELIMITERS = ",;\t|"
_STAMP = re.compile(r"(?<!\d)(20\d\d)-?(\d\d)-?(\d\d)(?:[-_T ]?(\d\d)[-:.]?(\d\d))?(?:\d\d)?(?!\d)")


def read_csv(path: Path, stream: BinaryIO, context: FeedContext) -> Iterator[Message | Reject]:
    """The messages of a CSV file."""
    mapping = _find(path, context)
    if mapping is None:
        yield _no_mapping(path)
        return
    try:
        yield from _table(path, mapping, _text_rows(stream, mapping), context)
    except csv.Error as error:
        yield Reject(position=Position(str(path), 1), segment="", reason=f"not valid CSV: {error}")


def read_workbook(path: Path, context: FeedContext) -> Iterator[Message | Reject]:
    """The messages of an XLSX file."""
    mapping = _find(path, context)
    if mapping is None:
        yield _no_mapping(path)
        return
    sheet = workbook.read_workbook_rows(path, mapping.sheet, context.settings.feeds)
    try:
        yield from _table(path, mapping, sheet, context)
    except UnusableMessageError as fault:
        yield Reject(position=Position(str(path), 1), segment="", reason=fault.reason)
    finally:
        sheet.close()


def _find(path: Path, context: FeedContext) -> TableMapping | None:
    known = table_mappings(context.settings.feeds.tables, context.holders)
    return next((mapping for mapping in known if mapping.matches(path.name)), None)


def _no_mapping(path: Path) -> Reject:
    reason = f"no table mapping matches {path.name}: add one under feeds.tables in config.toml"
    return Reject(position=Position(str(path), 1), segment="", reason=reason)


def _text_rows(stream: BinaryIO, mapping: TableMapping) -> Iterator[list[str]]:
    text = io.TextIOWrapper(stream, "latin-1", newline="")
    lines = (decode_text(line.encode("latin-1")) for line in text)
    top = list(islice(lines, _HEADER_ROWS))
    top[:1] = [line.removeprefix("\ufeff") for line in top[:1]]

    def found(delimiter: str) -> int:
        held = (_columns(row, mapping) for row in csv.reader(top, delimiter=delimiter))
        return max((len(columns) for columns in held), default=0)

    return csv.reader(chain(top, lines), delimiter=max(_DELIMITERS, key=found))


def _columns(row: Iterable[str], mapping: TableMapping) -> dict[str, int]:
    """Target to the place of its column in the row that holds titles."""
    places = {normalise_title(title): place for place, title in reversed(list(enumerate(row)))}
    return {
        target: places[column] for column, target in mapping.columns.items() if column in places
    }


def _table(
    path: Path, mapping: TableMapping, rows: Iterator[list[str]], context: FeedContext
) -> Iterator[Message | Reject]:
    numbered = enumerate(rows, start=1)
    top = list(islice(numbered, _HEADER_ROWS))
    held = [_columns(row, mapping) for _, row in top]
    best = max(range(len(held)), key=lambda place: len(held[place]), default=0)
    columns = held[best] if held else {}
    missing = [mapping.titles[c] for c, target in mapping.columns.items() if target not in columns]
    if missing:
        reason = f"column '{missing[0]}' of the table mapping '{mapping.name}' is not in the file"
        yield Reject(position=Position(str(path), 1), segment="", reason=reason)
        return
    body = (
        TableRow(Position(str(path), number), {t: _cell(row, p) for t, p in columns.items()})
        for number, row in chain(top[best + 1 :], numbered)
        if any(cell.strip() for cell in row)
    )
    sent = _as_at(path, context)
    yield from (_full if mapping.full else _events)(path, mapping, body, sent, context)


def _cell(row: list[str], place: int) -> str:
    return row[place].strip() if place < len(row) else ""


def _events(
    path: Path, mapping: TableMapping, rows: Iterable[TableRow], sent: str, context: FeedContext
) -> Iterator[Message | Reject]:
    for row in rows:
        yield accept_or_reject(row.position, partial(_event, row, mapping, sent, context))


def _event(row: TableRow, mapping: TableMapping, sent: str, context: FeedContext) -> Message:
    said = tuple(row_changes(row, mapping, sent, context))
    return Message(
        position=row.position, kind="row", source=mapping.source, sent=said[0].sent, content=said
    )


def _full(
    path: Path, mapping: TableMapping, rows: Iterable[TableRow], sent: str, context: FeedContext
) -> Iterator[Message | Reject]:
    said: list[Change] = []
    rejected = 0
    for row in rows:
        read = accept_or_reject(row.position, partial(_event, row, mapping, sent, context))
        if isinstance(read, Reject):
            rejected += 1
            yield read
        else:
            said += (item for item in read.content if isinstance(item, Change))
    if rejected and not said:
        return
    position = Position(str(path), 1)
    as_at = max((change.sent for change in said), default=sent)
    replacement = Replacement(
        types=(mapping.record,),
        source=mapping.source,
        sent=as_at,
        changes=tuple(change for change in said if change.type == mapping.record),
        position=position,
    )
    people = (change for change in said if change.type != mapping.record)
    yield Message(
        position=position,
        kind="table",
        source=mapping.source,
        sent=as_at,
        content=(replacement, *people),
    )


def _as_at(path: Path, context: FeedContext) -> str:
    """The time in the file's name, else the file's own."""
    if match := _STAMP.search(path.stem):
        year, month, day, hour, minute = match.groups()
        if hour and (
            named := times.parse_instant(f"{year}{month}{day}{hour}{minute}", context.zone)
        ):
            return named
    return to_text(datetime.fromtimestamp(path.stat().st_mtime, UTC))
