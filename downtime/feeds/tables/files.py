"""Tables (CSV, XLSX, XLS, ODS) to changes, by the mappings of the configuration.

The header is the first of the top twenty rows that holds every mapped column; a file without one of
them is refused whole. Each row of an ordinary table is a message; a table marked `full` is one
message that replaces the data set of its source, as at its `as_at` column, else the time in its
file's name (`…20261102-0600…`), else the file's own time. A full table that was cut off, or of which
too many rows cannot be used, is a finding, by which it goes into quarantine: whoever it does not
name would leave the ward. One of which no row can be used replaces nothing.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from typing import BinaryIO

from downtime.clock import Clock, system_clock
from downtime.feeds import times
from downtime.feeds.context import FeedContext
from downtime.feeds.model import (
    Change,
    FeedMessage,
    Finding,
    FindingKind,
    Origin,
    Position,
    Reject,
    Replacement,
    UnusableMessageError,
)
from downtime.feeds.rejects import accept_or_reject
from downtime.feeds.tables import workbook
from downtime.feeds.tables.csv_rows import HEADER_ROWS, TableRow, decode_csv, split_rows
from downtime.feeds.tables.mapping import TableMapping, normalise_title, table_mappings
from downtime.feeds.tables.row_kinds import is_no_row, separate_rows_of_one_number
from downtime.feeds.tables.rows import RowReader

_TOO_LONG = "the table is longer than {} bytes (feeds.max_message_bytes)"
_CUT = "the row has more cells than the list has columns: one was cut at a delimiter"
_NO_NUMBER = "a spreadsheet changed its numbers: the patient cannot be told apart"
_STAMP = re.compile(r"(?<!\d)(20\d\d)-?(\d\d)-?(\d\d)(?:[-_T ]?(\d\d)[-:.]?(\d\d))?(?:\d\d)?(?!\d)")


@dataclass(frozen=True, slots=True)
class _Table:
    """One file and how it is read."""

    name: str
    mapping: TableMapping
    context: FeedContext
    sent: str
    clock: Clock
    findings: tuple[Finding, ...] = ()
    """About the file as a whole."""
    has_last_line_end: bool = True

    def find(self, text: str) -> Finding:
        """The finding that puts the list into quarantine."""
        return Finding(FindingKind.LIST_IMPLAUSIBLE, self.mapping.source, text)


def read_csv(
    stream: BinaryIO, name: str, modified: str, context: FeedContext, clock: Clock = system_clock
) -> Iterator[FeedMessage | Reject]:
    """The messages of a CSV file; `modified` is when it was changed (UTC)."""
    table = _open_table(name, modified, context, clock)
    if table is None:
        yield _reject_unmapped(name)
        return
    profile, limit = table.context.profile, context.settings.feeds.max_message_bytes
    data = stream.read(limit + 1)
    if len(data) > limit:
        yield _reject_table(name, _TOO_LONG.format(limit))
        return
    decoded = decode_csv(data, profile.character_set)
    if decoded.is_damaged:
        text = f"bytes that are no characters of {profile.character_set}"
        finding = Finding(FindingKind.CHARACTER_SET, table.mapping.source, text)
        table = replace(table, findings=(finding,))
    table = replace(table, has_last_line_end=decoded.text.endswith(("\n", "\r")))

    def count_columns(row: list[str]) -> int:
        return len(_find_columns(row, table.mapping))

    try:
        yield from _read_table(table, split_rows(decoded.text, count_columns))
    except UnusableMessageError as error:
        yield _reject_table(name, error.reason)


def read_workbook(
    stream: BinaryIO, name: str, modified: str, context: FeedContext, clock: Clock = system_clock
) -> Iterator[FeedMessage | Reject]:
    """The messages of a workbook."""
    table = _open_table(name, modified, context, clock)
    if table is None:
        yield _reject_unmapped(name)
        return
    limit, sheet = context.settings.feeds.max_message_bytes, table.mapping.sheet
    data = stream.read(limit + 1)
    if len(data) > limit:
        yield _reject_table(name, _TOO_LONG.format(limit))
        return
    rows = workbook.read_workbook_rows(data, sheet, context.settings.feeds)
    try:
        yield from _read_table(table, rows)
    except UnusableMessageError as error:
        yield _reject_table(name, error.reason)
    finally:
        rows.close()


def _open_table(name: str, modified: str, context: FeedContext, clock: Clock) -> _Table | None:
    """The file with its mapping and profile; None when no mapping matches its name."""
    file_name = name.replace("\\", "/").rsplit("/", 1)[-1]
    known = table_mappings(context.settings.feeds.tables, context.holders)
    mapping = next((mapping for mapping in known if mapping.matches(file_name)), None)
    if mapping is None:
        return None
    own_context = context.for_message("", "", file_name)
    return _Table(name, mapping, own_context, _find_time(file_name, modified, own_context), clock)


def _reject_unmapped(name: str) -> Reject:
    file_name = name.replace("\\", "/").rsplit("/", 1)[-1]
    reason = f"no table mapping matches {file_name}: add one under feeds.tables in config.toml"
    return _reject_table(name, reason)


def _reject_table(name: str, reason: str) -> Reject:
    return Reject(
        position=Position(name, 1), segment="", reason=reason, origin=Origin("table", line=1)
    )


def _find_time(file_name: str, modified: str, context: FeedContext) -> str:
    """The time in the file's name, else the file's own."""
    if match := _STAMP.search(file_name.rpartition(".")[0] or file_name):
        year, month, day, hour, minute = match.groups()
        stamp = f"{year}{month}{day}{hour}{minute}"
        if hour and (moment := times.parse_instant(stamp, context.zone)):
            return moment
    return modified


def _find_columns(row: Iterable[str], mapping: TableMapping) -> dict[str, int]:
    """Target to the place of its column in the row that holds titles."""
    places = {normalise_title(title): place for place, title in reversed(list(enumerate(row)))}
    return {
        target: places[column] for column, target in mapping.columns.items() if column in places
    }


def _read_table(table: _Table, rows: Iterator[TableRow]) -> Iterator[FeedMessage | Reject]:
    top = list(islice(rows, HEADER_ROWS))
    headers = [_find_columns(row.cells, table.mapping) for row in top]
    best = max(range(len(headers)), key=lambda place: len(headers[place]), default=0)
    columns = headers[best] if headers else {}
    _check_columns(table.mapping, columns)
    width = len(top[best].cells)
    below = chain(top[best + 1 :], rows)
    filled = (row for row in below if _is_row(row, columns, table.mapping))
    if table.mapping.full:
        yield from _join_rows(table, list(filled), columns, width)
    else:
        yield from (_read_row(table, row, columns, width) for row in filled)


def _is_row(row: TableRow, columns: dict[str, int], mapping: TableMapping) -> bool:
    return any(map(str.strip, row.cells)) and not is_no_row(_cells(row, columns), mapping)


def _check_columns(mapping: TableMapping, columns: dict[str, int]) -> None:
    titles = mapping.columns.items()
    missing = [mapping.titles[c] for c, target in titles if target not in columns]
    if missing:
        names = ", ".join(f"'{title}'" for title in missing)
        is_one = len(missing) == 1
        raise UnusableMessageError(
            "",
            f"column{'' if is_one else 's'} {names} of the table mapping '{mapping.name}' "
            f"{'is' if is_one else 'are'} not in the file",
        )


def _read_row(
    table: _Table, row: TableRow, columns: dict[str, int], width: int
) -> FeedMessage | Reject:
    position = Position(table.name, row.number)
    item = accept_or_reject(position, partial(_row_message, table, row, columns, width))
    if isinstance(item, FeedMessage):
        return item
    return replace(item, origin=_origin(table, row), quote=_mask_row(table, row, columns))


def _origin(table: _Table, row: TableRow) -> Origin:
    return Origin("row", "", table.mapping.name, table.sent, row.line)


def _mask_row(table: _Table, row: TableRow, columns: dict[str, int]) -> str:
    """Which columns of the row are filled, without what stands in them."""
    titles = {target: table.mapping.titles[c] for c, target in table.mapping.columns.items()}
    cells = _cells(row, columns).items()
    return ", ".join(f"{titles[target]}={'…' if cell else ''}" for target, cell in cells)


def _cells(row: TableRow, columns: dict[str, int]) -> dict[str, str]:
    cells = row.cells
    return {
        target: cells[place].strip() if place < len(cells) else ""
        for target, place in columns.items()
    }


def _row_message(table: _Table, row: TableRow, columns: dict[str, int], width: int) -> FeedMessage:
    if any(cell.strip() for cell in row.cells[width:]):
        raise UnusableMessageError("", _CUT)
    position, mapping = Position(table.name, row.number), table.mapping
    today = table.clock().astimezone(table.context.zone).date()
    cells = _cells(row, columns)
    reader = RowReader(position, cells, mapping, table.sent, today, table.context)
    changes = tuple(reader.read())
    return FeedMessage(
        position=position,
        kind="row",
        source=mapping.source,
        sent=changes[0].sent if changes else table.sent,
        content=changes,
        origin=_origin(table, row),
        findings=(*table.findings, *reader.findings),
        unused="" if changes else _NO_NUMBER,
    )


def _join_rows(
    table: _Table, rows: list[TableRow], columns: dict[str, int], width: int
) -> Iterator[FeedMessage | Reject]:
    """One message of a full table that replaces the data set; its rejects stand for themselves."""
    mapping, position = table.mapping, Position(table.name, 1)
    changes: list[Change] = []
    findings: Counter[Finding] = Counter()
    unusable = damaged = 0
    for row in rows:
        item = _read_row(table, row, columns, width)
        if isinstance(item, Reject):
            unusable += 1
            damaged += item.reason == _CUT
            yield item
        else:
            unusable += not item.content
            damaged += not item.content
            findings.update(item.findings)
            changes += (change for change in item.content if isinstance(change, Change))
    changes, reused = separate_rows_of_one_number(changes, mapping)
    findings.update(reused)
    if rows and unusable == len(rows):
        yield from _describe_unused(table, tuple(_sum_findings(findings)))
        return
    as_at = max((change.sent for change in changes), default=table.sent)
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
        origin=Origin("table", "", mapping.name, as_at, 1),
        findings=(*_check_list(table, rows, unusable, damaged), *_sum_findings(findings)),
    )


def _describe_unused(table: _Table, findings: tuple[Finding, ...]) -> Iterator[FeedMessage]:
    """A list of which no row is used: it replaces nothing. Its rejects have said why, else this does."""
    if findings:
        yield FeedMessage(
            position=Position(table.name, 1),
            kind="table",
            source=table.mapping.source,
            sent=table.sent,
            content=(),
            origin=Origin("table", "", table.mapping.name, table.sent, 1),
            findings=findings,
            unused=_NO_NUMBER,
        )


def _check_list(
    table: _Table, rows: list[TableRow], unusable: int, damaged: int
) -> Iterator[Finding]:
    """Why a full table may not be all that there is."""
    most = table.context.settings.feeds.max_unusable_rows_percent
    if damaged:
        yield table.find(f"{damaged} of the {len(rows)} rows of the list are damaged")
    elif unusable * 100 > len(rows) * most:
        yield table.find(f"{unusable} of the {len(rows)} rows of the list cannot be used")
    elif not table.has_last_line_end and _is_last_row_short(rows):
        yield table.find("the list ends in the middle of a row: it may be cut off")


def _is_last_row_short(rows: list[TableRow]) -> bool:
    shortest = min((len(row.cells) for row in rows[:-1]), default=0)
    return bool(rows) and len(rows[-1].cells) < shortest


def _sum_findings(findings: Counter[Finding]) -> Iterator[Finding]:
    for finding, count in findings.items():
        yield finding._replace(text=f"{finding.text} ({count} rows)") if count > 1 else finding
