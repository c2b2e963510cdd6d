"""Comparison: what paper says beside the system before and after, and what a person decides."""

from typing import Any, Literal
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.clinical.record_types import get_plural_title, list_in_return_order
from downtime.errors import NotFoundError
from downtime.outage import outages
from downtime.outage.model import Outage
from downtime.paper import assignments
from downtime.paper.serials import format_serial
from downtime.reconcile.assign_owner import owner_of_item, owners_of_items
from downtime.reconcile.decide_in_bulk import (
    apply_bulk_decision,
    list_bulk_decisions,
    preview_bulk_decision,
    undo_bulk_decision,
)
from downtime.reconcile.decide_item import decide_item
from downtime.reconcile.find_items import FILTERS, find_next_open, get_item, list_page
from downtime.reconcile.identity.candidates import Candidate, PersonQuery, get_candidate
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import PROPOSED, Decision, Item, ItemFilter, ItemState
from downtime.reconcile.policies import check_decision
from downtime.reconcile.wording import explain
from downtime.snapshot import local_snapshots
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.web import request_context, stored_times
from downtime.web.comparison_table import build_sides
from downtime.web.job_kinds import JobName
from downtime.web.responses import ViewResponse, required_reason
from downtime.web.view_permissions import require_permission
from downtime.web.views.jobs import submit_and_follow
from downtime.web.views.ledger import titles
from downtime.web.views.owners import owner_card

blueprint = Blueprint("comparison", __name__)
SHOWN = 100
LISTED = 300
COLOURS = {
    ItemState.ALREADY_THERE: "tag-green",
    ItemState.NEW: "tag-blue",
    ItemState.NEWER_LIVE: "tag-amber",
    ItemState.CONFLICT: "tag-red",
    ItemState.UNMATCHED: "tag-red",
    ItemState.NOT_COMPARED: "tag-grey",
    ItemState.NOT_RECOVERED: "tag-amber",
    ItemState.ON_ANOTHER_FORM: "tag-grey",
}
BUTTONS = {
    Decision.RETURN: "Return it",
    Decision.LEAVE: "Leave it out",
    Decision.RESOLVED: "Done by hand elsewhere",
    Decision.OPEN: "Take the decision back",
}
BULK = {
    Decision.RETURN: "Return them",
    Decision.LEAVE: "Leave them out",
    Decision.RESOLVED: "Done by hand elsewhere",
}
TYPES = {name: get_plural_title(name) for name in list_in_return_order()}
DECISIONS = {
    Decision.OPEN: "Open",
    PROPOSED: "For a second person",
    Decision.RETURN: "To be returned",
    Decision.LEAVE: "Left out",
    Decision.RESOLVED: "Done elsewhere",
    Decision.RETURNED: "Returned",
}


@blueprint.get("/comparison")
@require_permission(Permission.RECONCILE_LIST)
def show() -> ViewResponse:
    """The items of the present or last outage: the open ones, or those that a filter lets through."""
    outage, item_filter = _outage(), _item_filter()
    number = request.args.get("page", 1, int)
    vault = request_context.vault()
    page = list_page(vault, outage.id, item_filter, number, SHOWN) if outage else None
    return render_template(
        "comparison/show.html",
        listing=page,
        filters=_address(item_filter),
        explain=_explain,
        batches=list_bulk_decisions(vault, outage.id) if outage else [],
        owners=owners_of_items(vault.db, page.rows) if page else {},
        now=vault.now(),
        due=stored_times.format_local_time(
            assignments.default_due(request_context.settings(), vault.clock())
        ),
        colours=COLOURS,
        bulk=BULK,
        types=TYPES,
        decisions=DECISIONS,
        titles=titles(),
    )


@blueprint.post("/comparison/run")
@require_permission(Permission.RECONCILE_RUN)
def run() -> ViewResponse:
    """Compare every entered form with the snapshot that is current now."""
    return submit_and_follow(JobName.COMPARISON, {})


@blueprint.get("/comparison/bulk")
@require_permission(Permission.RECONCILE_DECIDE)
def preview() -> ViewResponse:
    """What a decision about all open items of a filter would do, before it is made."""
    outage, item_filter = find_latest_outage(request_context.vault()), _item_filter()
    decision = check_decision(request.args.get("choice", ""))
    return render_template(
        "comparison/preview.html",
        preview=preview_bulk_decision(
            request_context.vault(), outage.id, item_filter, decision, request_context.actor()
        ),
        filters=_address(item_filter),
        explain=_explain,
        words=BULK[decision],
        shown=LISTED,
        colours=COLOURS,
        types=TYPES,
        titles=titles(),
    )


@blueprint.post("/comparison/bulk")
@require_permission(Permission.RECONCILE_DECIDE)
def decide_all() -> ViewResponse:
    """Decide about exactly what the preview showed."""
    outage, item_filter = find_latest_outage(request_context.vault()), _item_filter()
    decision, token = check_decision(request.form.get("choice", "")), request.form.get("token", "")
    batch = apply_bulk_decision(
        request_context.vault(),
        outage.id,
        item_filter,
        decision,
        token,
        request_context.actor(),
        required_reason(),
    )
    flash(f"{batch.items:,} items: {BULK[decision].lower()}. You can undo them all below.")
    return redirect(url_for("comparison.show", **_address(item_filter)), 303)


