"""The SQL of taking entries over from other machines."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson
from sqlite_utils import Database


def fetch_rows(db: Database, table: str) -> Iterator[dict[str, Any]]:
    """A whole table of this room."""
    return db.query(f"SELECT * FROM {table}")  # noqa: S608


def fetch_columns(db: Database, table: str) -> tuple[str, ...]:
    """The columns of a table: names from another machine never reach a statement."""
    return tuple(db.table(table).columns_dict)


def insert_missing(db: Database, table: str, names: Sequence[str], row: Mapping[str, Any]) -> None:
    """Insert a row of a table of this room, unless its key or the very same row is there."""
    same = " AND ".join(f"{name} = :{name}" for name in names)
    db.execute(
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(f':{n}' for n in names)}"  # noqa: S608
        f" WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {same}) ON CONFLICT DO NOTHING",
        {name: row[name] for name in names},
    )


def fetch_elsewhere(db: Database, serial: str) -> list[tuple[str, int, Any]]:
    """Device, number and body of what other machines said; of one form, or of all."""
    query = "SELECT device, sequence, body FROM entry_elsewhere"
    query += " WHERE serial = ?" if serial else " ORDER BY serial, device"
    found = db.execute(query, [serial] if serial else []).fetchall()
    return [(row[0], row[1], orjson.loads(row[2])) for row in found]


def save_elsewhere(
    db: Database, serial: str, device: str, sequence: int, digest: str, body: Mapping[str, Any]
) -> bool:
    """Keep what a machine said, unless something later of it is known; whether it said anything new."""
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


def find_unsettled(db: Database) -> list[tuple[str, int, Any]]:
    """What other machines said that is not what was taken over here, and that nobody settled."""
    query = (
        "SELECT e.device, e.sequence, e.body FROM entry_elsewhere e"
        " LEFT JOIN entry_taken t ON t.serial = e.serial AND t.digest = e.digest"
        " LEFT JOIN entry_settled s ON s.serial = e.serial AND s.device = e.device"
        " AND s.digest = e.digest WHERE t.serial IS NULL AND s.serial IS NULL"
        " ORDER BY e.serial, e.device"
    )
    return [(row[0], row[1], orjson.loads(row[2])) for row in db.execute(query).fetchall()]


def fetch_merged_digest(db: Database, serial: str) -> str:
    """The digest of what was taken over for a form; empty when nothing was."""
    row = db.execute("SELECT digest FROM entry_taken WHERE serial = ?", [serial]).fetchone()
    return str(row[0]) if row else ""


def save_merged_digest(db: Database, serial: str, digest: str) -> None:
    db.execute(
        "INSERT OR REPLACE INTO entry_taken (serial, digest) VALUES (?, ?)", [serial, digest]
    )


def save_settled(db: Database, serial: str, device: str, digest: str) -> None:
    db.execute(
        "INSERT OR IGNORE INTO entry_settled (serial, device, digest) VALUES (?, ?, ?)",
        [serial, device, digest],
    )


def move_to_outages(db: Database, moved: Iterable[tuple[str, str]]) -> None:
    """Put entries and their checks under another outage: (serial, outage)."""
    pairs = [(outage, serial) for serial, outage in moved]
    db.conn.executemany("UPDATE entry SET outage = ? WHERE serial = ?", pairs)
    db.conn.executemany("UPDATE entry_check SET outage = ? WHERE serial = ?", pairs)


def find_answers(db: Database, link_id: str) -> set[str]:
    """The different answers to one question, as typed."""
    path = f'$."{link_id}"'
    query = "SELECT DISTINCT json_extract(answers, ?) FROM entry"
    return {str(row[0]) for row in db.execute(query, [path]).fetchall() if row[0]}
