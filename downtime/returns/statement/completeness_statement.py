"""The completeness statement: what happened to every form, item and message of an outage.

It says 'complete' only when nothing is open, and otherwise names what is: outage window, snapshots
with their hashes, patients, forms to zero, open discrepancies, unmatched, messages, signatures.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from downtime.entry.event_facts import count_events
from downtime.entry.queries.list_queries import count_queries, list_queries_of_outage
from downtime.entry.store import entries as entry_store
from downtime.entry.store import scans
from downtime.outage import laptop_outages, outages
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import ItemFilter, ItemState
from downtime.reconcile.store import comparison_runs
from downtime.reconcile.store import items as items_store
from downtime.returns.model import AuditAction, Lead, Signature
from downtime.returns.statement import (
    evidence,
    open_items,
    outage_forms,
    proof,
    statement_facts,
)
from downtime.returns.statement.closing_model import Closing, ClosingState, Explanation
from downtime.returns.statement.model import StatementVerdict, count_kinds
from downtime.returns.statement.open_groups import count_overdue
from downtime.returns.statement.proof import Progress, Proof
from downtime.returns.store import closings, explanations, statement_signatures
from downtime.settings import Settings
from downtime.vault import audit, device
from downtime.vault.model import Actor
from downtime.vault.slots import to_canonical_json
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Statement:
    """The facts, their SHA-256, and what stands around them: when made, audit head, signatures."""

    facts: Mapping[str, Any]
    digest: str
    made_at: str
    audit: Mapping[str, Any]
    signatures: tuple[Signature, ...]
    closings: tuple[Closing, ...]
    """How its books were closed and opened again; not part of what is signed."""
    fingerprint: str
    """Of this machine's key, which signs the file."""
    titles: Mapping[str, str]
    """What the forms are called; not part of what is signed."""

    @property
    def outage(self) -> str:
        """The outage's number."""
        return str(self.facts["outage"]["id"])

    @property
    def is_complete(self) -> bool:
        """Whether nothing is open, and nothing ever spoke against the records it rests on."""
        return self.verdict == StatementVerdict.COMPLETE

    @property
    def unproved(self) -> tuple[str, ...]:
        """A sentence for each thing that spoke against the records, and that people took upon them."""
        taken_over = map(_describe_taken_over, self.facts["taken_over"])
        return (*map(_describe_explained, self.facts["explained"]), *taken_over)

    @property
    def open_kinds(self) -> dict[str, int]:
        """How many things of each kind are open."""
        return dict(self.facts["open_kinds"])

    @property
    def overdue(self) -> int:
        """How many open things should have been settled by those who have them."""
        return count_overdue(self.facts, self.made_at)

    @property
    def valid_signatures(self) -> dict[Lead, Signature]:
        """Those under the facts as they are now."""
        return {s.role: s for s in self.signatures if s.facts_sha256 == self.digest}

    @property
    def outdated_count(self) -> int:
        """How many signatures were given on facts that have changed since."""
        return sum(s.facts_sha256 != self.digest for s in self.signatures)

    @property
    def verdict(self) -> StatementVerdict:
        """Whether it is complete, and whether that rests on what cannot be proved."""
        if self.facts["open"]:
            return StatementVerdict.INCOMPLETE
        return StatementVerdict.UNPROVED if self.unproved else StatementVerdict.COMPLETE

    def as_json(self) -> dict[str, Any]:
        """One document: facts, hash, signatures with whether they still hold."""
        return {
            "statement": "downtime/statement-2",
            "verdict": self.verdict,
            "overdue": self.overdue,
            "unproved": list(self.unproved),
            **self.facts,
            "facts_sha256": self.digest,
            "made": self.made_at,
            "audit": dict(self.audit),
            "signatures": self.list_signatures(),
            "closings": [asdict(closing) for closing in self.closings],
        }

    def list_signatures(self) -> list[dict[str, Any]]:
        """Each signature, with whether it holds of the facts as they are now."""
        return [
            asdict(signature) | {"holds": signature.facts_sha256 == self.digest}
            for signature in self.signatures
        ]


def _describe_taken_over(bundle: Mapping[str, Any]) -> str:
    """What is said of a bundle that was merged although a laptop's past cannot be proved."""
    sentence = f"{bundle['doubt']} {bundle['by']} took it over: {bundle['why']}."
    if bundle["clashes"]:
        sentence += f" Two things carry one number: {', '.join(bundle['clashes'])}."
    return sentence


def _describe_explained(explained: Mapping[str, Any]) -> str:
    """What is said of a problem of which two people said what happened."""
    return (
        f"{explained['sentence']} {explained['by']}: {explained['why']}."
        f" {explained['confirmed_by']}: {explained['confirmed_why']}."
    )


def make_statement(
    vault: Vault, settings: Settings, actor: Actor, reason: str = "", outage: str = ""
) -> Statement:
    """Gather the statement of an outage, and leave a trace that it was made."""
    statement = gather_statement(vault, settings, outage)
    with vault.change(actor, AuditAction.STATEMENT_MAKE, target=statement.outage, reason=reason):
        pass
    return statement


def follow_nobody(done: int, total: int) -> None:
    """The progress of what nobody waits for."""


