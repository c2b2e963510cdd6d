"""What snapshots that were believed looked like, by door and scope."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlite_utils import Database

from downtime.fleet.quarantine_model import Door


class FootprintRow(NamedTuple):
    """One snapshot; `body` as `Footprint.to_bytes`."""

    snapshot: str
    created: str
    released: bool
    """A person released it: those before it are compared with no longer."""
    body: bytes
    has_people: bool


def select_footprints(db: Database, door: Door, scope: str) -> list[FootprintRow]:
    """The oldest first."""
    rows = db.execute(
        "SELECT snapshot, created, released, body, has_people FROM snapshot_footprint"
        " WHERE door = ? AND scope = ? ORDER BY created, snapshot",
        [door, scope],
    )
    return [FootprintRow(row[0], row[1], bool(row[2]), row[3], bool(row[4])) for row in rows]


def find_last(db: Database, door: Door, scope: str) -> FootprintRow | None:
    """The newest."""
    row = db.execute(
        "SELECT snapshot, created, released, body, has_people FROM snapshot_footprint"
        " WHERE door = ? AND scope = ? ORDER BY created DESC, snapshot DESC LIMIT 1",
        [door, scope],
    ).fetchone()
    return FootprintRow(row[0], row[1], bool(row[2]), row[3], bool(row[4])) if row else None


def count_since(db: Database, door: Door, scope: str, since: str) -> int:
    """How many there are that were made after a time (UTC)."""
    sql = "SELECT count(*) FROM snapshot_footprint WHERE door = ? AND scope = ? AND created > ?"
    return int(db.execute(sql, [door, scope, since]).fetchone()[0])


def rename_footprint(
    db: Database, door: Door, scope: str, old: str, snapshot: str, created: str
) -> None:
    """Let what is kept of one snapshot stand for a later one that looks the same."""
    db.execute(
        "UPDATE snapshot_footprint SET snapshot = ?, created = ?"
        " WHERE door = ? AND scope = ? AND snapshot = ?",
        [snapshot, created, door, scope, old],
    )


def find_footprint(db: Database, door: Door, scope: str, snapshot: str) -> bytes | None:
    """What one snapshot looked like, as far as it is still kept."""
    row = db.execute(
        "SELECT body FROM snapshot_footprint WHERE door = ? AND scope = ? AND snapshot = ?",
        [door, scope, snapshot],
    ).fetchone()
    return row[0] if row else None


def save_footprint(db: Database, door: Door, scope: str, row: FootprintRow) -> None:
    """Keep one, in place of what was kept of that snapshot."""
    db.execute(
        "INSERT INTO snapshot_footprint"
        " (door, scope, snapshot, created, released, body, has_people) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET released = max(released, excluded.released),"
        " body = excluded.body, has_people = excluded.has_people",
        [door, scope, *row],
    )


def delete_footprints(db: Database, door: Door, scope: str, snapshots: Iterable[str]) -> None:
    """Forget some."""
    db.conn.executemany(
        "DELETE FROM snapshot_footprint WHERE door = ? AND scope = ? AND snapshot = ?",
        [(door, scope, snapshot) for snapshot in snapshots],
    )
