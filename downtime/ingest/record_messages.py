"""Keep what was received, on the disk, before anybody is told that it was.

What is read of a message before it is kept (all of it, or its heading) is read outside the lock,
and handed on.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from downtime.feeds.file_format import FileFormat
from downtime.feeds.model import Outcome, Reject
from downtime.ingest import policies
from downtime.ingest.believed_times import believe_times
from downtime.ingest.ledger import DayFile, Ledger
from downtime.ingest.model import FILES, RawMessage, RecordedMessage, read_outcome
from downtime.ingest.packing import split_blocks
from downtime.ingest.read_raw import Item, number_items, read_heading, read_raw
from downtime.ingest.split_file import split_file
from downtime.ingest.store import day_file, entries, messages
from downtime.ingest.store.day_file import BlockRow, DocumentRow
from downtime.ingest.store.messages import Receipt

BATCH = 1_000
"""Messages that are put on the disk together when a file is read: one wait for the disk."""


class _Batch:
    """What one transaction will keep."""

    def __init__(self, ledger: Ledger, day: DayFile) -> None:
        self.ledger = ledger
        self.day = day
        self.received = max(ledger.now(), entries.get_newest_received(day.db))
        """A clock that was put back makes nothing older than what was received before."""
        self.next = day_file.get_next_arrival(day.db)
        self.newest_stamp = day.newest_stamp
        self.arrivals: dict[tuple[int, bytes], int] = {}
        self.messages: list[tuple[Receipt, Item]] = []
        self.raws: list[tuple[int, bytes]] = []
        self.documents: list[DocumentRow] = []

    def add(self, raw: RawMessage, items: Sequence[Item]) -> list[RecordedMessage]:
        """Take a message into the batch, unless it was received before."""
        stamp, digest = policies.read_stamp(raw), policies.fingerprint(raw)
        if before := self._find_repeated(raw, items, stamp, digest):
            return [RecordedMessage(before, items[0], self.received, repeated=True)]
        self.arrivals[stamp, digest] = self.next
        return self.add_new(raw, items, stamp, digest)

    def _find_repeated(
        self, raw: RawMessage, items: Sequence[Item], stamp: int, digest: bytes
    ) -> int:
        """Under which number it was received before; 0 when it was not, or can only be used now."""
        if arrival := self.arrivals.get((stamp, digest)):
            return arrival
        is_document = raw.format is not FileFormat.HL7
        repetition = self.ledger.find_repeated(stamp, digest, is_document=is_document)
        if repetition is None or (repetition.was_rejected and self._is_usable(raw, items[0])):
            return 0
        return repetition.arrival

    def _is_usable(self, raw: RawMessage, item: Item) -> bool:
        if read_outcome(item) is Outcome.NOT_YET_READ:
            item = read_raw(raw, self.ledger.context)[0]
        return not isinstance(item, Reject)

    def add_new(
        self,
        raw: RawMessage,
        items: Sequence[Item],
        stamp: int,
        digest: bytes,
        released_from: int = 0,
    ) -> list[RecordedMessage]:
        """Take a message into the batch under the next arrival number."""
        first, is_hl7 = self.next, raw.format is FileFormat.HL7
        recorded = []
        for arrival, read in number_items(raw, first, items):
            item = believe_times(read, self.received)
            receipt = Receipt(
                arrival,
                raw.source,
                raw.name,
                raw.line or item.origin.line,
                stamp if is_hl7 else None,
                digest if is_hl7 else None,
                self.received,
                released_from,
            )
            self.messages.append((receipt, item))
            recorded.append(
                RecordedMessage(arrival, item, self.received, released=bool(released_from))
            )
        last = max(first + policies.count_numbers(raw) - 1, recorded[-1].arrival)
        self.next, self.newest_stamp = last + 1, max(self.newest_stamp, stamp)
        if is_hl7:
            self.raws.append((first, raw.data))
        else:
            body = self.day.packer.pack_single(raw.data)
            self.documents.append(
                DocumentRow(
                    first,
                    last,
                    stamp,
                    digest,
                    raw.source,
                    raw.format,
                    raw.name,
                    raw.number,
                    raw.modified,
                    released_from,
                    body,
                )
            )
        return recorded

    def commit(self) -> None:
        """Put it on the disk, all of it or nothing."""
        if not self.messages:
            return
        with self.day.transaction() as db:
            day_file.insert_blocks(db, list(self._pack_blocks()))
            day_file.insert_documents(db, self.documents)
            messages.insert_messages(db, self.day.numbers, self.messages)
            day_file.save_progress(db, self.next, self.newest_stamp)
        self.day.recent.add(self.arrivals, self.next)
        self.day.train_dictionary()

    def _pack_blocks(self) -> Iterator[BlockRow]:
        """Blocks hold consecutive numbers only, so that a message is repetition by its own."""
        for run in _split_runs(self.raws):
            first = run[0][0]
            for block in split_blocks(data for _, data in run):
                yield BlockRow(first, len(block), self.day.packer.pack(block))
                first += len(block)


def _split_runs(raws: Iterable[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    run: list[tuple[int, bytes]] = []
    for raw in raws:
        if run and raw[0] != run[-1][0] + 1:
            yield run
            run = []
        run.append(raw)
    if run:
        yield run


def record_messages(ledger: Ledger, raws: Sequence[RawMessage]) -> list[RecordedMessage]:
    """Read messages and keep them in one transaction; when it returns they are on the disk.

    Each HL7 message gives one, a document one for each message, row or resource in it. A
    repetition within the retention gives its first arrival number, `repeated`, and is not kept
    again. OSError or a database error: none of them is kept.
    """
    return record_read(ledger, [(raw, read_raw(raw, ledger.context)) for raw in raws])


def keep_messages(
    ledger: Ledger, raws: Sequence[RawMessage], read_first: Container[str] = ()
) -> list[RecordedMessage]:
    """Keep messages as they came in one transaction, and read them later (`read_unread`).

    Only what a message says of itself is read now, and what its structure lets it not be read for;
    all of it of the sources in `read_first`, and of documents. Else as `record_messages`.
    """
    context = ledger.context
    return record_read(
        ledger,
        [
            (raw, (read_raw if raw.source in read_first else read_heading)(raw, context))
            for raw in raws
        ],
    )


def record_read(
    ledger: Ledger, read: Sequence[tuple[RawMessage, Sequence[Item]]]
) -> list[RecordedMessage]:
    """The same for messages that have been read."""
    with ledger.writing() as day:
        batch = _Batch(ledger, day)
        recorded = [message for raw, items in read for message in batch.add(raw, items)]
        batch.commit()
    return recorded


def record_path(ledger: Ledger, path: Path, source: str = FILES) -> Iterator[RecordedMessage]:
    """The messages of a file, of any format, kept a batch at a time.

    A file that was broken off and is begun again ends up whole, with nothing in it twice. One that
    cannot be read at all gives a reject with arrival number 0: there is nothing to keep.
    """
    for batch in record_batches(ledger, path, source):
        yield from batch


def record_batches(
    ledger: Ledger, path: Path, source: str = FILES
) -> Iterator[list[RecordedMessage]]:
    """The same a batch at a time: each is on the disk, and what is new in it came in one piece."""
    parts = split_file(path, source, ledger.settings)
    while batch := list(islice(parts, BATCH)):
        unreadable = [RecordedMessage(0, part) for part in batch if isinstance(part, Reject)]
        raws = [part for part in batch if isinstance(part, RawMessage)]
        yield unreadable + record_messages(ledger, raws)


def record_again(ledger: Ledger, raw: RawMessage, released_from: int) -> int:
    """Keep a list that was quarantined once more, released: its new arrival number."""
    items = read_raw(raw, ledger.context)
    with ledger.writing() as day:
        batch = _Batch(ledger, day)
        stamp, digest = policies.read_stamp(raw), policies.fingerprint(raw)
        recorded = batch.add_new(raw, items, stamp, digest, released_from)
        batch.commit()
    return recorded[-1].arrival