def gather_statement(
    vault: Vault, settings: Settings, outage: str = "", progress: Progress = follow_nobody
) -> Statement:
    """The statement as of now, of the outage at hand or of a given one.

    NotFoundError when there was never an outage, or not that one.
    """
    chosen = find_outage(vault, outage)
    proved = proof.prove(vault, settings, chosen, progress)
    return attach_evidence(vault, chosen.id, _gather_facts(vault, settings, chosen, proved))


def refresh_signatures(vault: Vault, statement: Statement) -> Statement:
    """A statement that was derived before, with who has signed and closed by now."""
    return replace(
        statement,
        signatures=tuple(statement_signatures.list_signatures(vault.db, statement.outage)),
        closings=tuple(closings.fetch_closings(vault.db, statement.outage)),
    )


def attach_evidence(vault: Vault, outage: str, facts: Mapping[str, Any]) -> Statement:
    """These facts with what stands around them now."""
    chain = audit.verify_chain(vault.db)
    return Statement(
        facts,
        hashlib.sha256(to_canonical_json(facts)).hexdigest(),
        vault.now(),
        {"entries": chain.entries, "head": chain.head, "first_bad": chain.first_bad},
        tuple(statement_signatures.list_signatures(vault.db, outage)),
        tuple(closings.fetch_closings(vault.db, outage)),
        device.find_own_fingerprint(vault.home),
        ledger.form_titles(vault),
    )


def find_outage(vault: Vault, outage_id: str = "") -> Outage:
    """The outage with this number, or the one at hand; it began when any laptop declared it."""
    if not outage_id:
        return find_latest_outage(vault)
    outage = outages.get_outage(vault, outage_id)
    return replace(outage, opened=laptop_outages.find_start(vault.db, outage))


def _gather_facts(
    vault: Vault, settings: Settings, outage: Outage, proved: Proof
) -> dict[str, Any]:
    run = comparison_runs.fetch_last_run(vault.db, outage.id)
    recovered = run.snapshot if run else ""
    ahead = outage_forms.list_used_ahead(vault, outage)
    serials = [form.serial for form in ahead]
    forms, total = outage_forms.account_outage_forms(
        vault, outage, ahead, scans.fetch_serials(vault.db)
    )
    accepted = _list_accepted(vault, outage)
    open_ = [
        *open_items.find_open_items(vault, settings, outage),
        *proved.differences,
        *(problem.item for problem in proved.problems if problem.id not in accepted),
    ]
    unmatched = items_store.fetch_items(vault.db, outage.id, state=ItemState.UNMATCHED)
    stays = items_store.fetch_item_page(vault.db, outage.id, ItemFilter(type="Encounter"), -1)
    window = statement_facts.describe_outage(vault, outage)
    until = window["ended"] or vault.now()
    return {
        "hospital": {"name": settings.site.name, "code": settings.site.code},
        "outage": window,
        **_state_reopenings(vault, outage),
        "snapshots": {
            "t0": statement_facts.describe_snapshot(vault, outage.snapshot),
            "recovered": statement_facts.describe_snapshot(vault, recovered),
        },
        "laptops": statement_facts.list_laptops(vault, outage),
        "taken_over": statement_facts.list_taken_over(vault, outage),
        "explained": list(map(_state_explanation, accepted.values())),
        "patients": statement_facts.count_patients(vault, outage, recovered, until, stays),
        "forms": [asdict(row) for row in forms],
        "forms_total": {k: v for k, v in asdict(total).items() if k not in ("ward", "form")},
        "printed_ahead": outage_forms.count_by_ward(ahead),
        "entries": {
            **entry_store.count_figures(vault.db, outage.id, serials),
            "empty_confirmed_by": entry_store.count_confirmers(vault.db, outage.id, serials),
        },
        "queries": count_queries(list_queries_of_outage(vault, outage.id, serials)),
        "events": count_events(vault, outage),
        "error_rate": statement_facts.measure_error_rate(vault, outage, serials),
        "items": items_store.count_by_state(vault.db, outage.id),
        "unmatched": statement_facts.summarize_unmatched(list(unmatched)),
        "identity": statement_facts.count_links(vault, outage),
        "returned": statement_facts.summarize_returned(vault, outage),
        "harm": statement_facts.summarize_harm(vault, outage),
        "open": [item.as_json() for item in open_],
        "open_kinds": count_kinds(open_),
    }


def _state_reopenings(vault: Vault, outage: Outage) -> dict[str, Any]:
    """How closed books were opened again, once they were: who signed before has not signed after that."""
    reopened = [
        {"at": closing.reopened_at, "by": closing.reopened_name, "why": closing.reopened_reason}
        for closing in closings.fetch_closings(vault.db, outage.id)
        if closing.state == ClosingState.REOPENED
    ]
    return {"reopened": reopened} if reopened else {}


def _list_accepted(vault: Vault, outage: Outage) -> dict[str, Explanation]:
    """What two people said of problems, by the problem's id."""
    known = explanations.fetch_explanations(vault.db, outage.id)
    return {key: explanation for key, explanation in known.items() if explanation.is_accepted}


def _state_explanation(explanation: Explanation) -> dict[str, Any]:
    problem = evidence.parse_problem(explanation.problem)
    return {
        "kind": problem.kind,
        "sentence": problem.item.sentence,
        "names": problem.names,
        "by": explanation.person_name,
        "at": explanation.at,
        "why": explanation.reason,
        "confirmed_by": explanation.second_name,
        "confirmed_at": explanation.second_at,
        "confirmed_why": explanation.second_reason,
    }
