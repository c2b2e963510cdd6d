"""The snapshots that a vault knows of, and the bundle numbers that it has seen and given."""

from functools import lru_cache
from typing import Any, NamedTuple

import orjson
import sqlite_utils

from downtime.snapshot.header import SnapshotHeader


class SnapshotEntry(NamedTuple):
    """One opened snapshot; the one with the highest position is in use."""

    id: str
    bundle: str
    sha256: str
    header: SnapshotHeader
    loaded: str
    position: int
    pinned: bool


class BundleNumber(NamedTuple):
    """Of bundles with one key the higher number is the newer one."""

    epoch: int
    sequence: int


FIRST_NUMBER = BundleNumber(1, 0)
"""Below every number that is given."""


def list_entries(db: sqlite_utils.Database) -> list[SnapshotEntry]:
    """All opened snapshots, the one in use first."""
    names = ", ".join(SnapshotEntry._fields)
    snapshot_rows = db.conn.execute(f"SELECT {names} FROM snapshot ORDER BY position DESC")
    return [_parse_entry(*row) for row in snapshot_rows]


def find_current_id(db: sqlite_utils.Database) -> str:
    """Id of the snapshot in use; empty when there is none."""
    row = db.conn.execute("SELECT id FROM snapshot ORDER BY position DESC LIMIT 1").fetchone()
    return str(row[0]) if row else ""


def _parse_entry(*values: Any) -> SnapshotEntry:
    row = SnapshotEntry(*values)
    return row._replace(header=_parse_header(values[3]), pinned=bool(row.pinned))


@lru_cache(maxsize=64)
def _parse_header(body: str) -> SnapshotHeader:
    """Remembered: every page asks for those of all snapshots here, and none changes."""
    return SnapshotHeader.parse(orjson.loads(body))


def insert_entry(
    db: sqlite_utils.Database, header: SnapshotHeader, bundle: str, sha256: str, loaded: str
) -> None:
    """Put a snapshot in use."""
    body = orjson.dumps(header.to_json()).decode()
    db.conn.execute(
        "INSERT INTO snapshot (id, bundle, sha256, header, loaded, position)"
        " SELECT ?, ?, ?, ?, ?, coalesce(max(position), 0) + 1 FROM snapshot WHERE true"
        " ON CONFLICT (id) DO UPDATE SET loaded = excluded.loaded, position = excluded.position",
        (header.id, bundle, sha256, body, loaded),
    )


def delete_entry(db: sqlite_utils.Database, snapshot_id: str) -> None:
    """Forget a snapshot."""
    db.conn.execute("DELETE FROM snapshot WHERE id = ?", (snapshot_id,))


def set_pinned(db: sqlite_utils.Database, snapshot_id: str) -> None:
    """Never let this one be removed."""
    db.conn.execute("UPDATE snapshot SET pinned = 1 WHERE id = ?", (snapshot_id,))


def get_highest_seen(db: sqlite_utils.Database, key: str) -> tuple[BundleNumber, str] | None:
    """The highest number taken from a publisher, and the hash of that bundle."""
    row = db.conn.execute(
        "SELECT epoch, sequence, sha256 FROM snapshot_seen WHERE key = ?", (key,)
    ).fetchone()
    return (BundleNumber(row[0], row[1]), row[2]) if row else None


def save_highest_seen(
    db: sqlite_utils.Database, key: str, number: BundleNumber, sha256: str
) -> None:
    """Take note of the highest number."""
    db.conn.execute(
        "INSERT OR REPLACE INTO snapshot_seen VALUES (?, ?, ?, ?)", (key, *number, sha256)
    )


def get_last_published(db: sqlite_utils.Database) -> BundleNumber:
    """The last number that this machine gave to a bundle."""
    row = db.conn.execute(
        "SELECT epoch, sequence FROM snapshot_published ORDER BY epoch DESC LIMIT 1"
    ).fetchone()
    return BundleNumber(*row) if row else FIRST_NUMBER


def save_published(db: sqlite_utils.Database, number: BundleNumber) -> None:
    """Take note of a number that was given."""
    db.conn.execute("INSERT OR REPLACE INTO snapshot_published VALUES (?, ?)", number)
