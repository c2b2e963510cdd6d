"""The ledger of all that was received: one encrypted file a day in the home's `ingest` folder.

Arrival numbers rise over days and restarts and over all processes that write: they take turns by
a lock file. Receiving decides nothing and has no person behind it, so no entry of the audit is
written for it: the ledger is itself the trace.
"""

import os
import re
import threading
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import sqlcipher3
import sqlite_utils

from downtime.clock import to_text
from downtime.errors import UntrustedError
from downtime.feeds.context import feed_context
from downtime.ingest.packing import Packer, train_dictionary
from downtime.ingest.store import day_file
from downtime.ingest.store.messages import Numbers
from downtime.settings import Settings
from downtime.vault.database import transaction
from downtime.vault.files import make_private_folder
from downtime.vault.process_lock import ProcessLock
from downtime.vault.vault import Vault

_DAY_NAME = re.compile(r"\d.*\.db")
MOST_RECENT = 50_000
"""So many messages of a day are remembered."""
TRAINED_AT = 2_000
"""Messages of a day of which its dictionary is trained."""


class RecentMessages:
    """Which messages of a day are in it, of those that bear the newest stamps.

    It is complete only while nobody else writes into the day: what comes next is then what was left.
    """

    def __init__(self) -> None:
        self._arrivals: dict[tuple[int, bytes], int] = {}
        self._complete_after = 0
        self._next_arrival = 0

    def begin(self, next_arrival: int, newest_stamp: int) -> None:
        """Before messages are looked for: forget all when another process has written."""
        is_full = len(self._arrivals) > MOST_RECENT
        if next_arrival != self._next_arrival or is_full:
            self._arrivals.clear()
            self._complete_after, self._next_arrival = newest_stamp, next_arrival

    def is_complete(self, stamp: int) -> bool:
        """Whether a message of this stamp that is not here is not in the day either."""
        return stamp > self._complete_after

    def find(self, stamp: int, digest: bytes) -> int:
        """Its arrival number; 0 when it is not here."""
        return self._arrivals.get((stamp, digest), 0)

    def add(self, arrivals: Mapping[tuple[int, bytes], int], next_arrival: int) -> None:
        """These are on the disk now."""
        self._arrivals |= arrivals
        self._next_arrival = next_arrival


class DayFile:
    """An open day: its connection, and what is remembered of it. For one thread at a time."""

    def __init__(self, path: Path, key: bytes) -> None:
        self.path = path
        self.db = day_file.open_day(path, key)
        self.numbers = Numbers(self.db)
        self.newest_stamp = day_file.get_newest_stamp(self.db)
        self.recent = RecentMessages()
        self._dictionary: bytes | None = None
        self._packer = Packer()

    @property
    def packer(self) -> Packer:
        """Compresses with the day's dictionary once any process has made it."""
        if self._dictionary is None:
            self._dictionary = day_file.get_dictionary(self.db)
            if self._dictionary:
                self._packer = Packer(self._dictionary)
        return self._packer

    @contextmanager
    def transaction(self) -> Iterator[sqlite_utils.Database]:
        """All of it, on the disk, or nothing."""
        try:
            with transaction(self.db) as db:
                yield db
        except BaseException:
            self.numbers.clear()
            self.recent = RecentMessages()
            raise

    def train_dictionary(self) -> None:
        """Make the day's dictionary when enough has come and there is none."""
        packer = self.packer
        if self._dictionary is not None or day_file.count_messages(self.db) < TRAINED_AT:
            return
        blocks = day_file.select_blocks(self.db, 0)
        samples = [data for block in blocks for data in packer.unpack(block.body)]
        samples += [packer.unpack_single(row.body) for row in day_file.select_documents(self.db, 0)]
        with self.transaction() as db:
            day_file.save_dictionary(db, train_dictionary(samples[-TRAINED_AT:]))

    def close(self) -> None:
        """Let go of the file."""
        self.db.conn.close()


@contextmanager
def _naming_damage(path: Path) -> Iterator[None]:
    """UntrustedError names the file whose pages are not what was written."""
    try:
        yield
    except sqlcipher3.DatabaseError as error:
        if type(error) is not sqlcipher3.DatabaseError:  # busy, or the disk is full
            raise
        raise UntrustedError(
            "ingest.damaged",
            f"The ledger {path.name} is damaged: not all that it keeps can be read.",
            f"Move its file of that day out of {path.parent} and keep it, or restore it from the last"
            " backup; snapshots can be built again then, and still hold what was built of it.",
        ) from None


