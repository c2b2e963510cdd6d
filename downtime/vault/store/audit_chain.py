"""The SQL of the table `audit`; its triggers refuse every change of an entry."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import sqlite_utils

from downtime.vault.model import AuditEntry

_COLUMNS = "seq, at, actor, device, action, target, why, content, hash"
_WITHOUT_CONTENT = 7
"""Entries of older programs have no digest of what was written, and are hashed without one."""


class StepBack(NamedTuple):
    """An entry that is dated before one that came before it."""

    entry: int
    at: str
    latest: str
    """What the clock had shown already."""


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


def find_last_device(db: sqlite_utils.Database) -> str:
    """The code of the machine that wrote the last entry; empty where none did."""
    query = "SELECT device FROM audit WHERE device <> '' ORDER BY seq DESC LIMIT 1"
    row = db.conn.execute(query).fetchone()
    return str(row[0]) if row else ""


def find_hash(db: sqlite_utils.Database, seq: int) -> str | None:
    """The hash of one entry."""
    row = db.conn.execute("SELECT hash FROM audit WHERE seq = ?", (seq,)).fetchone()
    return str(row["hash"]) if row else None


def read_chain(db: sqlite_utils.Database) -> Iterator[tuple[Any, ...]]:
    """The whole chain as (seq, at, actor, device, action, target, why, hash), content before the hash if any."""
    rows = db.conn.execute(f"SELECT {_COLUMNS} FROM audit ORDER BY seq")
    return (tuple(row) if row["content"] else (*tuple(row)[:7], row["hash"]) for row in rows)


def fetch_content(db: sqlite_utils.Database) -> str:
    """What the last entry that says anything of what people wrote says of it; empty before the first."""
    row = db.conn.execute(
        "SELECT content FROM audit WHERE content <> '' ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    return str(row[0]) if row else ""


def find_silent_entry(db: sqlite_utils.Database) -> int | None:
    """The first entry that says nothing of what people wrote although earlier ones do."""
    row = db.conn.execute(
        "SELECT min(seq) FROM audit WHERE content = ''"
        " AND seq > (SELECT min(seq) FROM audit WHERE content <> '')"
    ).fetchone()
    return None if row[0] is None else int(row[0])


def list_numbers_of(db: sqlite_utils.Database, action: str) -> list[int]:
    """The numbers of the entries of one action."""
    rows = db.conn.execute("SELECT seq FROM audit WHERE action = ? ORDER BY seq", (action,))
    return [int(row[0]) for row in rows]


def find_steps_back(db: sqlite_utils.Database, seconds: float) -> list[StepBack]:
    """Entries from which on the clock was further back than this of what it had shown before."""
    rows = db.conn.execute(
        "SELECT seq, at, latest, late FROM (SELECT seq, at, latest, late, lag(late) OVER (ORDER BY seq)"
        " AS was_late FROM (SELECT seq, at, latest,"
        " (julianday(latest) - julianday(at)) * 86400.0 > ? AS late FROM (SELECT seq, at, max(at) OVER"
        " (ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest FROM audit)))"
        " WHERE late AND NOT coalesce(was_late, 0) ORDER BY seq",
        (seconds,),
    )
    return [StepBack(int(row[0]), str(row[1]), str(row[2])) for row in rows]


def find_entries_of(db: sqlite_utils.Database, actions: Iterable[str]) -> list[AuditEntry]:
    """The entries of some actions, oldest first."""
    wanted = list(actions)
    rows = db.conn.execute(
        "SELECT seq, at, actor, device, action, target, why FROM audit"
        f" WHERE action IN ({', '.join('?' * len(wanted))}) ORDER BY seq",
        wanted,
    )
    return [AuditEntry(*row) for row in rows]


def count_entries(db: sqlite_utils.Database) -> int:
    """How many entries the chain has."""
    row = db.conn.execute("SELECT coalesce(max(seq), 0) FROM audit").fetchone()
    return int(row[0])


def save_end(db: sqlite_utils.Database, count: int) -> None:
    """Note beside the chain how many entries it has; nowhere in a vault of an older program."""
    if _has_end(db):
        db.conn.execute(
            "INSERT INTO audit_end (id, count) VALUES (1, ?)"
            " ON CONFLICT (id) DO UPDATE SET count = excluded.count",
            (count,),
        )


def fetch_end(db: sqlite_utils.Database) -> int | None:
    """How many entries were written, as is noted beside the chain; None in an older vault."""
    if not _has_end(db):
        return None
    row = db.conn.execute("SELECT count FROM audit_end").fetchone()
    return int(row[0]) if row else 0


def _has_end(db: sqlite_utils.Database) -> bool:
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'audit_end'"
    return db.conn.execute(query).fetchone() is not None


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
