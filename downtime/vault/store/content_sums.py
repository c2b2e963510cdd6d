"""The SQL that binds what people wrote into the audit chain: a sum over the hashes of all rows.

Triggers that live only in a program's own connection hand each written row to it: the hash of a row
is added to the sum of its table, or taken off. So a transaction costs what it writes, and a whole
vault is checked by adding up all rows anew. Hashes have 2048 bits: sums of shorter ones can be met
by choosing rows (Bellare and Micciancio 1997, Wagner 2002).

The table `bound_row` (`bound_rows`) keeps a short digest of each row with the audit entry that wrote
it, so that a row that was changed or taken away can be named.
"""

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterator
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from downtime.vault.store import bound_rows
from downtime.vault.store.bound_rows import ChangedRow, RowIdentity

BYTES = 256
_MODULUS = 1 << (8 * BYTES)
_ALL = "*"
"""The name under which the sum of all tables stands: a row's hash names its table."""


class BoundTable(NamedTuple):
    """A table whose rows count, the columns that count, and the one that has to be filled."""

    name: str
    columns: tuple[str, ...]
    counted_when: str
    key: tuple[str, ...] = ()
    """The columns that name a row; without any, its digest does."""
    has_derived: bool = False
    """Whether a column follows from others, so that any change of a row may change it."""

    @property
    def row_columns(self) -> str:
        """What is read of a row: its name, then what counts."""
        return ", ".join((*self.key, *self.columns))


class ContentSums:
    """What one connection has written of the tables that count, until it is added to their sums.

    It holds no connection, nor does what the connection calls hold this: a connection closes itself
    as soon as nobody uses it any more.
    """

    def __init__(self) -> None:
        self.pending = PendingRows()
        self.is_armed = False

    def arm(self, connection: sqlite3.Connection) -> None:
        """Begin to be told of every row, where the vault has such tables."""
        self.disarm(connection)
        tables = list_bound_tables(connection)
        if not tables:
            return
        connection.create_function("note_bound_row", -1, self.pending.note)
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

    def fold(self, connection: sqlite3.Connection, entry: int) -> None:
        """Add what was written to the sums, inside the transaction that wrote it and its audit entry."""
        if self.pending:
            sums = self.pending.sums
            for name, difference in {**sums, _ALL: sum(sums.values())}.items():
                _save_sum(connection, name, _fetch_sum(connection, name) + difference)
            bound_rows.save_changes(connection, self.pending.rows, entry)
            self.pending.clear()


class PendingRows:
    """What a transaction has written so far: per table the change of its sum, and of each row."""

    def __init__(self) -> None:
        self.sums: dict[str, int] = {}
        self.rows: dict[RowIdentity, int] = {}

    def __bool__(self) -> bool:
        return any(self.sums.values())

    @property
    def tables(self) -> list[str]:
        """The tables that were written."""
        return sorted(name for name, difference in self.sums.items() if difference)

    def clear(self) -> None:
        """Forget all of it."""
        self.sums.clear()
        self.rows.clear()

    def note(self, sign: int, name: str, width: int, *values: Any) -> None:
        """A row was written (1) or is gone (-1); its first `width` values name it."""
        content = _hash_row(name, values[width:])
        identity = _identify_row(name, values[:width], content)
        self.sums[name] = self.sums.get(name, 0) + sign * int.from_bytes(content)
        self.rows[identity] = self.rows.get(identity, 0) + sign


def list_bound_tables(connection: sqlite3.Connection) -> list[BoundTable]:
    """The tables that count, and are there; none in a vault of an older program."""
    if not _has_table(connection, "bound_table"):
        return []
    rows = connection.execute(
        "SELECT name, columns, counted_when FROM bound_table ORDER BY name"
    ).fetchall()
    return [
        _describe_table(connection, name, columns, counted_when)
        for name, columns, counted_when in map(tuple, rows)
        if _has_table(connection, name)
    ]


def _describe_table(
    connection: sqlite3.Connection, name: str, columns: str, counted_when: str
) -> BoundTable:
    described = [tuple(row) for row in connection.execute(f"PRAGMA table_xinfo({name})")]
    key = [column[1] for column in sorted(described, key=itemgetter(5)) if column[5]]
    names = (column[1] for column in described if not column[6])
    return BoundTable(
        name,
        tuple(sorted(columns.split() or names)),
        counted_when,
        tuple(key),
        any(column[6] for column in described if column[1] in columns.split()),
    )


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