class Ledger:
    """The ledger of a home. May be used by several threads; close it in the end."""

    def __init__(self, vault: Vault, settings: Settings) -> None:
        self.settings = settings
        self.context = feed_context(settings)
        self._clock = vault.clock
        self._key = vault.derive_key("ingest")
        self._folder = vault.home.ingest_folder
        make_private_folder(self._folder)
        self._thread_lock = threading.Lock()
        self._process_lock = ProcessLock(self._folder / ".lock")
        self._open: dict[Path, DayFile] = {}
        self._days: list[Path] = []
        self._listed: list[Path] = []
        self._listed_at = 0
        self._newest: DayFile | None = None
        self._stamps_of_past_days: dict[Path, int] = {}

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of every file."""
        with self._thread_lock:
            while self._open:
                self._open.popitem()[1].close()
            self._process_lock.close()

    def now(self) -> str:
        """The clock's time as stored text."""
        return to_text(self._clock())

    def list_days(self) -> list[Path]:
        """The files of its days, the oldest first; each is named after its day (UTC)."""
        changed = self._folder.stat().st_mtime_ns
        if changed != self._listed_at:
            self._listed, self._listed_at = self._find_days(), changed
        return list(self._listed)

    def _find_days(self) -> list[Path]:
        names = [name for name in os.listdir(self._folder) if _DAY_NAME.fullmatch(name)]
        return [self._folder / name for name in sorted(names)]

    @contextmanager
    def writing(self) -> Iterator[DayFile]:
        """The newest day, kept from every other writer until the block ends."""
        with (
            self._thread_lock,
            self._process_lock.holding(),
            _naming_damage(self._folder / f"{self.now()[:10]}.db"),
        ):
            day = self._newest = self._open_today()
            day.newest_stamp = day_file.get_newest_stamp(day.db)
            day.recent.begin(day_file.get_next_arrival(day.db), day.newest_stamp)
            yield day

    @contextmanager
    def changing(self, path: Path) -> Iterator[DayFile]:
        """A day, on the connection that writes it, kept from every other writer until the block ends."""
        with (
            self._thread_lock,
            self._process_lock.holding(),
            _naming_damage(path),
        ):
            yield self._opened(path)

    @contextmanager
    def reading(self, path: Path) -> Iterator[DayFile]:
        """A day, on a connection of the caller's own."""
        with _naming_damage(path), closing(DayFile(path, self._key)) as day:
            yield day

    def _open_today(self) -> DayFile:
        """Today's file; the newest there is while the clock stands before it."""
        self._days = self.list_days()
        path = self._folder / f"{self.now()[:10]}.db"
        if not self._days or path > self._days[-1]:
            before = self._opened(self._days[-1]) if self._days else None
            number = day_file.get_next_arrival(before.db) if before else 1
            day_file.create_day(path, self._key, number)
            self._days.append(path)
        return self._opened(self._days[-1])

    def _opened(self, path: Path) -> DayFile:
        if path not in self._open:
            self._open[path] = DayFile(path, self._key)
        return self._open[path]

    def find_repeated(
        self, stamp: int, digest: bytes, *, is_document: bool
    ) -> day_file.Repetition | None:
        """What is the same and was received before, within the retention. Only while `writing`."""
        find = day_file.find_document if is_document else day_file.find_repeated
        newest = self._newest
        if newest and newest.newest_stamp >= stamp:
            is_new = newest.recent.is_complete(stamp) and not newest.recent.find(stamp, digest)
            if (is_document or not is_new) and (repetition := find(newest.db, stamp, digest)):
                return repetition
        for path in reversed(self._days[:-1]):
            if self._get_past_stamp(path) >= stamp and (
                repetition := find(self._opened(path).db, stamp, digest)
            ):
                return repetition
        return None

    def _get_past_stamp(self, path: Path) -> int:
        """The newest stamp of a day that is over, which never changes."""
        if path not in self._stamps_of_past_days:
            self._stamps_of_past_days[path] = day_file.get_newest_stamp(self._opened(path).db)
        return self._stamps_of_past_days[path]

    def find_day(self, arrival: int) -> Path | None:
        """The file of the day that holds a message; None when no day does (any more)."""

        def read_next_arrival(path: Path) -> int:
            with self.reading(path) as day:
                return day_file.get_next_arrival(day.db)

        days = self.list_days()
        place = bisect_right(days, arrival, key=read_next_arrival)
        return days[place] if place < len(days) else None

    def get_last_arrival(self) -> int:
        """The highest number given so far; 0 without any."""
        days = self.list_days()
        if not days:
            return 0
        with self.reading(days[-1]) as day:
            return day_file.get_next_arrival(day.db) - 1

    def skip_to(self, arrival: int) -> None:
        """Give numbers above this one only: a ledger that was lost must not begin at 1 again."""
        with self.writing() as day:
            if day_file.get_next_arrival(day.db) <= arrival:
                with day.transaction() as db:
                    day_file.save_next_arrival(db, arrival + 1)

    def begin_day(self) -> None:
        """Make today's file, which takes over the next arrival number."""
        with self.writing():
            pass

    def remove_day(self, path: Path) -> None:
        """Remove a day for good, the files that SQLite keeps beside it included.

        The newest day goes only once there is another: it knows the next arrival number.
        """
        with self.writing() as day:
            if day.path == path:
                return
            if path in self._open:
                self._open.pop(path).close()
            for part in (
                path,
                path.with_name(f"{path.name}-wal"),
                path.with_name(f"{path.name}-shm"),
            ):
                part.unlink(missing_ok=True)
