"""The SQL that binds what people wrote into the audit chain: a sum over the hashes of all rows.

Triggers that live only in a program's own connection hand each written row to it: the hash of a row
is added to the sum of its table, or taken off. So a transaction costs what it writes, and a whole
vault is checked by adding up all rows anew. Hashes have 2048 bits: sums of shorter ones can be met
by choosing rows (Bellare and Micciancio 1997, Wagner 2002).
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import orjson

BYTES = 256
_MODULUS = 1 << (8 * BYTES)
_ALL = "*"
"""The name under which the sum of all tables stands: a row's hash names its table."""


class BoundTable(NamedTuple):
    """A table whose rows count, the columns that count, and the one that has to be filled."""

    name: str
    columns: tuple[str, ...]
    counted_when: str


class ContentSums:
    """What one connection has written of the tables that count, until it is added to their sums.

    It holds no connection, nor does what the connection calls hold this: a connection closes itself
    as soon as nobody uses it any more.
    """

    def __init__(self) -> None:
        self.pending: dict[str, int] = {}
        self.is_armed = False

    def arm(self, connection: sqlite3.Connection) -> None:
        """Begin to be told of every row, where the vault has such tables."""
        self.disarm(connection)
        tables = list_bound_tables(connection)
        if not tables:
            return
        connection.create_function("note_bound_row", -1, partial(_note_row, self.pending))
        connection.execute("PRAGMA recursive_triggers = ON")  # else a REPLACE hides a row
        for table in tables:
            for statement in _write_triggers(table):
                connection.execute(statement)
        self.is_armed = True

    def disarm(self, connection: sqlite3.Connection) -> None:
        """Be told of nothing; what was written before is forgotten."""
        names = connection.execute(
            "SELECT name FROM sqlite_temp_master WHERE type = 'trigger' AND name LIKE 'bound_%'"
        ).fetchall()
        for (name,) in names:
            connection.execute(f"DROP TRIGGER temp.{name}")
        self.pending.clear()
        self.is_armed = False

    def fold(self, connection: sqlite3.Connection) -> None:
        """Add what was written to the sums, inside the transaction that wrote it."""
        if self.pending:
            differences = {**self.pending, _ALL: sum(self.pending.values())}
            for name, difference in differences.items():
                _save_sum(connection, name, _fetch_sum(connection, name) + difference)
            self.pending.clear()


def _note_row(pending: dict[str, int], sign: int, name: str, *values: Any) -> None:
    pending[name] = pending.get(name, 0) + sign * _hash_row(name, values)


def list_bound_tables(connection: sqlite3.Connection) -> list[BoundTable]:
    """The tables that count, and are there; none in a vault of an older program."""
    if not _has_table(connection, "bound_table"):
        return []
    rows = connection.execute(
        "SELECT name, columns, counted_when FROM bound_table ORDER BY name"
    ).fetchall()
    return [
        BoundTable(name, _list_columns(connection, name, columns), counted_when)
        for name, columns, counted_when in map(tuple, rows)
        if _has_table(connection, name)
    ]


def find_digest(connection: sqlite3.Connection) -> str:
    """One hash of the sum of all tables, as the entries of the audit carry it."""
    return hashlib.sha256(_fetch_sum(connection, _ALL).to_bytes(BYTES)).hexdigest()


def find_changed_tables(connection: sqlite3.Connection) -> list[str]:
    """The tables whose rows do not give their sum: something else has written them."""
    if not _has_table(connection, "content_sum"):
        return []
    tables = list_bound_tables(connection)
    sums = {table.name: _add_up(connection, table) for table in tables}
    changed = [name for name, total in sums.items() if total != _fetch_sum(connection, name)]
    is_whole = sum(sums.values()) % _MODULUS == _fetch_sum(connection, _ALL)
    return changed if changed or is_whole else ["content_sum"]


def rebase(connection: sqlite3.Connection) -> None:
    """Take the sums anew from what lies in the tables: after a migration."""
    if not _has_table(connection, "content_sum"):
        return
    connection.execute("DELETE FROM content_sum")
    sums = {table.name: _add_up(connection, table) for table in list_bound_tables(connection)}
    for name, total in {**sums, _ALL: sum(sums.values())}.items():
        _save_sum(connection, name, total)


def _has_table(connection: sqlite3.Connection, name: str) -> bool:
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    return connection.execute(query, (name,)).fetchone() is not None


def _list_columns(connection: sqlite3.Connection, name: str, columns: str) -> tuple[str, ...]:
    if columns:
        return tuple(sorted(columns.split()))
    return tuple(sorted(row[1] for row in connection.execute(f"PRAGMA table_info({name})")))


def _write_triggers(table: BoundTable) -> Iterator[str]:
    name, when = table.name, table.counted_when

    def note(sign: int, row: str) -> str:
        values = ", ".join(f"{row}.{column}" for column in table.columns)
        where = f" WHERE {row}.{when} <> ''" if when else ""
        return f"SELECT note_bound_row({sign}, '{name}', {values}){where};"

    for event, notes in (
        ("INSERT", note(1, "NEW")),
        ("DELETE", note(-1, "OLD")),
        (f"UPDATE OF {', '.join(table.columns)}", note(-1, "OLD") + note(1, "NEW")),
    ):
        verb = event.partition(" ")[0].lower()
        yield f"CREATE TEMP TRIGGER bound_{name}_{verb} AFTER {event} ON main.{name} BEGIN {notes} END"


def _add_up(connection: sqlite3.Connection, table: BoundTable) -> int:
    where = f" WHERE {table.counted_when} <> ''" if table.counted_when else ""
    rows = connection.execute(f"SELECT {', '.join(table.columns)} FROM {table.name}{where}")
    return sum(_hash_row(table.name, tuple(row)) for row in rows) % _MODULUS


def _hash_row(name: str, values: tuple[Any, ...]) -> int:
    content = orjson.dumps([name, *values], default=bytes.hex)
    return int.from_bytes(hashlib.shake_256(content).digest(BYTES))


def _fetch_sum(connection: sqlite3.Connection, name: str) -> int:
    row = connection.execute("SELECT total FROM content_sum WHERE name = ?", (name,)).fetchone()
    return int.from_bytes(row[0]) if row else 0


def _save_sum(connection: sqlite3.Connection, name: str, total: int) -> None:
    connection.execute(
        "INSERT INTO content_sum (name, total) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET total = excluded.total",
        (name, (total % _MODULUS).to_bytes(BYTES)),
    )
