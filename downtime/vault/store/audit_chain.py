"""The SQL of the table `audit`; its triggers refuse every change of an entry."""

from collections.abc import Iterator
from typing import Any

import sqlite_utils

from downtime.vault.model import AuditEntry

_COLUMNS = "seq, at, actor, device, action, target, why, content, hash"
_WITHOUT_CONTENT = 7
"""Entries of older programs have no digest of what was written, and are hashed without one."""


def insert_entry(db: sqlite_utils.Database, row: tuple[object, ...]) -> None:
    """One row of (seq, at, actor, device, action, target, why, hash), content before the hash if any."""
    *entry, entry_hash = row
    names = _COLUMNS if len(entry) > _WITHOUT_CONTENT else _COLUMNS.replace("content, ", "")
    db.conn.execute(
        f"INSERT INTO audit ({names}) VALUES ({', '.join('?' * len(row))})", [*entry, entry_hash]
    )


def fetch_head(db: sqlite_utils.Database) -> tuple[int, str] | None:
    """Number and hash of the last entry."""
    row = db.conn.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    return (int(row["seq"]), str(row["hash"])) if row else None


def find_hash(db: sqlite_utils.Database, seq: int) -> str | None:
    """The hash of one entry."""
    row = db.conn.execute("SELECT hash FROM audit WHERE seq = ?", (seq,)).fetchone()
    return str(row["hash"]) if row else None


def read_chain(db: sqlite_utils.Database) -> Iterator[tuple[Any, ...]]:
    """The whole chain as (seq, at, actor, device, action, target, why, hash), content before the hash if any."""
    rows = db.conn.execute(f"SELECT {_COLUMNS} FROM audit ORDER BY seq")
    return (tuple(row) if row["content"] else (*tuple(row)[:7], row["hash"]) for row in rows)


def fetch_content(db: sqlite_utils.Database) -> str:
    """What the last entry says of what people wrote; empty before the first that says so."""
    row = db.conn.execute("SELECT content FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    return str(row[0]) if row else ""


def list_numbers_of(db: sqlite_utils.Database, action: str) -> list[int]:
    """The numbers of the entries of one action."""
    rows = db.conn.execute("SELECT seq FROM audit WHERE action = ? ORDER BY seq", (action,))
    return [int(row[0]) for row in rows]


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
