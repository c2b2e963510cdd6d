"""The unlocked vault: one encrypted database, changed only together with its audit entry."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlite_utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from downtime.clock import Clock, to_text
from downtime.config import Home
from downtime.vault import audit, schema
from downtime.vault.audit import Actor
from downtime.vault.database import connect, transaction


class Vault:
    """An open vault. Every thread gets a connection of its own through `db`."""

    def __init__(self, home: Home, data_key: bytes, clock: Clock) -> None:
        self.home = home
        self.clock = clock
        self._data_key = data_key
        self._local = threading.local()
        self._opened: list[sqlite_utils.Database] = []
        self._lock = threading.Lock()

    def key(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose (`vault`, `state`, `snapshot:…`, `identity`), by HKDF."""
        return HKDF(SHA256(), 32, salt=None, info=b"downtime:" + purpose.encode()).derive(
            self._data_key
        )

    @property
    def db(self) -> sqlite_utils.Database:
        """This thread's connection: read freely; write only inside `change`."""
        db: sqlite_utils.Database | None = getattr(self._local, "db", None)
        if db is None:
            db = self._local.db = self.open(self.home.vault, "vault")
        return db

    def open(self, path: Path, purpose: str, *, read_only: bool = False) -> sqlite_utils.Database:
        """Another encrypted database of this home; closed with the vault."""
        db = connect(path, self.key(purpose), read_only=read_only)
        with self._lock:
            self._opened.append(db)
        return db

    @contextmanager
    def change(
        self, who: Actor, action: str, *, target: str = "", why: str = ""
    ) -> Iterator[sqlite_utils.Database]:
        """One transaction that ends with its audit entry; an exception undoes both.

        `target` names the record (a serial, an account, a snapshot), never its contents.
        """
        with transaction(self.db) as db:
            yield db
            audit.append(db, self.now(), who, action, target, why)

    def now(self) -> str:
        """The clock's time as stored text."""
        return to_text(self.clock())

    def check_schema(self) -> None:
        """ConflictError when this vault is older than the program."""
        schema.check(self.db)

    def close(self) -> None:
        """Close every connection and forget them; the object is of no further use."""
        with self._lock:
            for db in self._opened:
                db.conn.close()
            self._opened.clear()
        self._local = threading.local()
