"""The SQL of the tables `mark_state`, `number_block` and `mark_event`."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
import sqlite_utils

from downtime.vault.marks import NumberBlock


class MarkState(NamedTuple):
    """How often the file was written as far as the vault knows, and when it was last changed."""

    generation: int
    changed: int


class MarkEvent(NamedTuple):
    """Something that was found at opening; `facts` are the values of its sentence."""

    at: str
    finding: str
    facts: Mapping[str, Any]


def fetch_state(db: sqlite_utils.Database) -> MarkState | None:
    """None before the first mark."""
    row = db.conn.execute("SELECT generation, changed FROM mark_state").fetchone()
    return MarkState(*row) if row else None


def save_state(db: sqlite_utils.Database, state: MarkState) -> None:
    db.conn.execute(
        "INSERT INTO mark_state (id, generation, changed) VALUES (1, ?, ?) ON CONFLICT (id)"
        " DO UPDATE SET generation = excluded.generation, changed = excluded.changed",
        state,
    )


def fetch_blocks(db: sqlite_utils.Database) -> dict[str, NumberBlock]:
    """By the name of what is counted."""
    rows = db.conn.execute("SELECT name, block, used FROM number_block")
    return {row[0]: NumberBlock(row[1], row[2]) for row in rows}


def save_block(db: sqlite_utils.Database, name: str, block: NumberBlock) -> None:
    db.conn.execute(
        "INSERT INTO number_block (name, block, used) VALUES (?, ?, ?) ON CONFLICT (name)"
        " DO UPDATE SET block = excluded.block, used = excluded.used",
        (name, *block),
    )


def insert_event(db: sqlite_utils.Database, event: MarkEvent) -> None:
    db.conn.execute(
        "INSERT INTO mark_event (at, finding, facts) VALUES (?, ?, ?)",
        (event.at, event.finding, orjson.dumps(dict(event.facts)).decode()),
    )


def fetch_unread_events(db: sqlite_utils.Database) -> list[MarkEvent]:
    """Oldest first."""
    rows = db.conn.execute(
        "SELECT at, finding, facts FROM mark_event WHERE read_at = '' ORDER BY rowid"
    )
    return [MarkEvent(row[0], row[1], orjson.loads(row[2])) for row in rows]


def set_events_read(db: sqlite_utils.Database, at: str, by: str) -> int:
    """Somebody has read all of them; how many they were."""
    done = db.conn.execute(
        "UPDATE mark_event SET read_at = ?, read_by = ? WHERE read_at = ''", (at, by)
    )
    return int(done.rowcount)
