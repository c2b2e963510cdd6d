"""The audit chain: who did what to which record and why, each entry bound to the one before.

An entry names actions and identifiers of records, never their contents. Triggers refuse UPDATE and
DELETE; `verify_chain` finds what was changed behind their back and names the first bad number.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlite_utils

from downtime.vault.model import Actor
from downtime.vault.store import audit_chain

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class ChainVerification:
    """The outcome of checking a chain: `first_bad` is None when every link holds."""

    entries: int
    head: str
    first_bad: int | None


def append_entry(
    db: sqlite_utils.Database, at: str, actor: Actor, action: str, target: str, reason: str
) -> int:
    """Add one entry inside the caller's transaction; returns its number."""
    seq, previous = audit_chain.fetch_head(db) or (0, GENESIS)
    entry = (seq + 1, at, actor.id, actor.device, action, target, reason)
    audit_chain.insert_entry(db, (*entry, hash_entry(previous, entry)))
    return seq + 1


def hash_entry(previous: str, entry: tuple[object, ...]) -> str:
    """The SHA-256 that binds an entry to the hash of the one before it."""
    text = json.dumps([previous, *entry], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def verify_chain(db: sqlite_utils.Database) -> ChainVerification:
    """Walk the whole chain: numbers without gaps, every hash as computed."""
    return verify_rows(audit_chain.read_chain(db))


def verify_rows(chain: Iterable[Sequence[Any]]) -> ChainVerification:
    """As `verify_chain`, of a chain that came from another machine."""
    previous, count = GENESIS, 0
    for *entry, stored_hash in chain:
        if entry[0] != count + 1 or hash_entry(previous, tuple(entry)) != stored_hash:
            return ChainVerification(count, previous, count + 1)
        previous, count = stored_hash, count + 1
    return ChainVerification(count, previous, None)
