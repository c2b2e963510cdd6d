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
    FeedMessage,
    Position,
    Reject,
    Replacement,
    UnusableMessageError,
)
from downtime.feeds.rejects import accept_or_reject, reject_file
from downtime.feeds.tables import workbook
from downtime.feeds.tables.mapping import TableMapping, normalise_title, table_mappings
from downtime.feeds.tables.rows import RowReader

_HEADER_ROWS = 20
_DELIMITERS = ",;\t|"
_STAMP = re.compile(r"(?<!\d)(20\d\d)-?(\d\d)-?(\d\d)(?:[-_T ]?(\d\d)[-:.]?(\d\d))?(?:\d\d)?(?!\d)")


def read_csv(path: Path, stream: BinaryIO, context: FeedContext) -> Iterator[FeedMessage | Reject]:
    """The messages of a CSV file."""
    mapping = _find_mapping(path, context)
    if mapping is None:
        yield _reject_unmapped(path)
        return
    try:
        yield from _read_table(path, mapping, _split_csv(stream, mapping), context)
    except csv.Error as error:
        yield reject_file(path, f"not valid CSV: {error}")


def read_workbook(path: Path, context: FeedContext) -> Iterator[FeedMessage | Reject]:
    """The messages of an XLSX file."""
    mapping = _find_mapping(path, context)
    if mapping is None:
        yield _reject_unmapped(path)
        return
    rows = workbook.read_workbook_rows(path, mapping.sheet, context.settings.feeds)
    try:
        yield from _read_table(path, mapping, rows, context)
    except UnusableMessageError as error:
        yield reject_file(path, error.reason)
    finally:
        rows.close()


def _find_mapping(path: Path, context: FeedContext) -> TableMapping | None:
    known = table_mappings(context.settings.feeds.tables, context.holders)
    return next((mapping for mapping in known if mapping.matches(path.name)), None)


def _reject_unmapped(path: Path) -> Reject:
    reason = f"no table mapping matches {path.name}: add one under feeds.tables in config.toml"
    return reject_file(path, reason)


def _split_csv(stream: BinaryIO, mapping: TableMapping) -> Iterator[list[str]]:
    text = io.TextIOWrapper(stream, "latin-1", newline="")
    lines = (decode_text(line.encode("latin-1")) for line in text)
    top = list(islice(lines, _HEADER_ROWS))
    top[:1] = [line.removeprefix("\ufeff") for line in top[:1]]

    def count_columns(delimiter: str) -> int:
        headers = (_find_columns(row, mapping) for row in csv.reader(top, delimiter=delimiter))
        return max(map(len, headers), default=0)

    return csv.reader(chain(top, lines), delimiter=max(_DELIMITERS, key=count_columns))


def _find_columns(row: Iterable[str], mapping: TableMapping) -> dict[str, int]:
    """Target to the place of its column in the row that holds titles."""
    places = {normalise_title(title): place for place, title in reversed(list(enumerate(row)))}
    return {
        target: places[column] for column, target in mapping.columns.items() if column in places
    }


def _read_table(
    path: Path, mapping: TableMapping, rows: Iterator[list[str]], context: FeedContext
) -> Iterator[FeedMessage | Reject]:
    numbered = enumerate(rows, start=1)
    top = list(islice(numbered, _HEADER_ROWS))
    headers = [_find_columns(row, mapping) for _, row in top]
    best = max(range(len(headers)), key=lambda place: len(headers[place]), default=0)
    columns = headers[best] if headers else {}
    missing = [mapping.titles[c] for c, target in mapping.columns.items() if target not in columns]
    if missing:
        yield reject_file(
            path, f"column '{missing[0]}' of the table mapping '{mapping.name}' is not in the file"
        )
        return
    sent = _extract_time(path, context)
    readers = (
        RowReader(Position(str(path), number), _cells(row, columns), mapping, sent, context)
        for number, row in chain(top[best + 1 :], numbered)
        if any(cell.strip() for cell in row)
    )
    messages = (accept_or_reject(row.position, partial(_row_message, row)) for row in readers)
    yield from _join_messages(path, mapping, messages, sent) if mapping.full else messages


def _cells(row: list[str], columns: dict[str, int]) -> dict[str, str]:
    return {
        target: row[place].strip() if place < len(row) else "" for target, place in columns.items()
    }


def _row_message(row: RowReader) -> FeedMessage:
    changes = tuple(row.read())
    return FeedMessage(
        position=row.position,
        kind="row",
        source=row.mapping.source,
        sent=changes[0].sent,
        content=changes,
    )


def _join_messages(
    path: Path, mapping: TableMapping, messages: Iterable[FeedMessage | Reject], sent: str
) -> Iterator[FeedMessage | Reject]:
    """One message of a full table that replaces the data set; its rejects stand for themselves."""
    changes: list[Change] = []
    has_rejects = False
    for message in messages:
        if isinstance(message, Reject):
            has_rejects = True
            yield message
        else:
            changes += (item for item in message.content if isinstance(item, Change))
    if has_rejects and not changes:
        return
    position = Position(str(path), 1)
    as_at = max((change.sent for change in changes), default=sent)
    replacement = Replacement(
        types=(mapping.record,),
        source=mapping.source,
        sent=as_at,
        changes=tuple(change for change in changes if change.type == mapping.record),
        position=position,
    )
    people = (change for change in changes if change.type != mapping.record)
    yield FeedMessage(
        position=position,
        kind="table",
        source=mapping.source,
        sent=as_at,
        content=(replacement, *people),
    )


def _extract_time(path: Path, context: FeedContext) -> str:
    """The time in the file's name, else the file's own."""
    if match := _STAMP.search(path.stem):
        year, month, day, hour, minute = match.groups()
        stamp = f"{year}{month}{day}{hour}{minute}"
        if hour and (moment := times.parse_instant(stamp, context.zone)):
            return moment
    return to_text(datetime.fromtimestamp(path.stat().st_mtime, UTC))
