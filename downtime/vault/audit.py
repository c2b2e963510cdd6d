"""The audit chain: who did what to which record and why, each entry bound to the one before.

An entry names actions and identifiers of records, never their contents, of which it carries a digest.
Triggers refuse UPDATE and DELETE; `verify_chain` finds what was changed behind their back and names
the first bad number, `find_changed_content` the rows that are not as they were written.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlite_utils

from downtime.security_events import SecurityEvent, report_event
from downtime.vault.model import Actor, AuditAction
from downtime.vault.store import audit_chain, content_sums
from downtime.vault.store.bound_rows import ChangedRow

GENESIS = "0" * 64
_NAMED = 5
"""Rows that are named of one table."""


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
    note_foreign_changes(db, at, actor.device)
    return append_rebased(db, at, actor, action, target, reason)


def append_rebased(
    db: sqlite_utils.Database, at: str, actor: Actor, action: str, target: str, reason: str
) -> int:
    """The entry of what has taken the sums anew, as a migration does, which may bind other tables:
    before it did, `note_foreign_changes` was called."""
    content = _bind_content(db)
    return _append(db, (at, actor.id, actor.device, action, target, reason), content)


def _note_missing_end(db: sqlite_utils.Database, at: str, device: str) -> None:
    """That the last entries were cut off stands in the chain for good, before it goes on."""
    count, end = audit_chain.count_entries(db), audit_chain.fetch_end(db)
    if end is not None and end != count:
        program = ("program", device, AuditAction.CHAIN_CUT, str(end), "")
        _append(db, (at, *program), audit_chain.fetch_content(db))


def append_unaudited(db: sqlite_utils.Database, at: str) -> int:
    """An entry for rows that were written without one."""
    names = ", ".join(getattr(db, "content").pending.tables)  # noqa: B009 - only vaults have it
    actor = Actor("program", "The program itself", "")
    return append_entry(db, at, actor, AuditAction.CONTENT_WRITE, names, "")


def _append(db: sqlite_utils.Database, entry: tuple[str, ...], content: str) -> int:
    seq, previous = audit_chain.fetch_head(db) or (0, GENESIS)
    numbered = (seq + 1, *entry, *([content] if content else []))
    audit_chain.insert_entry(db, (*numbered, hash_entry(previous, numbered)))
    audit_chain.save_end(db, seq + 1)
    return seq + 1


def note_foreign_changes(db: sqlite_utils.Database, at: str, device: str) -> None:
    """That something else cut the chain, or changed the sums since its last entry, stands in it for good.

    It is looked for before what this transaction wrote is added to them.
    """
    _note_missing_end(db, at, device)
    sums = getattr(db, "content", None)
    if sums is None or not sums.is_armed:
        return
    present, stated = content_sums.find_digest(db.conn), audit_chain.fetch_content(db)
    if stated and present != stated:
        program = ("program", device, AuditAction.CONTENT_DIFFERS, "", "")
        _append(db, (at, *program), present)


def _bind_content(db: sqlite_utils.Database) -> str:
    """The digest of all that people wrote; empty in a vault of an older program."""
    sums = getattr(db, "content", None)
    if sums is None or not sums.is_armed:
        return ""
    sums.fold(db.conn, audit_chain.count_entries(db) + 1)
    return content_sums.find_digest(db.conn)


def hash_entry(previous: str, entry: tuple[object, ...]) -> str:
    """The SHA-256 that binds an entry to the hash of the one before it."""
    text = json.dumps([previous, *entry], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def verify_chain(db: sqlite_utils.Database) -> ChainVerification:
    """Walk the whole chain: numbers without gaps, every hash as computed."""
    verified = verify_rows(audit_chain.read_chain(db))
    if verified.first_bad is not None:
        report_event(SecurityEvent.AUDIT_BROKEN, entry=str(verified.first_bad))
    return verified


@dataclass(frozen=True, slots=True)
class ChangedContent:
    """A table whose rows something else than this program has changed, and which, as far as is known."""

    table: str
    rows: tuple[ChangedRow, ...]

    @property
    def sentence(self) -> str:
        """For people; the first rows are named."""
        more = len(self.rows) - _NAMED
        names = [row.sentence for row in self.rows[:_NAMED]] + [f"{more} more"] * (more > 0)
        which = f" {'; '.join(names)}." if names else ""
        return (
            f"Rows of '{self.table}' were changed, put in or taken away by something else than this"
            f" program.{which}"
        )


def find_changed_content(db: sqlite_utils.Database) -> list[ChangedContent]:
    """The tables of what people wrote that something else has changed; none in an older vault."""
    if not audit_chain.fetch_content(db):
        return []
    return [
        ChangedContent(name, tuple(content_sums.find_changed_rows(db.conn, name)))
        for name in content_sums.find_changed_tables(db.conn)
    ]


def find_content_problems(db: sqlite_utils.Database) -> list[str]:
    """What people wrote and something else has changed since; nothing in an older vault."""
    changed = [content.sentence for content in find_changed_content(db)]
    return [*changed, *find_binding_problems(db)]


def find_binding_problems(db: sqlite_utils.Database) -> list[str]:
    """Where the chain itself says that what people wrote was changed, or that entries are missing."""
    problems = []
    count, end = audit_chain.count_entries(db), audit_chain.fetch_end(db)
    if end is not None and count != end:
        problems.append(
            f"The audit chain ends at entry {count}, but {end} were written: the last ones are missing."
            if count < end
            else f"The audit chain has {count} entries, but only {end} were written."
        )
    stated = audit_chain.fetch_content(db)
    if stated and content_sums.find_digest(db.conn) != stated:
        problems.append("What people wrote is not what the last audit entry says of it.")
    if (silent := audit_chain.find_silent_entry(db)) is not None:
        problems.append(
            f"Audit entry {silent} says nothing of what people wrote: this program did not write it."
        )
    for seq in audit_chain.list_numbers_of(db, AuditAction.CHAIN_CUT):
        problems.append(f"Before audit entry {seq} the last entries of the chain had been cut off.")
    for seq in audit_chain.list_numbers_of(db, AuditAction.CONTENT_DIFFERS):
        problems.append(f"Before audit entry {seq} something else had changed what people wrote.")
    return problems


def verify_rows(chain: Iterable[Sequence[Any]]) -> ChainVerification:
    """As `verify_chain`, of a chain that came from another machine."""
    previous, count = GENESIS, 0
    for *entry, stored_hash in chain:
        if entry[0] != count + 1 or hash_entry(previous, tuple(entry)) != stored_hash:
            return ChainVerification(count, previous, count + 1)
        previous, count = stored_hash, count + 1
    return ChainVerification(count, previous, None)
