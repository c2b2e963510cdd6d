"""Bring a database to the present schema: each room keeps its tables in `migrations/NNNN_name.sql`.

Files are found beside the rooms, so this module knows no room's tables. They run in the order of
their numbers, then of the rooms' names, each in one transaction, and are never run silently:
`downtime init` and `downtime migrate` call `apply`; everything else only calls `check`.
"""

import sqlite3
from collections.abc import Iterator
from importlib.resources import files
from typing import NamedTuple

import sqlite_utils

from downtime.clock import Clock, to_text
from downtime.errors import ConflictError
from downtime.vault.database import transaction

_LEDGER = """CREATE TABLE IF NOT EXISTS migration (
    room TEXT NOT NULL, name TEXT NOT NULL, applied TEXT NOT NULL, PRIMARY KEY (room, name))"""


class Migration(NamedTuple):
    name: str
    room: str
    sql: str


def available() -> list[Migration]:
    """All migrations of all rooms, in the order in which they run."""
    return sorted(_found())


def _found() -> Iterator[Migration]:
    for room in files("downtime").iterdir():
        folder = room / "migrations"
        if folder.is_dir():
            for file in folder.iterdir():
                if file.name.endswith(".sql"):
                    yield Migration(file.name.removesuffix(".sql"), room.name, file.read_text())


def pending(db: sqlite_utils.Database) -> list[Migration]:
    """Those that this database has not had yet."""
    db.conn.execute(_LEDGER)
    done = {(row["room"], row["name"]) for row in db.query("SELECT room, name FROM migration")}
    return [m for m in available() if (m.room, m.name) not in done]


def apply(db: sqlite_utils.Database, clock: Clock) -> list[Migration]:
    """Run what is pending and return it."""
    todo = pending(db)
    for migration in todo:
        with transaction(db):
            for statement in _statements(migration.sql):
                db.conn.execute(statement)
            db.conn.execute(
                "INSERT INTO migration (room, name, applied) VALUES (?, ?, ?)",
                (migration.room, migration.name, to_text(clock())),
            )
    return todo


def check(db: sqlite_utils.Database) -> None:
    """ConflictError when the database is older than the program."""
    if todo := pending(db):
        raise ConflictError(
            "vault.migrate",
            f"The vault is {len(todo)} step{'s' if len(todo) > 1 else ''} older than this program.",
            "Make a backup of the home folder, then run 'downtime migrate'.",
        )


def _statements(sql: str) -> Iterator[str]:
    """Split a file into statements; one that holds a trigger's body stays whole."""
    statement = ""
    for line in sql.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        raise ValueError("a migration ends in the middle of a statement")
