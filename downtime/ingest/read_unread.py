"""Read what was kept and acknowledged before it was read, and say in the ledger what became of it.

It is read in order of arrival, some messages at a time: where this is broken off, the rest is read the
next time. Whoever builds or replays reads the raw messages, whether or not they were read here.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from downtime.feeds.model import Outcome
from downtime.ingest.believed_times import believe_times
from downtime.ingest.ledger import DayFile, Ledger
from downtime.ingest.model import read_outcome
from downtime.ingest.read_ledger import StoredRaw, iterate_raw
from downtime.ingest.read_raw import Item, read_raw
from downtime.ingest.store import day_file, messages

OnRead = Callable[[str, Outcome], None]
"""Told the source of each message, and what became of it."""
BATCH_BYTES = 8_388_608
"""Raw bytes that are read together; one message may be longer."""
_MOST_SKIPPED = 1_000
"""So many messages that were read when they came are looked at again and again before they are not."""


def _ignore(source: str, outcome: Outcome) -> None:
    """Nobody wants to know."""


class UnreadMessages:
    """What waits in a ledger to be read. For one thread at a time."""

    def __init__(self, ledger: Ledger, on_read: OnRead = _ignore) -> None:
        self._ledger = ledger
        self._on_read = on_read
        self._finished_days: set[Path] = set()

    def read(self, limit: int) -> int:
        """Read the oldest, at most `limit`, and keep what became of them; how many they were."""
        days = self._ledger.list_days()
        for path in days:
            if path in self._finished_days:
                continue
            is_newest = path == days[-1]
            if count := self._read_day(path, limit, is_newest=is_newest):
                return count
            if not is_newest:
                self._finished_days.add(path)
        return 0

    def _read_day(self, path: Path, limit: int, *, is_newest: bool) -> int:
        def opened() -> AbstractContextManager[DayFile]:
            # What is being written is read on the connection that writes: its pages lie in memory.
            return self._ledger.changing(path) if is_newest else self._ledger.reading(path)

        with opened() as day:
            stored, next_unread = _select_unread(day, limit)
            if not stored:
                _skip_read(day, next_unread)
                return 0
        items = [
            believe_times(read_raw(message.raw, self._ledger.context)[0], message.received)
            for message in stored
        ]
        read = list(zip(stored, items, strict=True))
        with opened() as day:
            _save_readings(day, read, next_unread)
        for message, item in read:
            self._on_read(message.raw.source, read_outcome(item))
        return len(read)


def count_unread(ledger: Ledger) -> Counter[str]:
    """How many messages of each source are kept and not read yet: of today, and of the day before."""
    counts: Counter[str] = Counter()
    for path in ledger.list_days()[-2:]:
        with ledger.reading(path) as day:
            counts += messages.count_unread(day.db, day_file.get_next_unread(day.db))
    return counts


def _select_unread(day: DayFile, limit: int) -> tuple[list[StoredRaw], int]:
    """The oldest unread messages, and below which number all are read once these are."""
    numbers = messages.select_unread(day.db, day_file.get_next_unread(day.db), limit)
    following = day_file.get_next_arrival(day.db)
    stored: list[StoredRaw] = list(_take_unread(day, numbers)) if numbers else []
    is_all = len(stored) == len(numbers) < limit
    return stored, following if is_all else stored[-1].arrival + 1


def _take_unread(day: DayFile, numbers: Sequence[int]) -> Iterator[StoredRaw]:
    unread, size = set(numbers), 0
    for stored in iterate_raw(day, numbers[0] - 1):
        if stored.arrival in unread:
            yield stored
            size += len(stored.raw.data)
        if size >= BATCH_BYTES or stored.arrival >= numbers[-1]:
            return


def _skip_read(day: DayFile, next_unread: int) -> None:
    """Take note, now and then, that what was read when it came need not be looked at again."""
    if next_unread - day_file.get_next_unread(day.db) > _MOST_SKIPPED:
        with day.transaction() as db:
            day_file.save_next_unread(db, next_unread)


def _save_readings(day: DayFile, read: Sequence[tuple[StoredRaw, Item]], next_unread: int) -> None:
    with day.transaction() as db:
        for stored, item in read:
            messages.update_reading(
                db,
                day.numbers,
                stored.arrival,
                messages.describe_reading(item),
                messages.list_patients(item),
            )
        day_file.save_next_unread(db, next_unread)
