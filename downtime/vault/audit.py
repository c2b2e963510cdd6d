"""The audit chain: who did what to which record and why, each entry bound to the one before.

An entry names actions and identifiers of records, never their contents. Triggers refuse UPDATE and
DELETE; `verify` finds what was changed behind their back and names the first bad number.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlite_utils

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and on which machine. `id` is the account's, `name` the one shown and printed."""

    id: str
    name: str
    device: str


@dataclass(frozen=True, slots=True)
class ChainVerification:
    """The outcome of checking a chain: `first_bad` is None when every link holds."""

    entries: int
    head: str
    first_bad: int | None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry as it is shown; `at` is UTC as stored."""

    seq: int
    at: str
    actor: str
    device: str
    action: str
    target: str
    reason: str


def append_entry(
    db: sqlite_utils.Database, at: str, actor: Actor, action: str, target: str, reason: str
) -> int:
    """Add one entry inside the caller's transaction; returns its number."""
    last = next(db.query("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1"), None)
    seq = last["seq"] + 1 if last else 1
    previous = last["hash"] if last else GENESIS
    entry = (seq, at, actor.id, actor.device, action, target, reason)
    db.conn.execute(
        "INSERT INTO audit (seq, at, actor, device, action, target, why, hash)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*entry, hash_entry(previous, entry)),
    )
    return seq


def hash_entry(previous: str, entry: tuple[object, ...]) -> str:
    """The SHA-256 that binds an entry to the hash of the one before it."""
    text = json.dumps([previous, *entry], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def verify_chain(db: sqlite_utils.Database) -> ChainVerification:
    """Walk the whole chain: numbers without gaps, every hash as computed."""
    return verify_rows(read_chain(db))


def read_chain(db: sqlite_utils.Database) -> Iterator[tuple[Any, ...]]:
    """The whole chain as (seq, at, actor, device, action, target, why, hash)."""
    columns = "seq, at, actor, device, action, target, why, hash"
    found = db.conn.execute(f"SELECT {columns} FROM audit ORDER BY seq")  # noqa: S608
    return (tuple(row) for row in found)


def verify_rows(chain: Iterable[Sequence[Any]]) -> ChainVerification:
    """As `verify`, of a chain that came from another machine."""
    previous, count = GENESIS, 0
    for *entry, held in chain:
        if entry[0] != count + 1 or hash_entry(previous, tuple(entry)) != held:
            return ChainVerification(count, previous, count + 1)
        previous, count = held, count + 1
    return ChainVerification(count, previous, None)


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
