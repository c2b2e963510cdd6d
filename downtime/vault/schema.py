"""The schema of the vault: each room keeps its tables in `migrations/NNNN_name.sql`.

Files are found beside the rooms, so this module knows no room's tables. They run in the order of
their numbers, then of the rooms' names; the table `migration` says which a vault has had.

`sqlite_utils.migrations` was looked at (4.2.1) and does not serve: it commits each migration by
itself, where an upgrade and its audit entry have to be one transaction that can be undone; it orders
migrations within one set only, where rooms build on each other's tables; it has no word for a vault
that is newer than the program; and vaults in hospitals have this table.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import sqlite_utils

from downtime.clock import Clock, to_text
from downtime.vault.database import transaction
from downtime.vault.store import content_sums

_LEDGER = """CREATE TABLE IF NOT EXISTS migration (
    room TEXT NOT NULL, name TEXT NOT NULL, applied TEXT NOT NULL, PRIMARY KEY (room, name))"""
_FORMER_ROOMS = {"handover": "sync"}
"""Rooms that had another name when vaults noted their migrations."""


class Migration(NamedTuple):
    """One file of one room."""

    name: str
    room: str
    sql: str


@cache
def list_migrations() -> tuple[Migration, ...]:
    """All migrations of all rooms, in the order in which they run; read once, every vault asks for them."""
    return tuple(sorted(_find_migrations()))


def _find_migrations() -> Iterator[Migration]:
    for room in files("downtime").iterdir():
        folder = room / "migrations"
        if folder.is_dir():
            for file in folder.iterdir():
                if file.name.endswith(".sql"):
                    yield Migration(file.name.removesuffix(".sql"), room.name, file.read_text())


def list_pending(db: sqlite_utils.Database) -> list[Migration]:
    """Those that this database has not had yet."""
    applied = _fetch_applied(db)
    return [m for m in list_migrations() if (m.room, m.name) not in applied]


def list_unknown(db: sqlite_utils.Database) -> list[str]:
    """`room/name` of those that a newer program has applied."""
    known = {(m.room, m.name) for m in list_migrations()}
    return [f"{room}/{name}" for room, name in sorted(_fetch_applied(db) - known)]


def apply_migrations(db: sqlite_utils.Database, migrations: Iterable[Migration], now: str) -> None:
    """Run them inside the caller's transaction; `now` is stored text."""
    db.conn.execute(_LEDGER)
    for former, room in _FORMER_ROOMS.items():  # a program that knows the former name refuses then
        db.conn.execute("UPDATE migration SET room = ? WHERE room = ?", (room, former))
    for migration in migrations:
        for statement in _split_statements(migration.sql):
            db.conn.execute(statement)
        db.conn.execute(
            "INSERT INTO migration (room, name, applied) VALUES (?, ?, ?)",
            (migration.room, migration.name, now),
        )


def create_schema(db: sqlite_utils.Database, clock: Clock) -> None:
    """Give a new database all its tables. One that holds data is migrated (`migrate_vault`)."""
    with transaction(db):
        apply_migrations(db, list_pending(db), to_text(clock()))
        content_sums.rebase(db.conn)


def _fetch_applied(db: sqlite_utils.Database) -> set[tuple[str, str]]:
    if not db.conn.execute("SELECT 1 FROM sqlite_master WHERE name = 'migration'").fetchone():
        return set()
    rows = db.conn.execute("SELECT room, name FROM migration")
    return {(_FORMER_ROOMS.get(row[0], row[0]), row[1]) for row in rows}


def _split_statements(sql: str) -> Iterator[str]:
    """Split a file into statements; one that holds a trigger's body stays whole."""
    statement = ""
    for line in sql.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        raise ValueError("a migration ends in the middle of a statement")
