"""Open an encrypted database with a raw key, and change it in transactions."""

import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import fields
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import orjson
import sqlcipher3
import sqlite_utils

from downtime.clock import system_clock, to_text
from downtime.errors import ConflictError, LockedError, UserError
from downtime.vault import fair_lock
from downtime.vault.files import make_private_file
from downtime.vault.store.content_sums import ContentSums
from downtime.vault.write_access import ReadOnlyError, ReadOnlyReason, WriteAccess

T = TypeVar("T")

BUSY_MILLISECONDS = 10_000
GAP_SECONDS = 0.01
LOOK_SECONDS = 0.002
_DAMAGE = (sqlcipher3.SQLITE_CORRUPT, sqlcipher3.SQLITE_NOTADB)
_UNREADABLE = (sqlcipher3.SQLITE_BUSY, sqlcipher3.SQLITE_IOERR, sqlcipher3.SQLITE_CANTOPEN)
SYNCHRONOUS = "FULL"
"""With NORMAL, acknowledged rows were lost in 17 of 30 power cuts. Flushes that waiting writers share
were tried: of 50 clerks at work, 99 of 100 saves took 366 ms instead of 412, which is not worth it."""
LOG_PAGES = 8_000
"""Pages of the write-ahead log (32 MB) at which a writer itself puts them into the database. It
takes two waits for the disk, so a server does it before, beside its jobs."""


class Database(sqlite_utils.Database):
    """A connection, and the lock that the writers of its file share.

    `is_newer` says that another program has given it tables that this one does not know. A vault's
    has `write_access`: what its disk takes, for all connections.
    """

    def __init__(self, connection: sqlcipher3.Connection, path: Path) -> None:
        super().__init__(connection, recursive_triggers=False)
        self.writers = fair_lock.fair_lock_of(path)
        self.is_newer = False
        self.write_access: WriteAccess | None = None
        self._path = path
        self._file = _identify_file(path)
        self._list_unknown: Callable[[sqlite_utils.Database], Sequence[str]] | None = None
        self._schema_version = -1
        self._is_told = False
        self.content = ContentSums()

    def query(
        self, sql: str, params: Sequence[Any] | dict[str, Any] | None = None
    ) -> Generator[dict[str, Any], None, None]:
        """Rows by the names of their columns.

        The library puts a savepoint around each question, in case it were a change: three statements
        instead of one, for every page.
        """
        cursor = self.conn.execute(sql, params if params is not None else ())
        names = [column[0] for column in cursor.description]
        return (dict(zip(names, row, strict=True)) for row in cursor)

    def watch_schema(self, list_unknown: Callable[[sqlite_utils.Database], Sequence[str]]) -> None:
        """Look now, and again whenever the schema has changed: another program may do it any time."""
        self._list_unknown = list_unknown
        self.check_schema_version()

    def check_writable(self) -> None:
        """ReadOnlyError when nothing can be written, or it is newer than this program, as far as is known."""
        if self.is_newer:
            raise ReadOnlyError(ReadOnlyReason.NEWER)
        if self.write_access is None:
            return
        self.write_access.check()
        if (
            _identify_file(self._path) != self._file
        ):  # what is written now is gone with the last reader
            self.write_access.close(ReadOnlyReason.LOST)
            self.write_access.check()

    def check_schema_version(self) -> None:
        """See whether another program has changed the tables since."""
        if self._list_unknown is None:
            return
        version = self.conn.execute("PRAGMA schema_version").fetchone()[0]
        if version != self._schema_version:
            self._schema_version = version
            self.is_newer = bool(self._list_unknown(self))
            self.conn.execute(f"PRAGMA query_only = {int(self.is_newer)}")
            self._is_told = False

    def watch_content(self) -> None:
        """Be told of what is written into the tables that are bound into the audit chain."""
        if self._list_unknown is not None and not self._is_told:
            self.content.arm(self.conn)
            self._is_told = True

    def forget_content(self) -> None:
        """Nothing was written after all; triggers that were made meanwhile are gone with it."""
        self.content.pending.clear()
        self._is_told = False

    def bind_unaudited(self) -> None:
        """Give rows an audit entry that were written without one: none is left out of the chain."""
        from downtime.vault.audit import append_unaudited  # it stands on this module

        append_unaudited(self, to_text(system_clock()))


