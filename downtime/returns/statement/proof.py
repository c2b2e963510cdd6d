"""What was derived anew and what speaks against the records, together; and what both rest on.

Whatever is made or signed is derived anew. Whoever keeps what was derived tells by its basis whether
anything was written since.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.reconcile.store import items as items_store
from downtime.returns.statement import derivation, evidence
from downtime.returns.statement.evidence import Problem
from downtime.returns.statement.model import OpenItem
from downtime.settings import Settings
from downtime.snapshot import local_snapshots
from downtime.vault.store import audit_chain
from downtime.vault.vault import Vault

Progress = Callable[[int, int], None]
"""Told how many forms are derived, of how many."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What speaks against the records, and which of their steps do not follow; `at` is UTC as stored."""

    at: str
    problems: tuple[Problem, ...]
    differences: tuple[OpenItem, ...]


def prove(vault: Vault, settings: Settings, outage: Outage, progress: Progress) -> Proof:
    """Derive all of it anew."""
    return Proof(
        vault.now(),
        tuple(evidence.find_problems(vault, settings, outage.opened)),
        tuple(derivation.find_differences(vault, settings, outage, progress)),
    )


class Basis(NamedTuple):
    """What a statement rests on: while this is the same, this program has written nothing since."""

    content: str
    """The digest of all that people wrote, as the audit chain has it; its length in an older vault."""
    snapshot: str


def find_basis(vault: Vault) -> Basis:
    """As it is now; it takes no longer in a large hospital."""
    content = audit_chain.fetch_content(vault.db) or str(audit_chain.count_entries(vault.db))
    return Basis(content, local_snapshots.get_current_id(vault))


def count_records(vault: Vault, outage: Outage) -> int:
    """Forms and items of an outage: so long it takes to derive them."""
    forms = sum(count.number for count in ledger.count_forms(vault, outage.id))
    return forms + items_store.count_items(vault.db, outage.id)
