"""After the outage: compare paper with the recovered hospital, and decide."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from downtime.accounts.model import Permission
from downtime.cli.options import OPTIONAL_REASON, REASON, EnumChoice, NewFile, parse_shown
from downtime.cli.program import reconcile
from downtime.cli.session import Output, Session, command, pick
from downtime.errors import InputError, apply_to_each
from downtime.reconcile.compare.run_comparison import run_comparison
from downtime.reconcile.decide_in_bulk import (
    BulkPreview,
    apply_bulk_decision,
    preview_bulk_decision,
    undo_bulk_decision,
)
from downtime.reconcile.decide_item import decide_item
from downtime.reconcile.find_items import get_item, list_filtered
from downtime.reconcile.harm.review import run_review
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import Decision, ItemFilter, ItemState, StoredItem
from downtime.reconcile.policies import BULK_DECISIONS
from downtime.reconcile.side_by_side import ShownItem, read_shown_items
from downtime.reconcile.wording import explain


@command(reconcile, "run", permission=Permission.RECONCILE_RUN)
@OPTIONAL_REASON
def run(session: Session, reason: str) -> Output:
    """Compare what was entered with the snapshot of the recovered hospital, on all cores."""
    cores = os.cpu_count() or 1
    summary = run_comparison(session.vault, session.settings, session.actor, reason, cores=cores)
    run_review(session.vault, session.settings, session.actor, reason, cores=cores)
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
@click.option("--after", default="", metavar="KEY", help="Show the items behind this one.")
@click.option(
    "--save",
    "save_file",
    type=NewFile(),
    default=None,
    help="Write keys and versions of the items shown, to decide about just them.",
)
@click.option(
    "--shown",
    "shown_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    default=None,
    help="Decide about the items of this file, as they were shown.",
)
@OPTIONAL_REASON
def decide_all(
    session: Session,
    decision: str,
    after: str,
    save_file: Path | None,
    shown_file: Path | None,
    reason: str,
    **filters: str | None,
) -> Output:
    """Show a page of the open items of a filter with their values; decide about those of --shown.

    Exit 1 if some of them had changed since they were shown: they are left as they are.
    """
    item_filter = _item_filter(filters)
    if shown_file:
        return _decide_shown(session, item_filter, Decision(decision), shown_file, reason)
    outage = find_latest_outage(session.vault)
    page = preview_bulk_decision(
        session.vault, session.settings, outage.id, item_filter, Decision(decision),
        session.actor, after=after,
    )  # fmt: skip
    if save_file:
        save_file.write_text(json.dumps(page.versions, indent=1), encoding="utf-8")
    return Output(_page_document(page), list(_page_lines(page)))


def _decide_shown(
    session: Session, item_filter: ItemFilter, decision: Decision, file: Path, reason: str
) -> Output:
    outage = find_latest_outage(session.vault)
    outcome = apply_bulk_decision(
        session.vault, outage.id, item_filter, decision, _read_shown(file), session.actor, reason
    )
    batch = outcome.batch
    lines = [f"{batch.items} items: {decision}. Undo with {batch.id}."]
    lines += [f"  {key} had changed since it was shown: not decided." for key in outcome.changed]
    document = {**asdict(batch), "changed": list(outcome.changed)}
    return Output(document, lines, 1 if outcome.changed else 0)


def _read_shown(file: Path) -> dict[str, str]:
    try:
        shown = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        shown = None
    if isinstance(shown, dict) and all(isinstance(text, str) for text in shown.values()):
        return shown
    raise InputError(
        "bulk.file", f"{file.name} is not a list of items shown.", "Write one with --save."
    )


def _page_lines(page: BulkPreview) -> Iterator[str]:
    yield (
        f"{len(page.rows)} of {page.waiting} open items would be decided '{page.decision}',"
        f" {page.proposed} of them proposed."
    )
    for item in page.shown:
        yield from _shown_lines(item, item.row.key)
    yield from (f"{n:>6} passed over: {sentence}" for sentence, n in page.refused.items())
    if page.next_after:
        yield f"More follow: --after {page.next_after}."
    if page.rows:
        yield "Write them with --save FILE, then decide with --shown FILE and --reason."


def _page_document(page: BulkPreview) -> dict[str, object]:
    return {
        "items": [_shown_document(item) for item in page.shown],
        "proposed": page.proposed,
        "confirmed": page.confirmed,
        "left": dict(page.refused),
        "waiting": page.waiting,
        "after": page.next_after,
    }


def _shown_lines(item: ShownItem, name: str) -> Iterator[str]:
    """An item with its values, as a page shows it."""
    fact = item.row.item.fact
    yield f"{name}  {item.row.item.state}  {fact.title}  {fact.event}"
    if item.row.decided.proposal:
        yield f"    {item.row.decided.proposed_by_name} proposed: {item.row.decided.proposal}"
    for side in item.sides:
        for line in side:
            mark = "  DIFFERS" if line.differs else ""
            yield (
                f"    {line.name}: paper {line.paper or '-'} | before {line.before or '-'}"
                f" | now {line.now or '-'}{mark}"
            )


def _shown_document(item: ShownItem) -> dict[str, object]:
    return {
        "key": item.row.key,
        "version": item.version,
        "state": item.row.item.state,
        "values": [[line._asdict() for line in side] for side in item.sides],
    }


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
@click.argument("keys", nargs=-1, required=True, metavar="KEY[=VERSION]...")
@click.argument("decision", type=EnumChoice((*BULK_DECISIONS, Decision.OPEN)))
@OPTIONAL_REASON
def decide(session: Session, keys: tuple[str, ...], decision: str, reason: str) -> Output:
    """Decide about items by their keys; not for the one who entered them.

    Keys alone show the items with their values and versions. With these, as KEY=VERSION, they are decided
    just as they were shown.

    'return' sends an item to its system, 'leave' keeps what the system has, 'resolved-elsewhere'
    says that people put it right, and 'open' takes a decision back.
    """
    choice, shown = Decision(decision), parse_shown(keys)
    if not any(shown.values()):
        rows = apply_to_each(keys, lambda key: get_item(session.vault, key))
        return _show_items(read_shown_items(session.vault, rows))
    rows = apply_to_each(
        list(shown),
        lambda key: decide_item(
            session.vault, key, choice, session.actor, reason, version=shown[key]
        ),
    )
    return Output.of_rows(
        rows, lambda row: _document(row, session), lambda row: f"{row.key}: {row.decided.decision}"
    )


def _show_items(shown: Sequence[ShownItem]) -> Output:
    lines = [
        line for item in shown for line in _shown_lines(item, f"{item.row.key}={item.version}")
    ]
    lines.append("Nothing was done. Repeat with --reason and KEY=VERSION, as above.")
    return Output([_shown_document(item) for item in shown], lines)


def _document(row: StoredItem, session: Session) -> dict[str, object]:
    return {
        "key": row.key,
        **pick(row.item, "state", second="needs_second_person"),
        **pick(row.item.fact, "type", "system", "serial", "form"),
        "explanation": explain(row.item, ZoneInfo(session.settings.site.time_zone)),
        **pick(row.decided, "decision", "proposal", "reason", decided_by="decided_by_name"),
    }
