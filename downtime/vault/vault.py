"""The unlocked vault: one encrypted database, changed only together with its audit entry."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

import sqlite_utils

from downtime.clock import Clock, to_text
from downtime.config import Home
from downtime.errors import LockedError
from downtime.security_events import report_action
from downtime.vault import audit, schema
from downtime.vault.database import NEWER, Database, connect, transaction
from downtime.vault.model import Actor, MigrationReport
from downtime.vault.slots import derive_key


def check_vault_exists(home: Home) -> None:
    """LockedError when an existing home has lost its database: opening would make an empty one."""
    if not home.vault_file.is_file() or not home.vault_file.stat().st_size:
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
        db = connect(self.home.vault_file, self.derive_key("vault"))
        db.watch_schema(schema.list_unknown)
        return db

    @property
    def is_read_only(self) -> bool:
        """Whether a newer program has written this vault: then every change is refused."""
        return self.db.is_newer

    @property
    def notice(self) -> str:
        """What whoever opened the vault should know of its version; empty when it is as usual."""
        if self.is_read_only:
            return f"{NEWER} Use the newer version to enter, print or decide anything."
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

    def now(self) -> str:
        """The clock's time as stored text."""
        return to_text(self.clock())

    def replace_key(self, renew: Callable[[bytes], bytes]) -> None:
        """Let go of every connection and take over the data key that `renew` returns (`keys.renew_data_key`).

        Nobody can open a connection meanwhile.
        """
        with self._lock:
            self._local = threading.local()
            self._data_key = renew(self.data_key)

    def close(self) -> None:
        """Forget the data key and every connection; the object is of no further use."""
        with self._lock:
            self._data_key = None
            self._local = threading.local()
