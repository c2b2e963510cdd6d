"""After the outage: compare paper with the recovered hospital, and decide."""

import os
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import click

from downtime.cli.app import Output, Session, command, each
from downtime.cli.options import REMARK, WHY
from downtime.cli.program import reconcile
from downtime.reconcile import bulk, listing
from downtime.reconcile import decide as deciding
from downtime.reconcile import run as running
from downtime.reconcile.harm import review
from downtime.reconcile.states import ALLOWED, LEAVE, OPEN, RESOLVED, RETURN
from downtime.reconcile.store import Filter, ItemRow


@command(reconcile, "run", action="reconcile.run")
@REMARK
def run(session: Session, why: str) -> Output:
    """Compare what was entered with the snapshot of the recovered hospital, on all cores."""
    cores = os.cpu_count() or 1
    compared = running.run(session.vault, session.settings, session.who, why, cores=cores)
    review.run(session.vault, session.settings, session.who, why)
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
        *(f"  {state:<14} {compared.states.get(state, 0):>6}" for state in ALLOWED),
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
    states = click.Choice(list(ALLOWED))
    return click.option("--state", type=states, default=None, help="Only items in this state.")(
        function
    )


def _wanted(given: dict[str, Any]) -> Filter:
    return Filter(**{name: text for name, text in given.items() if text})


@command(reconcile, "list", action="reconcile.list")
@_filters
def list_(session: Session, **given: str | None) -> Output:
    """The items of the latest outage with their states and decisions."""
    outage = running.latest(session.vault)
    rows = listing.every(session.vault, outage.id, _wanted(given))
    lines = [
        f"{row.key}  {row.item.state:<13} {row.decided.decision:<18} {row.item.fact.type}"
        for row in rows
    ]
    return Output([_document(row) for row in rows], lines or ["There is nothing to compare yet."])


@command(reconcile, "decide-all", action="reconcile.decide")
@click.argument("decision", type=click.Choice(bulk.BULK))
@_filters
@click.option("--token", default="", help="The token of the preview, to decide just that.")
@REMARK
def decide_all(
    session: Session, decision: str, token: str, why: str, **given: str | None
) -> Output:
    """Decide about all open items of a filter: without --token only a preview that gives one."""
    outage, wanted = running.latest(session.vault), _wanted(given)
    if token:
        batch = bulk.apply(session.vault, outage.id, wanted, decision, token, session.who, why)
        return Output(asdict(batch), [f"{batch.items} items: {decision}. Undo with {batch.id}."])
    found = bulk.preview(session.vault, outage.id, wanted, decision, session.who)
    lines = [
        f"{len(found.rows)} items would be decided '{decision}', {found.proposed} of them proposed.",
        *(f"  {n:>6} {state}" for state, n in found.counts("state")),
        *(f"  {n:>6} left as they are: {sentence}" for sentence, n in found.left.items()),
        f"Repeat with --token {found.token} and --why to do it.",
    ]
    document = {
        "token": found.token,
        "items": [row.key for row in found.rows],
        "proposed": found.proposed,
        "confirmed": found.confirmed,
        "left": dict(found.left),
    }
    return Output(document, lines)


@command(reconcile, "undo", action="reconcile.decide")
@click.argument("batch", metavar="BATCH")
@WHY
def undo(session: Session, batch: str, why: str) -> Output:
    """Put every item of a decision in bulk back as it was, unless it has moved on since."""
    done = bulk.undo(session.vault, batch, session.who, why)
    return Output(
        {"batch": batch, "back": done.back, "kept": done.kept},
        [f"{done.back} items are as they were; {done.kept} have moved on and stay."],
    )


@command(reconcile, "decide", action="reconcile.decide")
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@click.argument("decision", type=click.Choice([RETURN, LEAVE, RESOLVED, OPEN]))
@WHY
def decide(session: Session, keys: tuple[str, ...], decision: str, why: str) -> Output:
    """Decide about items by their keys; not for the one who entered them.

    'return' sends an item to its system, 'leave' keeps what the system has, 'resolved-elsewhere'
    says that people put it right, and 'open' takes a decision back.
    """
    rows = each(keys, lambda key: deciding.decide(session.vault, key, decision, session.who, why))
    return Output(
        [_document(row) for row in rows], [f"{row.key}: {row.decided.decision}" for row in rows]
    )


def _document(row: ItemRow) -> dict[str, object]:
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
        "second": row.item.second,
        "decided_by": row.decided.decided_by_name,
        "reason": row.decided.reason,
    }