@blueprint.post("/comparison/bulk/<batch>/undo")
@require_permission(Permission.RECONCILE_DECIDE)
def undo(batch: str) -> ViewResponse:
    """Put every item of a decision in bulk back as it was."""
    result = undo_bulk_decision(
        request_context.vault(), batch, request_context.actor(), required_reason()
    )
    unchanged = (
        f" {result.unchanged:,} have changed since and stay as they are."
        if result.unchanged
        else ""
    )
    flash(f"{result.restored:,} items are undone.{unchanged}")
    return redirect(url_for("comparison.show"), 303)


@blueprint.get("/comparison/<key>")
@require_permission(Permission.RECONCILE_LIST)
def show_item(key: str) -> ViewResponse:
    """One item side by side, and the decisions that it allows."""
    vault, person = request_context.vault(), request_context.person()
    row = get_item(vault, key)
    t0 = outages.get_outage(vault, row.outage).get_snapshot(row.item.fact.system)
    before, after = _snapshot(t0), _snapshot(row.snapshot)
    is_undecided = row.decided.decision == Decision.OPEN
    choices = row.allowed if is_undecided else (Decision.OPEN,)
    if is_undecided and row.decided.proposal:
        choices = (*choices, Decision.OPEN)
    return render_template(
        "comparison/show_item.html",
        row=row,
        fact=row.item.fact,
        explain=_explain,
        sides=build_sides(row.item, before, after),
        match=_weigh_match(row.item, after),
        before=before,
        after=after,
        choices=[(decision, BUTTONS[decision]) for decision in choices],
        mine=row.item.fact.transcriber == person.id,
        proposed_by_me=row.decided.proposed_by == person.id,
        filters=_address(_item_filter()),
        buttons=BUTTONS,
        colours=COLOURS,
        titles=titles(),
        **owner_card(owner_of_item(vault, key)),
    )


def _weigh_match(item: Item, after: Snapshot | None) -> Candidate | None:
    """The patient to whom an item goes beside the person on the paper, with what speaks for it."""
    if after is None or not item.patient:
        return None
    fact = item.fact
    query = PersonQuery((fact.person,), (fact.ward,), fact.event, fact.event)
    try:
        return get_candidate(after, query, item.patient, request_context.settings().reconcile)
    except NotFoundError:
        return None


@blueprint.post("/comparison/<key>")
@require_permission(Permission.RECONCILE_DECIDE)
def decide(key: str) -> ViewResponse:
    """Store a decision with its reason, and go to the next open item of the same list."""
    vault, item_filter = request_context.vault(), _item_filter()
    outage = find_latest_outage(vault)
    decision = check_decision(request.form.get("decision", ""))
    row = decide_item(vault, key, decision, request_context.actor(), required_reason())
    outcome = "proposed; a second person confirms it" if row.decided.proposal else "decided"
    flash(f"{row.item.fact.title}, form {format_serial(row.item.fact.serial)}: {outcome}.")
    next_key = find_next_open(vault, outage.id, item_filter, row)
    if next_key and (row.decided.proposal or not row.is_open):
        return redirect(url_for("comparison.show_item", key=next_key, **_address(item_filter)), 303)
    return redirect(url_for("comparison.show", **_address(item_filter)), 303)


def _explain(item: Item) -> str:
    return explain(item, ZoneInfo(request_context.settings().site.time_zone))


def _item_filter() -> ItemFilter:
    """The filter of this request; without any, what is open."""
    columns: dict[str, Any] = {name: request.values.get(name, "") for name in FILTERS}
    state, decision = request.values.get("state", ""), request.values.get("decided", "")
    try:
        return ItemFilter(
            **columns,
            state=ItemState(state) if state else "",
            decision=_decision_filter(decision),
            open_only=decision == Decision.OPEN or not (state or decision),
        )
    except ValueError:
        raise NotFoundError(
            "comparison.filter", "There is no such filter.", "Choose one of the list."
        ) from None


def _decision_filter(text: str) -> Decision | Literal["", "proposed"]:
    if text == PROPOSED:
        return PROPOSED
    return Decision(text) if text else ""


def _address(item_filter: ItemFilter) -> dict[str, Any]:
    """The filter as the words of an address."""
    columns = item_filter.as_dict()
    return {"decided" if name == "decision" else name: text for name, text in columns.items()}


def _outage() -> Outage | None:
    try:
        return find_latest_outage(request_context.vault())
    except NotFoundError:
        return None


def _snapshot(snapshot_id: str) -> Snapshot | None:
    try:
        snapshot = local_snapshots.open_snapshot(request_context.vault(), snapshot_id)
    except NotFoundError:
        return None
    request_context.close_after_request(snapshot)
    return snapshot
