"""The SQL of the tables entry_elsewhere, entry_taken and entry_settled: entries of other machines.

`entry_taken` has the digest of the entry that was merged: while it is that of the present one,
nobody has worked on the form here. `entry_settled` has those that a person put aside or chose.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlite_utils import Database


class ElsewhereRow(NamedTuple):
    """What one machine sent of a form: its code, the number of its bundle, and the entry as JSON."""

    device: str
    sequence: int
    body: Mapping[str, Any]


def fetch_rows(db: Database, table: str) -> Iterator[dict[str, Any]]:
    """A whole table of this room, to be exported."""
    return db.query(f"SELECT * FROM {table}")


def fetch_columns(db: Database, table: str) -> tuple[str, ...]:
    """The columns of a table: names from another machine never reach a statement."""
    return tuple(db.table(table).columns_dict)


def insert_missing(db: Database, table: str, names: Sequence[str], row: Mapping[str, Any]) -> None:
    """Insert a row of a table of this room, unless its key or the very same row is there."""
    same = " AND ".join(f"{name} = :{name}" for name in names)
    db.execute(
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(f':{n}' for n in names)}"
        f" WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {same}) ON CONFLICT DO NOTHING",
        {name: row[name] for name in names},
    )


def fetch(db: Database, serial: str) -> list[ElsewhereRow]:
    """What other machines sent of one form; of all when the serial is empty."""
    query = "SELECT device, sequence, body FROM entry_elsewhere"
    query += " WHERE serial = ?" if serial else " ORDER BY serial, device"
    return _parse_rows(db.execute(query, [serial] if serial else []).fetchall())


def save(
    db: Database, serial: str, device: str, sequence: int, digest: str, body: Mapping[str, Any]
) -> bool:
    """Save what a machine sent, unless something later of it is known; whether it is new."""
    row = db.execute(
        "SELECT sequence, digest FROM entry_elsewhere WHERE serial = ? AND device = ?",
        [serial, device],
    ).fetchone()
    if row is not None and row[0] >= sequence:
        return False
    db.execute(
        "INSERT OR REPLACE INTO entry_elsewhere (serial, device, sequence, digest, body)"
        " VALUES (?, ?, ?, ?, ?)",
        [serial, device, sequence, digest, orjson.dumps(body).decode()],
    )
    return row is None or str(row[1]) != digest


def find_unsettled(db: Database) -> list[ElsewhereRow]:
    """What other machines sent that is not what was merged here, and that nobody settled."""
    query = (
        "SELECT e.device, e.sequence, e.body FROM entry_elsewhere e"
        " LEFT JOIN entry_taken t ON t.serial = e.serial AND t.digest = e.digest"
        " LEFT JOIN entry_settled s ON s.serial = e.serial AND s.device = e.device"
        " AND s.digest = e.digest WHERE t.serial IS NULL AND s.serial IS NULL"
        " ORDER BY e.serial, e.device"
    )
    return _parse_rows(db.execute(query).fetchall())


def fetch_merged_digest(db: Database, serial: str) -> str:
    """The digest of what was merged of a form; empty when nothing was."""
    row = db.execute("SELECT digest FROM entry_taken WHERE serial = ?", [serial]).fetchone()
    return str(row[0]) if row else ""


def save_merged_digest(db: Database, serial: str, digest: str) -> None:
    """Note the digest of what was merged of a form."""
    db.execute(
        "INSERT OR REPLACE INTO entry_taken (serial, digest) VALUES (?, ?)", [serial, digest]
    )


def save_settled(db: Database, serial: str, device: str, digest: str) -> None:
    """Note that a person settled what a machine sent of a form."""
    db.execute(
        "INSERT OR IGNORE INTO entry_settled (serial, device, digest) VALUES (?, ?, ?)",
        [serial, device, digest],
    )


def _parse_rows(rows: Sequence[tuple[str, int, str]]) -> list[ElsewhereRow]:
    return [ElsewhereRow(device, sequence, orjson.loads(body)) for device, sequence, body in rows]
