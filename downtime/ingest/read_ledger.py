"""Read what was received once more, in order of arrival, as today's profiles say."""

from collections.abc import Iterator
from heapq import merge
from pathlib import Path
from typing import NamedTuple

from downtime.feeds.file_format import FileFormat
from downtime.ingest.believed_times import believe_times
from downtime.ingest.ledger import DayFile, Ledger
from downtime.ingest.model import RawMessage, RecordedMessage
from downtime.ingest.read_raw import number_items, read_raw
from downtime.ingest.store import day_file, entries
from downtime.ingest.store.day_file import BlockRow, DocumentRow


class StoredRaw(NamedTuple):
    """What was received under one arrival number, or under several that begin with it."""

    arrival: int
    raw: RawMessage
    received: str
    released_from: int


def read_after(ledger: Ledger, arrival: int, before: int = 0) -> Iterator[RecordedMessage]:
    """All that was received after an arrival number, rejects included, and before another one."""
    for path in ledger.list_days():
        for message in read_day(ledger, path, arrival):
            if before and message.arrival >= before:
                return
            yield message


def find_missing(ledger: Ledger, after: int, until: int) -> range:
    """The first arrival numbers between these two that no file holds: a day was lost; else empty."""
    expected = after + 1
    for path in ledger.list_days():
        with ledger.reading(path) as day:
            first, following = entries.get_first_arrival(day.db), day_file.get_next_arrival(day.db)
        if first > expected:
            return range(expected, min(first, until + 1))
        if first:
            expected = max(expected, following)
    return range(expected, until + 1)


def get_latest_time(ledger: Ledger) -> str:
    """The clock's time, or when the newest message was received where the clock was put back (UTC)."""
    for path in reversed(ledger.list_days()):
        with ledger.reading(path) as day:
            if received := entries.get_newest_received(day.db):
                return max(ledger.now(), received)
    return ledger.now()


def read_day(ledger: Ledger, path: Path, arrival: int = 0) -> Iterator[RecordedMessage]:
    """What was received on one day after an arrival number."""
    with ledger.reading(path) as day:
        if day_file.get_next_arrival(day.db) <= arrival + 1:
            return
        for stored in iterate_raw(day, arrival):
            items = read_raw(stored.raw, ledger.context)
            for number, item in number_items(stored.raw, stored.arrival, items):
                if number > arrival:
                    believed = believe_times(item, stored.received)
                    released = bool(stored.released_from)
                    yield RecordedMessage(number, believed, stored.received, released=released)


def get_raw(ledger: Ledger, arrival: int) -> StoredRaw | None:
    """What holds one message as it was received; None when it is not kept (any more)."""
    path = ledger.find_day(arrival)
    if path is None:
        return None
    with ledger.reading(path) as day:
        if document := day_file.get_document(day.db, arrival):
            return _unpack_document(day, document)
        block = day_file.get_block(day.db, arrival)
        messages_of_block = _unpack_block(day, block) if block else ()
        return next((stored for stored in messages_of_block if stored.arrival == arrival), None)


def iterate_raw(day: DayFile, after: int) -> Iterator[StoredRaw]:
    """What a day holds after an arrival number, as it was received."""
    blocks = (
        stored
        for block in day_file.select_blocks(day.db, after)
        for stored in _unpack_block(day, block)
    )
    documents = (_unpack_document(day, row) for row in day_file.select_documents(day.db, after))
    return merge(blocks, documents, key=lambda stored: stored.arrival)


def _unpack_block(day: DayFile, block: BlockRow) -> Iterator[StoredRaw]:
    rows = entries.select_kept(day.db, block.first, block.size)
    for row, data in zip(rows, day.packer.unpack(block.body), strict=True):
        raw = RawMessage(row.source, FileFormat.HL7, row.name, row.number, data, line=row.line)
        yield StoredRaw(row.arrival, raw, row.received, row.released_from)


def _unpack_document(day: DayFile, row: DocumentRow) -> StoredRaw:
    data = day.packer.unpack_single(row.body)
    raw = RawMessage(row.source, FileFormat(row.format), row.name, row.number, data, row.modified)
    received = entries.get_received(day.db, row.first, row.last)
    return StoredRaw(row.first, raw, received, row.released_from)


def find_newest_of(ledger: Ledger, source: str) -> tuple[str, str]:
    """When the newest message of a source was received, and made (UTC); empty without any."""
    for path in reversed(ledger.list_days()):
        with ledger.reading(path) as day:
            if (newest := entries.find_newest_of(day.db, source))[0]:
                return newest
    return "", ""
