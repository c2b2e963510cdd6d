"""Comparison: what paper says beside the system before and after, and what a person decides."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.clinical.record_types import list_in_return_order, title_record_type
from downtime.errors import NotFoundError
from downtime.outage.model import Outage
from downtime.paper import assignments
from downtime.paper.serials import format_serial as shown_serial
from downtime.reconcile import assign_owner, decide_in_bulk, list_items
from downtime.reconcile import decide_item as rules
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import Decision, ItemFilter
from downtime.snapshot import load_bundle
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.web import request_context, stored_times
from downtime.web.comparison_table import build_sides
from downtime.web.job_kinds import REASON_ON_SCREEN
from downtime.web.responses import ViewResponse, required_reason
from downtime.web.view_permissions import requires
from downtime.web.views.jobs import ask
from downtime.web.views.ledger import titles
from downtime.web.views.owners import offered

blueprint = Blueprint("comparison", __name__)
SHOWN = 100
LISTED = 300
COLOURS = {
    "already-there": "tag-green",
    "new": "tag-blue",
    "newer-live": "tag-amber",
    "conflict": "tag-red",
    "unmatched": "tag-red",
    "held": "tag-grey",
    "on-another-form": "tag-grey",
}
BUTTONS = {
    "return": "Return it",
    "leave": "Leave it out",
    "resolved-elsewhere": "Done by hand elsewhere",
    "open": "Take the decision back",
}
BULK = {
    "return": "Return them",
    "leave": "Leave them out",
    "resolved-elsewhere": "Done by hand elsewhere",
}
TYPES = {name: title_record_type(name) for name in list_in_return_order()}
DECISIONS = {
    "open": "Open",
    "proposed": "For a second person",
    "return": "To be returned",
    "leave": "Left out",
    "resolved-elsewhere": "Done elsewhere",
    "returned": "Returned",
}


@blueprint.get("/comparison")
@requires(Permission.RECONCILE_LIST)
def show() -> ViewResponse:
    """The items of the present or last outage: the open ones, or those that a filter lets through."""
    outage, wanted = _outage(), _wanted()
    number = request.args.get("page", 1, int)
    vault = request_context.vault()
    listed = list_items.list_page(vault, outage.id, wanted, number, SHOWN) if outage else None
    return render_template(
        "comparison/show.html",
        listed=listed,
        wanted=wanted,
        given=_given(wanted),
        batches=decide_in_bulk.list_bulk_decisions(vault, outage.id) if outage else [],
        owned=assign_owner.owners_of_items(vault.db, listed.rows) if listed else {},
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
@requires(Permission.RECONCILE_RUN)
def run() -> ViewResponse:
    """Compare every entered form with the snapshot that is current now."""
    return ask("reconcile", {}, REASON_ON_SCREEN)


@blueprint.get("/comparison/bulk")
@requires(Permission.RECONCILE_DECIDE)
def preview() -> ViewResponse:
    """What a decision about all open items of a filter would do, before it is made."""
    outage, wanted = find_latest_outage(request_context.vault()), _wanted()
    decision = request.args.get("choice", "")
    found = decide_in_bulk.preview_bulk_decision(
        request_context.vault(), outage.id, wanted, decision, request_context.actor()
    )
    return render_template(
        "comparison/preview.html",
        found=found,
        given=_given(wanted),
        words=BULK[decision],
        shown=LISTED,
        colours=COLOURS,
        types=TYPES,
        titles=titles(),
    )


@blueprint.post("/comparison/bulk")
@requires(Permission.RECONCILE_DECIDE)
def decide_all() -> ViewResponse:
    """Decide about exactly what the preview showed."""
    outage, wanted = find_latest_outage(request_context.vault()), _wanted()
    decision, token = request.form.get("choice", ""), request.form.get("token", "")
    batch = decide_in_bulk.apply_bulk_decision(
        request_context.vault(),
        outage.id,
        wanted,
        decision,
        token,
        request_context.actor(),
        required_reason(),
    )
    flash(f"{batch.items:,} items: {BULK[decision].lower()}. You can undo them all below.")
    return redirect(url_for("comparison.show", **_given(wanted)), 303)


@blueprint.post("/comparison/bulk/<batch>/undo")
@requires(Permission.RECONCILE_DECIDE)
def undo(batch: str) -> ViewResponse:
    """Put every item of a decision in bulk back as it was."""
    done = decide_in_bulk.undo_bulk_decision(
        request_context.vault(), batch, request_context.actor(), required_reason()
    )
    left = f" {done.kept:,} have changed since and stay as they are." if done.kept else ""
    flash(f"{done.back:,} items are undone.{left}")
    return redirect(url_for("comparison.show"), 303)


@blueprint.get("/comparison/<key>")
@requires(Permission.RECONCILE_LIST)
def one(key: str) -> ViewResponse:
    """One item side by side, and the decisions that it allows."""
    row = rules.get_item(request_context.vault(), key)
    outage = find_latest_outage(request_context.vault())
    before, after = _snapshot(outage.snapshot), _snapshot(row.snapshot)
    undecided = row.decided.decision == Decision.OPEN
    choices = row.allowed if undecided else (Decision.OPEN,)
    if undecided and row.decided.proposal:
        choices = (*choices, Decision.OPEN)
    return render_template(
        "comparison/one.html",
        row=row,
        fact=row.item.fact,
        sides=build_sides(row.item, before, after),
        before=before,
        after=after,
        choices=[(name, BUTTONS[name]) for name in choices if name in BUTTONS],
        mine=row.item.fact.transcriber == request_context.person().id,
        proposed_by_me=row.decided.proposed_by == request_context.person().id,
        given=_given(_wanted()),
        buttons=BUTTONS,
        colours=COLOURS,
        titles=titles(),
        **offered(assign_owner.owner_of_item(request_context.vault(), key)),
    )


@blueprint.post("/comparison/<key>")
@requires(Permission.RECONCILE_DECIDE)
def decide(key: str) -> ViewResponse:
    """Keep a decision with its reason, and go to the next open item of the same list."""
    outage, wanted = find_latest_outage(request_context.vault()), _wanted()
    row = rules.decide_item(
        request_context.vault(),
        key,
        request.form.get("decision", ""),
        request_context.actor(),
        required_reason(),
    )
    done = "proposed; a second person confirms it" if row.decided.proposal else "decided"
    flash(f"{row.item.fact.title}, form {shown_serial(row.item.fact.serial)}: {done}.")
    following = list_items.find_next_open(request_context.vault(), outage.id, wanted, row)
    if following and (row.decided.proposal or not row.is_open):
        return redirect(url_for("comparison.one", key=following, **_given(wanted)), 303)
    return redirect(url_for("comparison.show", **_given(wanted)), 303)


def _wanted() -> ItemFilter:
    """The filter of this request; without any, what is open."""
    given = {
        name: request.values.get(name, "") for name in ("state", "decided", *list_items.FILTERS)
    }
    decision = given.pop("decided")
    return ItemFilter(
        **given,
        decision=decision,
        open_only=decision == Decision.OPEN or not (given["state"] or decision),
    )


def _given(wanted: ItemFilter) -> dict[str, Any]:
    """The filter as the words of an address."""
    said = wanted.as_dict()
    return {"decided" if name == "decision" else name: text for name, text in said.items()}


def _outage() -> Outage | None:
    try:
        return find_latest_outage(request_context.vault())
    except NotFoundError:
        return None


def _snapshot(snapshot_id: str) -> Snapshot | None:
    try:
        found = load_bundle.open_snapshot(request_context.vault(), snapshot_id)
    except NotFoundError:
        return None
    request_context.close_after_request(found)
    return found
