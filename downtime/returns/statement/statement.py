"""The completeness statement: what happened to every form, item and message of an outage.

It says 'complete' only when nothing is open, and otherwise names what is: outage window, snapshots
with their hashes, patients, forms to zero, open discrepancies, unmatched, messages, signatures.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import orjson

from downtime.entry import store as entry_store
from downtime.entry import store_scans
from downtime.outage import carried, outages
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.reconcile import store as items_store
from downtime.reconcile.run import latest
from downtime.reconcile.states import UNMATCHED
from downtime.reconcile.store import Filter
from downtime.returns import store
from downtime.returns.statement import forms as statement_ledger
from downtime.returns.statement import open_items, parts
from downtime.returns.statement.owners import overdue
from downtime.returns.store import Signature
from downtime.settings import Settings
from downtime.vault import audit
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

COMPLETE, INCOMPLETE = "COMPLETE", "NOT COMPLETE"
UNPROVED = "COMPLETE, BUT NOT PROVED"
"""Nothing is open, and an audit chain on which the statement rests does not hold."""


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
        """Whether nothing is open and every audit chain holds."""
        return self.verdict == COMPLETE

    @property
    def unproved(self) -> tuple[str, ...]:
        """A sentence for each audit chain that does not hold: this machine's own, and laptops'."""
        return (
            *parts.own_chain(self.audit),
            *map(parts.taken_over_words, self.facts["taken_over"]),
        )

    @property
    def overdue(self) -> int:
        """How many open things should have been settled by those who have them."""
        return overdue(self.facts, self.made)

    @property
    def verdict(self) -> str:
        """`COMPLETE`, `NOT COMPLETE`, or that it is complete and rests on what cannot be proved."""
        if self.facts["open"]:
            return INCOMPLETE
        return UNPROVED if self.unproved else COMPLETE

    def as_json(self) -> dict[str, Any]:
        """One document: facts, hash, signatures with whether they still hold."""
        return {
            "statement": "downtime/statement-2",
            "verdict": self.verdict,
            "overdue": self.overdue,
            "unproved": list(self.unproved),
            **self.facts,
            "facts_sha256": self.digest,
            "made": self.made,
            "audit": dict(self.audit),
            "signatures": [
                asdict(one) | {"holds": one.facts_sha256 == self.digest} for one in self.signatures
            ],
        }


def make(
    vault: Vault, settings: Settings, who: Actor, why: str = "", outage: str = ""
) -> Statement:
    """Gather the statement of an outage, and leave a trace that it was made."""
    statement = gather(vault, settings, outage)
    with vault.change(who, "statement.make", target=statement.outage, why=why):
        pass
    return statement


def gather(vault: Vault, settings: Settings, outage: str = "") -> Statement:
    """The statement as of now, of the outage at hand or of a given one.

    NotFoundError when there was never an outage, or not that one.
    """
    chosen = chosen_outage(vault, outage)
    facts = _facts(vault, settings, chosen)
    return around(vault, chosen.id, facts)


def around(vault: Vault, outage: str, facts: Mapping[str, Any]) -> Statement:
    """These facts with what stands around them now."""
    chain = audit.verify(vault.db)
    return Statement(
        facts,
        hashlib.sha256(orjson.dumps(facts, option=orjson.OPT_SORT_KEYS)).hexdigest(),
        vault.now(),
        {"entries": chain.entries, "head": chain.head, "first_bad": chain.first_bad},
        tuple(store.signatures(vault.db, outage)),
        ledger.titles(vault),
    )


def chosen_outage(vault: Vault, outage: str = "") -> Outage:
    """The outage with this number, or the one at hand; it began when any laptop declared it."""
    if not outage:
        return latest(vault)
    found = outages.get(vault, outage)
    return replace(found, opened=carried.began(vault.db, found))


def _facts(vault: Vault, settings: Settings, outage: Outage) -> dict[str, Any]:
    run = items_store.last_run(vault.db, outage.id)
    recovered = run.snapshot if run else ""
    ahead = statement_ledger.used_ahead(vault, outage)
    serials = [form.serial for form in ahead]
    forms, total = statement_ledger.rows(vault, outage, ahead, store_scans.serials(vault.db))
    found = open_items.find(vault, settings, outage)
    unmatched = items_store.fetch(vault.db, outage.id, state=UNMATCHED)
    stays = items_store.listed(vault.db, outage.id, Filter(type="Encounter"), -1)
    window = parts.outage_facts(vault, outage)
    until = window["ended"] or vault.now()
    return {
        "hospital": {"name": settings.site.name, "code": settings.site.code},
        "outage": window,
        "snapshots": {
            "t0": parts.snapshot_facts(vault, outage.snapshot),
            "recovered": parts.snapshot_facts(vault, recovered),
        },
        "laptops": parts.laptops(vault, outage),
        "taken_over": parts.taken_over(vault, outage),
        "patients": parts.patients(vault, outage, recovered, until, stays),
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
