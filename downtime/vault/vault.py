"""The unlocked vault: one encrypted database, changed only together with its audit entry."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from weakref import WeakSet

import sqlcipher3
import sqlite_utils

from downtime.clock import Clock, to_text
from downtime.config import Home
from downtime.errors import LockedError
from downtime.security_events import SecurityEvent, report_action, report_event
from downtime.vault import audit, reading_copy, schema
from downtime.vault.database import Database, connect, transaction
from downtime.vault.model import Actor, MigrationReport
from downtime.vault.reading_copy import ReadingSource
from downtime.vault.slots import derive_key
from downtime.vault.write_access import (
    QueuedChange,
    ReadOnlyError,
    ReadOnlyReason,
    WriteAccess,
)

Write = Callable[[sqlite_utils.Database], object]


def has_vault(home: Home) -> bool:
    """Whether the database of an existing home is there: to open it else would make an empty one."""
    return home.vault_file.is_file() and bool(home.vault_file.stat().st_size)


def check_vault_exists(home: Home) -> None:
    """LockedError when an existing home has lost its database."""
    if not has_vault(home):
        raise LockedError(
            "vault.lost",
            f"The vault of this home, {home.vault_file.name}, is missing or empty.",
            "Restore the home, keys folder included, from its last backup.",
        )


class Vault:
    """An open vault. Every thread gets a connection of its own through `db`.

    A connection is never closed under a thread that is using it: the vault lets go of it, and it
    closes itself when the last block that holds it ends.
    """

    def __init__(self, home: Home, data_key: bytes, clock: Clock) -> None:
        self.home = home
        self.clock = clock
        self._data_key: bytes | None = data_key
        self._local = threading.local()
        self._lock = threading.RLock()
        self._source: ReadingSource | None = None
        self._connections: WeakSet[Database] = WeakSet()
        self.write_access = WriteAccess(home.path)
        self.partial_tables: tuple[str, ...] = ()
        """Of a damaged vault: the tables of which rows are missing."""
        self.substitutes: dict[str, Path] = {}
        """Of damaged snapshots on a disk that takes nothing: copies in memory, encrypted as they are."""
        self.before_writing: list[Write] = []
        """What rooms keep in memory while nothing can be written, written before anything else."""
        self.migrated: MigrationReport | None = None
        """What opening it has done to it."""

    @property
    def data_key(self) -> bytes:
        """What every other key derives from; only the key slots (keys.py) need it."""
        if self._data_key is None:
            raise LockedError("vault.locked", "The vault has been locked.", "Sign in again.")
        return self._data_key

    def derive_key(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose (`vault`, `state`, `snapshot:…`, `identity`), by HKDF."""
        return derive_key(self.data_key, purpose)

    @property
    def db(self) -> Database:
        """This thread's connection: read freely; write only inside `change`."""
        with self._lock:
            db: Database | None = getattr(self._local, "db", None)
            if db is None:
                db = self._local.db = self._connect()
            return db

    def _connect(self) -> Database:
        try:
            db = self._open_source()
        except (OSError, sqlcipher3.OperationalError) as error:
            reason = self.write_access.explain(error) or ReadOnlyReason.NO_PERMISSION
            if self._source is not None:
                raise
            is_shared = reason is ReadOnlyReason.IN_USE
            self._source = reading_copy.find_source(self.home.vault_file, is_shared=is_shared)
            self.write_access.close(reason)
            db = self._open_source()
        db.watch_schema(schema.list_unknown)
        db.write_access = self.write_access
        self._connections.add(db)
        return db

    def _open_source(self) -> Database:
        """A connection to what is read: the vault, or what stands in for it."""
        key = self.derive_key("vault")
        if self._source is None and self._connections and not has_vault(self.home):
            self.write_access.close(ReadOnlyReason.LOST)
            path = reading_copy.copy_connection(
                next(iter(self._connections)), key, self.home.vault_file.name
            )
            self._source = ReadingSource(path, is_immutable=False)
        if self._source is None:
            return connect(self.home.vault_file, key)
        return connect(self._source.path, key, is_immutable=self._source.is_immutable)

    def read_salvaged(self, reason: ReadOnlyReason) -> None:
        """From now on show what can be read of a vault that is damaged or missing; never written again."""
        with self._lock:
            path, self.partial_tables = reading_copy.salvage_rows(
                self.home.vault_file, self.derive_key("vault")
            )
            self._replace_source(ReadingSource(path, is_immutable=False))
            self.write_access.close(reason)

    @property
    def reads_copy(self) -> bool:
        """Whether something else is read in place of the vault."""
        return self._source is not None

    def read_copy(self) -> None:
        """From now on read a copy in memory, log included: of a vault that is locked, or to be brought up to date."""
        with self._lock:
            path = reading_copy.copy_files(self.home.vault_file)
            self._replace_source(ReadingSource(path, is_immutable=False))

    def reopen(self) -> None:
        """Read and write the vault itself again, once all that waited has been written (`write_again`)."""
        with self._lock:
            self._replace_source(None)
            self.write_access.open()

    def _replace_source(self, source: ReadingSource | None) -> None:
        former, self._source = self._source, source
        self._local = threading.local()
        reading_copy.remove_copy(former)

    @property
    def read_only_reason(self) -> ReadOnlyReason | None:
        """Why every change is refused; None while changes are taken."""
        if reason := self.write_access.reason:
            return reason
        return ReadOnlyReason.NEWER if self.db.is_newer else None

    @property
    def is_read_only(self) -> bool:
        """Whether every change is refused: a newer program's vault, or a disk that takes nothing."""
        return self.read_only_reason is not None

    @property
    def notice(self) -> str:
        """What whoever opened the vault should know of it; empty when it is as usual."""
        if reason := self.read_only_reason:
            return f"{reason.sentence} {reason.next_step}"
        return self.migrated.sentence if self.migrated else ""

    def open_database(
        self, path: Path, purpose: str, *, read_only: bool = False
    ) -> sqlite_utils.Database:
        """A connection of the caller's own to another encrypted database of this home."""
        with self._lock:
            return connect(path, self.derive_key(purpose), read_only=read_only)

    @contextmanager
    def change(
        self, actor: Actor, action: StrEnum, *, target: str = "", reason: str = ""
    ) -> Iterator[sqlite_utils.Database]:
        """One transaction that ends with its audit entry; an exception undoes both.

        `action` is one of the room's own `AuditAction`. `target` names the record (a serial, an
        account, a snapshot), never its contents.
        """
        with transaction(self.db) as db:
            yield db
            audit.append_entry(db, self.now(), actor, action, target, reason)
        report_action(action, actor.device)

    def note(self, actor: Actor, action: StrEnum, *, target: str = "", reason: str = "") -> None:
        """An audit entry alone: that something was looked at, or tried. It waits while the disk takes nothing."""
        self.record(actor, action, None, target=target, reason=reason)

    def record(
        self,
        actor: Actor,
        action: StrEnum,
        write: Write | None,
        *,
        target: str = "",
        reason: str = "",
    ) -> None:
        """As `change`, of what has happened anyway: what `write` does waits while the disk takes nothing.

        Never for what people enter: that is lost when this program ends before the disk answers.
        """
        try:
            with self.change(actor, action, target=target, reason=reason) as db:
                if write is not None:
                    write(db)
        except ReadOnlyError:
            self.queue(actor, action, write, target=target, reason=reason)

    def queue(
        self,
        actor: Actor,
        action: StrEnum,
        write: Write | None = None,
        *,
        target: str = "",
        reason: str = "",
    ) -> None:
        """Let it wait until the disk answers; of a newer program's vault nothing is audited."""
        if self.read_only_reason is not ReadOnlyReason.NEWER:
            self.write_access.add(QueuedChange(self.now(), actor, action, target, reason, write))
            report_event(SecurityEvent.AUDIT_QUEUED, action=str(action), device=actor.device)
        report_action(action, actor.device)

    def now(self) -> str:
        """The clock's time as stored text."""
        return to_text(self.clock())

    def replace_key(self, renew: Callable[[bytes], bytes]) -> None:
        """Let go of every connection and take over the data key that `renew` returns (`keys.renew_data_key`).

        Nobody can open a connection meanwhile.
        """
        with self._lock:
            self._replace_source(None)
            self._data_key = renew(self.data_key)

    def close(self) -> None:
        """Forget the data key and every connection; the object is of no further use."""
        with self._lock:
            self._data_key = None
            self._replace_source(None)
            for path in self.substitutes.values():
                reading_copy.remove_folder_of(path)
