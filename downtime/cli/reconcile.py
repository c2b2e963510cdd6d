"""After the outage: compare paper with the recovered hospital, and decide."""

import os
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import click

from downtime.accounts.model import Permission
from downtime.cli.app import Output, Session, command, each
from downtime.cli.options import OPTIONAL_REASON, REASON
from downtime.cli.program import reconcile
from downtime.reconcile import decide_in_bulk, list_items
from downtime.reconcile import decide_item as deciding
from downtime.reconcile.compare import run_comparison as running
from downtime.reconcile.harm import review
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import Decision, ItemFilter, ItemState, StoredItem


@command(reconcile, "run", permission=Permission.RECONCILE_RUN)
@OPTIONAL_REASON
def run(session: Session, reason: str) -> Output:
    """Compare what was entered with the snapshot of the recovered hospital, on all cores."""
    cores = os.cpu_count() or 1
    compared = running.run_comparison(
        session.vault, session.settings, session.actor, reason, cores=cores
    )
    review.run_review(session.vault, session.settings, session.actor, reason)
    document = {
        "outage": compared.outage,
        "snapshot": compared.snapshot,
        "forms": compared.forms,
        "items": compared.items,
        "open": compared.open,
        "states": compared.states,
    }
    lines = [
        f"{compared.items} items from {compared.forms} forms; {compared.open} wait for a decision.",
        *(f"  {state:<14} {compared.states.get(state, 0):>6}" for state in ItemState),
    ]
    return Output(document, lines)


def _filters(function: Callable[..., Output]) -> Callable[..., Output]:
    """Options that narrow which items are meant."""
    for name, words in (
        ("form", "Only items of this form."),
        ("ward", "Only items of this ward."),
        ("system", "Only items of this system."),
        ("type", "Only items of this type of record."),
    ):
        function = click.option(f"--{name}", name, default="", help=words)(function)
    states = click.Choice(list(ItemState))
    return click.option("--state", type=states, default=None, help="Only items in this state.")(
        function
    )


def _wanted(given: dict[str, Any]) -> ItemFilter:
    return ItemFilter(**{name: text for name, text in given.items() if text})


@command(reconcile, "list", permission=Permission.RECONCILE_LIST)
@_filters
def list_(session: Session, **given: str | None) -> Output:
    """The items of the latest outage with their states and decisions."""
    outage = find_latest_outage(session.vault)
    rows = list_items.list_all(session.vault, outage.id, _wanted(given))
    lines = [
        f"{row.key}  {row.item.state:<13} {row.decided.decision:<18} {row.item.fact.type}"
        for row in rows
    ]
    return Output([_document(row) for row in rows], lines or ["There is nothing to compare yet."])


@command(reconcile, "decide-all", permission=Permission.RECONCILE_DECIDE)
@click.argument("decision", type=click.Choice(decide_in_bulk.BULK_DECISIONS))
@_filters
@click.option("--token", default="", help="The token of the preview, to decide just that.")
@OPTIONAL_REASON
def decide_all(
    session: Session, decision: str, token: str, reason: str, **given: str | None
) -> Output:
    """Decide about all open items of a filter: without --token only a preview that gives one."""
    outage, wanted = find_latest_outage(session.vault), _wanted(given)
    if token:
        batch = decide_in_bulk.apply_bulk_decision(
            session.vault, outage.id, wanted, decision, token, session.actor, reason
        )
        return Output(asdict(batch), [f"{batch.items} items: {decision}. Undo with {batch.id}."])
    found = decide_in_bulk.preview_bulk_decision(
        session.vault, outage.id, wanted, decision, session.actor
    )
    lines = [
        f"{len(found.rows)} items would be decided '{decision}', {found.proposed} of them proposed.",
        *(f"  {n:>6} {state}" for state, n in found.counts("state")),
        *(f"  {n:>6} left as they are: {sentence}" for sentence, n in found.left.items()),
        f"Repeat with --token {found.token} and --reason to do it.",
    ]
    document = {
        "token": found.token,
        "items": [row.key for row in found.rows],
        "proposed": found.proposed,
        "confirmed": found.confirmed,
        "left": dict(found.left),
    }
    return Output(document, lines)


@command(reconcile, "undo", permission=Permission.RECONCILE_DECIDE)
@click.argument("batch", metavar="BATCH")
@REASON
def undo(session: Session, batch: str, reason: str) -> Output:
    """Put every item of a decision in bulk back as it was, unless it has moved on since."""
    done = decide_in_bulk.undo_bulk_decision(session.vault, batch, session.actor, reason)
    return Output(
        {"batch": batch, "back": done.back, "kept": done.kept},
        [f"{done.back} items are as they were; {done.kept} have moved on and stay."],
    )


@command(reconcile, "decide", permission=Permission.RECONCILE_DECIDE)
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@click.argument(
    "decision",
    type=click.Choice([Decision.RETURN, Decision.LEAVE, Decision.RESOLVED, Decision.OPEN]),
)
@REASON
def decide(session: Session, keys: tuple[str, ...], decision: str, reason: str) -> Output:
    """Decide about items by their keys; not for the one who entered them.

    'return' sends an item to its system, 'leave' keeps what the system has, 'resolved-elsewhere'
    says that people put it right, and 'open' takes a decision back.
    """
    rows = each(
        keys, lambda key: deciding.decide_item(session.vault, key, decision, session.actor, reason)
    )
    return Output(
        [_document(row) for row in rows], [f"{row.key}: {row.decided.decision}" for row in rows]
    )


def _document(row: StoredItem) -> dict[str, object]:
    return {
        "key": row.key,
        "state": row.item.state,
        "type": row.item.fact.type,
        "system": row.item.fact.system,
        "serial": row.item.fact.serial,
        "form": row.item.fact.form,
        "explanation": row.item.explanation,
        "decision": row.decided.decision,
        "proposal": row.decided.proposal,
        "second": row.item.needs_second_person,
        "decided_by": row.decided.decided_by_name,
        "reason": row.decided.reason,
    }