def connect(
    path: Path, key: bytes, *, read_only: bool = False, is_immutable: bool = False
) -> Database:
    """The SQLCipher database at `path` under a 32-byte key; LockedError when the key is not its own.

    Writers have a write-ahead log, which SQLite flushes within every commit: an acknowledged row
    survives a power cut. The connection may be handed between threads, never used
    by two at once. `is_immutable` is for a file without a log beside it on a disk that takes nothing.
    """
    connection = open_with_key(path, key, read_only=read_only, is_immutable=is_immutable)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    if not read_only and not is_immutable:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {SYNCHRONOUS}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
    connection.row_factory = sqlcipher3.Row
    return Database(connection, path)


def open_with_key(
    path: Path, key: bytes, *, read_only: bool = False, is_immutable: bool = False
) -> sqlcipher3.Connection:
    """A bare connection whose key is checked; made when there is no file yet."""
    if not read_only and not is_immutable:
        make_private_file(path)
    mode = "ro&immutable=1" if is_immutable else "ro" if read_only else "rwc"
    name = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlcipher3.connect(
        name,
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_MILLISECONDS / 1000,
    )
    try:
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlcipher3.OperationalError:
        connection.close()
        raise
    except sqlcipher3.DatabaseError:
        connection.close()
        raise LockedError(
            "vault.key",
            f"{path.name} does not open with this key, or is damaged.",
            "Try once more: the keys may just have been renewed. Else restore the home, keys folder"
            " included, from its last backup.",
        ) from None
    return connection


def is_damage(error: BaseException) -> bool:
    """Whether an error says that a page is not as it was written."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return isinstance(error, sqlcipher3.DatabaseError) and code in _DAMAGE


def is_unreadable(error: BaseException) -> bool:
    """Whether an error says that a database is locked, or cannot be opened or read where it lies."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return isinstance(error, sqlcipher3.DatabaseError) and code in _UNREADABLE


def describe_damage(error: BaseException) -> UserError | None:
    """What a page that is not as it was written means for people; None for any other error."""
    if not is_damage(error):
        return None
    return ConflictError(
        "vault.damaged",
        "A database of this home is damaged: a page of it is not as it was written.",
        "Print what is needed from what still opens. 'downtime check' names what is damaged and the"
        " way out.",
    )


def disable_write_ahead_log(connection: sqlcipher3.Connection) -> None:
    """Keep everything in the database file; refused while anybody else has it open."""
    connection.execute("PRAGMA journal_mode = DELETE").fetchall()


def checkpoint_log(db: sqlite_utils.Database) -> None:
    """Put what the write-ahead log holds into the database, without keeping any writer waiting."""
    db.conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def let_others_write() -> None:
    """Between two transactions of many: who waits in another process finds no gap otherwise, for as long as all take."""
    time.sleep(GAP_SECONDS)


@contextmanager
def transaction(
    db: sqlite_utils.Database, *, busy_milliseconds: int = BUSY_MILLISECONDS
) -> Iterator[sqlite_utils.Database]:
    """One immediate transaction: all of it, on the disk, or nothing; writers take turns.

    ReadOnlyError when the disk of a vault takes nothing: then all of it is undone.
    """
    with db.writers.hold_lock() if isinstance(db, Database) else nullcontext(), _explaining(db):
        if isinstance(db, Database):  # else in memory
            db.check_writable()
        _begin(db, busy_milliseconds)
        try:
            if isinstance(db, Database):
                db.check_schema_version()
                db.check_writable()
                db.watch_content()
            yield db
            if isinstance(db, Database) and db.content.pending:
                db.bind_unaudited()
            db.conn.execute("COMMIT")
        except BaseException:
            if db.conn.in_transaction:  # SQLite ends it by itself where the disk fails
                db.conn.execute("ROLLBACK")
            if isinstance(db, Database):
                db.forget_content()
            raise


