"""The completeness statement: what happened to every form, item and message of an outage.

It says 'complete' only when nothing is open, and otherwise names what is: outage window, snapshots
with their hashes, patients, forms to zero, open discrepancies, unmatched, messages, signatures.
"""

import hashlib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from downtime.config import Settings
from downtime.entry import store as entry_store
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.paper.issue import LIFECYCLE
from downtime.reconcile import store as items_store
from downtime.reconcile.run import latest
from downtime.reconcile.states import UNMATCHED
from downtime.returns import open_items, store
from downtime.returns.accounting import account
from downtime.returns.patients import movements
from downtime.returns.store import Signature
from downtime.snapshot import load
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
            "statement": "downtime/statement-1",
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
    forms, total = account(
        ledger.counts(vault, outage.id), len(ledger.in_state(vault, outage.id, *LIFECYCLE.moves))
    )
    found = open_items.find(vault, outage)
    return {
        "hospital": {"name": settings.site.name, "code": settings.site.code},
        "outage": _outage(outage),
        "snapshots": {
            "t0": _snapshot(vault, outage.snapshot),
            "recovered": _snapshot(vault, recovered),
        },
        "patients": _patients(vault, outage, recovered),
        "forms": [asdict(row) for row in forms],
        "forms_total": {k: v for k, v in asdict(total).items() if k not in ("ward", "form")},
        "entries": entry_store.figures(vault.db, outage.id),
        "items": items_store.counts(vault.db, outage.id),
        "unmatched": [
            {"item": row.key, "form": row.item.fact.form, "decision": row.decided.decision}
            for row in items_store.fetch(vault.db, outage.id, state=UNMATCHED)
        ],
        "returned": store.sent_counts(vault.db, outage.id),
        "open": [asdict(one) for one in found],
        "open_kinds": open_items.kinds(found),
    }


def _outage(outage: Outage) -> dict[str, Any]:
    return {
        "id": outage.id,
        "label": outage.label,
        "drill": outage.drill,
        "opened": outage.opened,
        "systems": [asdict(system) for system in outage.systems],
    }


def _snapshot(vault: Vault, snapshot_id: str) -> dict[str, Any] | None:
    for info in load.list_snapshots(vault):
        if info.id == snapshot_id:
            newest = dict(sorted(info.header.systems.items()))
            created = info.header.created
            return {"id": info.id, "created": created, "sha256": info.sha256, "newest": newest}
    return None


def _patients(vault: Vault, outage: Outage, recovered: str) -> dict[str, Any]:
    """Counts by ward at T0, and admissions and discharges since, as the recovered PAS says."""
    held = {info.id for info in load.list_snapshots(vault)}
    counts: dict[str, Any] = {"t0": {}, "admitted": {}, "discharged": {}}
    if outage.snapshot in held:
        with closing(load.get(vault, outage.snapshot)) as snapshot:
            for row in snapshot.inpatients():
                ward = row.encounter.ward if row.encounter else ""
                counts["t0"][ward] = counts["t0"].get(ward, 0) + 1
    if recovered in held:
        with closing(load.get(vault, recovered)) as snapshot:
            counts |= movements(snapshot.all("Encounter"), outage.opened)
    return counts
