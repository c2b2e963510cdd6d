"""After the outage: compare paper with the recovered hospital, and decide."""

import os
from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

import click

from downtime.accounts.model import Permission
from downtime.cli.options import OPTIONAL_REASON, REASON, EnumChoice
from downtime.cli.program import reconcile
from downtime.cli.session import Output, Session, command, pick
from downtime.errors import apply_to_each
from downtime.reconcile.compare.run_comparison import run_comparison
from downtime.reconcile.decide_in_bulk import (
    apply_bulk_decision,
    preview_bulk_decision,
    undo_bulk_decision,
)
from downtime.reconcile.decide_item import decide_item
from downtime.reconcile.find_items import list_filtered
from downtime.reconcile.harm.review import run_review
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import Decision, ItemFilter, ItemState, StoredItem
from downtime.reconcile.policies import BULK_DECISIONS
from downtime.reconcile.wording import explain


@command(reconcile, "run", permission=Permission.RECONCILE_RUN)
@OPTIONAL_REASON
def run(session: Session, reason: str) -> Output:
    """Compare what was entered with the snapshot of the recovered hospital, on all cores."""
    cores = os.cpu_count() or 1
    summary = run_comparison(session.vault, session.settings, session.actor, reason, cores=cores)
    run_review(session.vault, session.settings, session.actor, reason)
    document = pick(summary, "outage", "snapshot", "forms", "items", "open", "states")
    lines = [
        f"{summary.items} items from {summary.forms} forms; {summary.open} wait for a decision.",
        *(f"  {state:<14} {summary.states.get(state, 0):>6}" for state in ItemState),
    ]
    return Output(document, lines)


def _filters(function: Callable[..., Output]) -> Callable[..., Output]:
    """Options that narrow which items are meant."""
    for name in ("form", "ward", "system", "type"):
        noun = "type of record" if name == "type" else name
        text = f"Only items of this {noun}."
        function = click.option(f"--{name}", name, default="", help=text)(function)
    states = EnumChoice(ItemState)
    return click.option("--state", type=states, default=None, help="Only items in this state.")(
        function
    )


def _item_filter(options: dict[str, Any]) -> ItemFilter:
    state = options.pop("state")
    columns = {name: text for name, text in options.items() if text}
    return ItemFilter(state=ItemState(state) if state else "", **columns)


@command(reconcile, "list", permission=Permission.RECONCILE_LIST)
@_filters
def list_(session: Session, **filters: str | None) -> Output:
    """The items of the latest outage with their states and decisions."""
    outage = find_latest_outage(session.vault)
    rows = list_filtered(session.vault, outage.id, _item_filter(filters))
    return Output.of_rows(
        rows,
        lambda row: _document(row, session),
        lambda row: (
            f"{row.key}  {row.item.state:<13} {row.decided.decision:<18} {row.item.fact.type}"
        ),
        "There is nothing to compare yet.",
    )


@command(reconcile, "decide-all", permission=Permission.RECONCILE_DECIDE)
@click.argument("decision", type=EnumChoice(BULK_DECISIONS))
@_filters
@click.option("--token", default="", help="The token of the preview, to decide just that.")
@OPTIONAL_REASON
def decide_all(
    session: Session, decision: str, token: str, reason: str, **filters: str | None
) -> Output:
    """Decide about all open items of a filter: without --token only a preview that gives one."""
    outage, item_filter = find_latest_outage(session.vault), _item_filter(filters)
    choice = Decision(decision)
    if token:
        batch = apply_bulk_decision(
            session.vault, outage.id, item_filter, choice, token, session.actor, reason
        )
        return Output(asdict(batch), [f"{batch.items} items: {decision}. Undo with {batch.id}."])
    preview = preview_bulk_decision(session.vault, outage.id, item_filter, choice, session.actor)
    lines = [
        f"{len(preview.rows)} items would be decided '{decision}', {preview.proposed} of them proposed.",
        *(f"  {n:>6} {state}" for state, n in preview.count_items("state")),
        *(f"  {n:>6} left as they are: {sentence}" for sentence, n in preview.refused.items()),
        f"Repeat with --token {preview.token} and --reason to do it.",
    ]
    document = {
        "token": preview.token,
        "items": [row.key for row in preview.rows],
        "proposed": preview.proposed,
        "confirmed": preview.confirmed,
        "left": dict(preview.refused),
    }
    return Output(document, lines)


@command(reconcile, "undo", permission=Permission.RECONCILE_DECIDE)
@click.argument("batch", metavar="BATCH")
@REASON
def undo(session: Session, batch: str, reason: str) -> Output:
    """Put every item of a decision in bulk back as it was, unless it has moved on since."""
    undone = undo_bulk_decision(session.vault, batch, session.actor, reason)
    return Output(
        {"batch": batch, "back": undone.restored, "kept": undone.unchanged},
        [f"{undone.restored} items are as they were; {undone.unchanged} have moved on and stay."],
    )


@command(reconcile, "decide", permission=Permission.RECONCILE_DECIDE)
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@click.argument("decision", type=EnumChoice((*BULK_DECISIONS, Decision.OPEN)))
@REASON
def decide(session: Session, keys: tuple[str, ...], decision: str, reason: str) -> Output:
    """Decide about items by their keys; not for the one who entered them.

    'return' sends an item to its system, 'leave' keeps what the system has, 'resolved-elsewhere'
    says that people put it right, and 'open' takes a decision back.
    """
    choice = Decision(decision)
    rows = apply_to_each(
        keys, lambda key: decide_item(session.vault, key, choice, session.actor, reason)
    )
    return Output.of_rows(
        rows, lambda row: _document(row, session), lambda row: f"{row.key}: {row.decided.decision}"
    )


def _document(row: StoredItem, session: Session) -> dict[str, object]:
    return {
        "key": row.key,
        **pick(row.item, "state", second="needs_second_person"),
        **pick(row.item.fact, "type", "system", "serial", "form"),
        "explanation": explain(row.item, ZoneInfo(session.settings.site.time_zone)),
        **pick(row.decided, "decision", "proposal", "reason", decided_by="decided_by_name"),
    }
