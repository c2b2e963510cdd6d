"""The SQL of the table `audit`; its triggers refuse every change of an entry."""

from collections.abc import Iterator
from typing import Any

import sqlite_utils

from downtime.vault.model import AuditEntry

_COLUMNS = "seq, at, actor, device, action, target, why, hash"


def insert_entry(db: sqlite_utils.Database, row: tuple[object, ...]) -> None:
    """One row of (seq, at, actor, device, action, target, why, hash)."""
    db.conn.execute(f"INSERT INTO audit ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)


def fetch_head(db: sqlite_utils.Database) -> tuple[int, str] | None:
    """Number and hash of the last entry."""
    row = db.conn.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    return (int(row["seq"]), str(row["hash"])) if row else None


def find_hash(db: sqlite_utils.Database, seq: int) -> str | None:
    """The hash of one entry."""
    row = db.conn.execute("SELECT hash FROM audit WHERE seq = ?", (seq,)).fetchone()
    return str(row["hash"]) if row else None


def read_chain(db: sqlite_utils.Database) -> Iterator[tuple[Any, ...]]:
    """The whole chain as (seq, at, actor, device, action, target, why, hash)."""
    rows = db.conn.execute(f"SELECT {_COLUMNS} FROM audit ORDER BY seq")
    return (tuple(row) for row in rows)


def count_entries(db: sqlite_utils.Database) -> int:
    """How many entries the chain has."""
    row = db.conn.execute("SELECT coalesce(max(seq), 0) FROM audit").fetchone()
    return int(row[0])


def list_entries(
    db: sqlite_utils.Database, *, before: int, limit: int, actor: str = "", action: str = ""
) -> list[AuditEntry]:
    """The `limit` entries with the highest numbers below `before`, newest first.

    Of one account and of one action where they are given.
    """
    rows = db.conn.execute(
        "SELECT seq, at, actor, device, action, target, why FROM audit WHERE seq < ?"
        " AND ? IN ('', actor) AND ? IN ('', action) ORDER BY seq DESC LIMIT ?",
        (before, actor, action, limit),
    )
    return [AuditEntry(*row) for row in rows]


def list_actors(db: sqlite_utils.Database) -> list[str]:
    """Every account that stands in the chain."""
    return [row[0] for row in db.conn.execute("SELECT DISTINCT actor FROM audit ORDER BY actor")]


def list_actions(db: sqlite_utils.Database) -> list[str]:
    """Every action that stands in the chain, by name."""
    return [row[0] for row in db.conn.execute("SELECT DISTINCT action FROM audit ORDER BY action")]