@contextmanager
def _explaining(db: sqlite_utils.Database) -> Iterator[None]:
    """An error by which the disk of a vault takes nothing becomes the sentence that says so."""
    try:
        yield
    except ReadOnlyError:
        raise
    except (sqlcipher3.DatabaseError, OSError, UserError) as error:
        access = getattr(db, "write_access", None)
        reason = access.explain(error) if access else None
        if access is None or reason is None:
            raise
        access.close(reason)
        raise ReadOnlyError(reason) from error


def _identify_file(path: Path) -> tuple[int, int]:
    """What tells a file from another one that takes its place; nothing of one that is gone."""
    try:
        status = os.stat(path)
    except OSError:
        return (0, 0)
    return (status.st_dev, status.st_ino)


def _begin(db: sqlite_utils.Database, busy_milliseconds: int) -> None:
    """Begin when no other process writes any more.

    SQLite's own pauses grow to a tenth of a second, so that it seldom meets the gap between two
    changes of a busy process; whoever has the turn here looks much more often.
    """
    deadline = time.monotonic() + busy_milliseconds / 1000
    db.conn.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                db.conn.execute("BEGIN IMMEDIATE")
                return
            except sqlcipher3.OperationalError as error:
                if (
                    error.sqlite_errorcode & 0xFF != sqlcipher3.SQLITE_BUSY
                    or time.monotonic() > deadline
                ):
                    raise
            time.sleep(LOOK_SECONDS)
    finally:
        db.conn.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")


def json_list(texts: Iterable[str]) -> str:
    """Texts as `json_each` takes them: one bound value for however many."""
    return orjson.dumps(list(texts)).decode()


def build_record(kind: type[T], row: Mapping[str, Any]) -> T:
    """A record from the columns of its fields; columns that a newer program added are left out.

    What SQLite has no type for is read by the type of its field: enumerations, truth values, and
    from JSON what is a mapping, a tuple or a record itself.
    """
    readers = _field_readers(kind)  # type: ignore[arg-type]  # a class can be hashed
    return kind(**{name: read(row[name]) if read else row[name] for name, read in readers.items()})


def insert_record(
    db: sqlite_utils.Database, table: str, record: object, *, replace: bool = False, **columns: Any
) -> None:
    """A record as one row: its fields are the columns, and `columns` stand beside them.

    With `replace` it takes the place of the row with its key; a second one is an error otherwise.
    """
    values = {name: _to_column(getattr(record, name)) for name in _field_readers(type(record))}  # type: ignore[arg-type]
    values |= columns
    verb = "INSERT OR REPLACE" if replace else "INSERT"
    places = ", ".join(f":{name}" for name in values)
    db.conn.execute(f"{verb} INTO {table} ({', '.join(values)}) VALUES ({places})", values)


def _to_column(value: object) -> object:
    if isinstance(value, (Mapping, tuple)):
        return orjson.dumps(value, default=to_plain).decode()
    return value


def to_plain(value: Any) -> Any:
    """What JSON has no word for: a record as its fields, any mapping as a table."""
    return value._asdict() if hasattr(value, "_asdict") else dict(value)


@cache
def _field_readers(kind: Any) -> dict[str, Callable[[Any], Any] | None]:
    hints = get_type_hints(kind)
    names = getattr(kind, "_fields", None) or tuple(field.name for field in fields(kind))
    return {name: _find_reader(hints[name]) for name in names}


def _find_reader(hint: Any) -> Callable[[Any], Any] | None:
    if isinstance(hint, type) and (hint is bool or issubclass(hint, Enum)):
        return hint
    origin, parts = get_origin(hint), get_args(hint)
    if origin is tuple:
        return lambda stored: tuple(map(_find_reader(parts[0]) or _unchanged, _from_json(stored)))
    if origin in (Mapping, dict):
        return _from_json
    if hasattr(hint, "_fields"):
        return lambda stored: build_record(hint, _from_json(stored))
    return None


def _from_json(stored: Any) -> Any:
    return orjson.loads(stored) if isinstance(stored, str) else stored


def _unchanged(stored: Any) -> Any:
    return stored
