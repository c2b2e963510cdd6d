"""What somebody did on any machine, by the audit chains that are here: our own, and those of laptops."""

from sqlite_utils import Database

from downtime.sync.store.laptops import fetch_audit_entries
from downtime.vault.model import AuditEntry
from downtime.vault.store import audit_chain

MOST = 2000


def list_entries_of(db: Database, actor: str) -> list[AuditEntry]:
    """The entries of one actor, oldest first; at most so many of each chain."""
    total = audit_chain.count_entries(db)
    of_machine = audit_chain.list_entries(db, before=total + 1, limit=MOST, actor=actor)
    return sorted([*of_machine, *fetch_audit_entries(db, actor, MOST)], key=lambda e: (e.at, e.seq))