def find_changed_rows(connection: sqlite3.Connection, name: str) -> list[ChangedRow]:
    """The rows of a table that are not as the audit wrote them; as far as that is known."""
    for table in list_bound_tables(connection):
        if table.name == name and _has_table(connection, bound_rows.TABLE):
            return bound_rows.compare_rows(connection, name, _read_rows(connection, table))
    return []


def rebase(connection: sqlite3.Connection) -> None:
    """Take the sums anew from what lies in the tables: after a migration."""
    if not _has_table(connection, "content_sum"):
        return
    connection.execute("DELETE FROM content_sum")
    tables = list_bound_tables(connection)
    sums = {table.name: _add_up(connection, table) for table in tables}
    for name, total in {**sums, _ALL: sum(sums.values())}.items():
        _save_sum(connection, name, total)
    if _has_table(connection, bound_rows.TABLE):
        bound_rows.delete_all(connection)
        for table in tables:
            bound_rows.save_changes(connection, Counter(_read_rows(connection, table)), 0)


def _has_table(connection: sqlite3.Connection, name: str) -> bool:
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    return connection.execute(query, (name,)).fetchone() is not None


def _write_triggers(table: BoundTable) -> Iterator[str]:
    name, when = table.name, table.counted_when

    def note(sign: int, row: str) -> str:
        values = ", ".join(f"{row}.{column}" for column in (*table.key, *table.columns))
        where = f" WHERE {row}.{when} <> ''" if when else ""
        return f"SELECT note_bound_row({sign}, '{name}', {len(table.key)}, {values}){where};"

    columns = "" if table.has_derived else f" OF {', '.join(table.columns)}"

    for event, notes in (
        ("INSERT", note(1, "NEW")),
        ("DELETE", note(-1, "OLD")),
        (f"UPDATE{columns}", note(-1, "OLD") + note(1, "NEW")),
    ):
        verb = event.partition(" ")[0].lower()
        yield f"CREATE TEMP TRIGGER bound_{name}_{verb} AFTER {event} ON main.{name} BEGIN {notes} END"


def _add_up(connection: sqlite3.Connection, table: BoundTable) -> int:
    rows = _select_rows(connection, table)
    width = len(table.key)
    return sum(int.from_bytes(_hash_row(table.name, row[width:])) for row in rows) % _MODULUS


def _read_rows(connection: sqlite3.Connection, table: BoundTable) -> Iterator[RowIdentity]:
    width = len(table.key)
    for row in _select_rows(connection, table):
        yield _identify_row(table.name, row[:width], _hash_row(table.name, row[width:]))


def _select_rows(connection: sqlite3.Connection, table: BoundTable) -> Iterator[tuple[Any, ...]]:
    where = f" WHERE {table.counted_when} <> ''" if table.counted_when else ""
    return map(tuple, connection.execute(f"SELECT {table.row_columns} FROM {table.name}{where}"))


def _hash_row(name: str, values: tuple[Any, ...]) -> bytes:
    content = orjson.dumps([name, *values], default=bytes.hex)
    return hashlib.shake_256(content).digest(BYTES)


def _identify_row(name: str, key: tuple[Any, ...], content: bytes) -> RowIdentity:
    digest = content[: bound_rows.DIGEST_BYTES]
    return RowIdentity(name, "/".join(map(str, key)) if key else digest.hex(), digest)


def _fetch_sum(connection: sqlite3.Connection, name: str) -> int:
    """Nothing where the sums were taken away: no rows give that."""
    if not _has_table(connection, "content_sum"):
        return 0
    row = connection.execute("SELECT total FROM content_sum WHERE name = ?", (name,)).fetchone()
    return int.from_bytes(row[0]) if row else 0


def _save_sum(connection: sqlite3.Connection, name: str, total: int) -> None:
    connection.execute(
        "INSERT INTO content_sum (name, total) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET total = excluded.total",
        (name, (total % _MODULUS).to_bytes(BYTES)),
    )
