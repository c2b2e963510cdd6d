"""The completeness statement: what happened to every form, item and message of an outage.

It says 'complete' only when nothing is open, and otherwise names what is: outage window, snapshots
with their hashes, patients, forms to zero, open discrepancies, unmatched, messages, signatures.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from downtime.entry import store as entry_store
from downtime.entry import store_scans
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.reconcile import store as items_store
from downtime.reconcile.run import latest
from downtime.reconcile.states import UNMATCHED
from downtime.returns import store
from downtime.returns.statement import forms as statement_ledger
from downtime.returns.statement import open_items, parts
from downtime.returns.store import Signature
from downtime.settings import Settings
from downtime.vault import audit
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

COMPLETE, INCOMPLETE = "COMPLETE", "NOT COMPLETE"


@dataclass(frozen=True, slots=True)
class Statement:
    """The facts, their SHA-256, and what stands around them: when made, audit head, signatures."""

    facts: Mapping[str, Any]
    digest: str
    made: str
    audit: Mapping[str, Any]
    signatures: tuple[Signature, ...]
    titles: Mapping[str, str]
    """What the forms are called; not part of what is signed."""

    @property
    def outage(self) -> str:
        """The outage's number."""
        return str(self.facts["outage"]["id"])

    @property
    def is_complete(self) -> bool:
        """Whether nothing is open."""
        return not self.facts["open"]

    @property
    def verdict(self) -> str:
        """`COMPLETE` or `NOT COMPLETE`."""
        return COMPLETE if self.is_complete else INCOMPLETE

    def as_json(self) -> dict[str, Any]:
        """One document: facts, hash, signatures with whether they still hold."""
        return {
            "statement": "downtime/statement-2",
            "verdict": self.verdict,
            **self.facts,
            "facts_sha256": self.digest,
            "made": self.made,
            "audit": dict(self.audit),
            "signatures": [
                asdict(one) | {"holds": one.facts_sha256 == self.digest} for one in self.signatures
            ],
        }


def make(vault: Vault, settings: Settings, who: Actor, why: str = "") -> Statement:
    """Gather the statement of the outage at hand, and leave a trace that it was made."""
    statement = gather(vault, settings)
    with vault.change(who, "statement.make", target=statement.outage, why=why):
        pass
    return statement


def gather(vault: Vault, settings: Settings) -> Statement:
    """The statement as of now; NotFoundError when there was never an outage."""
    outage = latest(vault)
    facts = _facts(vault, settings, outage)
    chain = audit.verify(vault.db)
    return Statement(
        facts,
        hashlib.sha256(orjson.dumps(facts, option=orjson.OPT_SORT_KEYS)).hexdigest(),
        vault.now(),
        {"entries": chain.entries, "head": chain.head, "first_bad": chain.first_bad},
        tuple(store.signatures(vault.db, outage.id)),
        ledger.titles(vault),
    )


def _facts(vault: Vault, settings: Settings, outage: Outage) -> dict[str, Any]:
    run = items_store.last_run(vault.db, outage.id)
    recovered = run.snapshot if run else ""
    ahead = statement_ledger.used_ahead(vault, outage)
    serials = [form.serial for form in ahead]
    forms, total = statement_ledger.rows(vault, outage, ahead, store_scans.serials(vault.db))
    found = open_items.find(vault, settings, outage)
    unmatched = items_store.fetch(vault.db, outage.id, state=UNMATCHED)
    return {
        "hospital": {"name": settings.site.name, "code": settings.site.code},
        "outage": parts.outage_facts(vault, outage),
        "snapshots": {
            "t0": parts.snapshot_facts(vault, outage.snapshot),
            "recovered": parts.snapshot_facts(vault, recovered),
        },
        "laptops": parts.laptops(vault, outage),
        "patients": parts.patients(vault, outage, recovered),
        "forms": [asdict(row) for row in forms],
        "forms_total": {k: v for k, v in asdict(total).items() if k not in ("ward", "form")},
        "printed_ahead": statement_ledger.by_ward(ahead),
        "entries": entry_store.figures(vault.db, outage.id, serials),
        "error_rate": parts.error_rate(vault, outage, serials),
        "items": items_store.counts(vault.db, outage.id),
        "unmatched": parts.unmatched(unmatched),
        "identity": parts.identity(vault, outage),
        "returned": parts.returned(vault, outage),
        "harm": parts.harm(vault, outage),
        "open": [asdict(one) for one in found],
        "open_kinds": open_items.kinds(found),
    }
