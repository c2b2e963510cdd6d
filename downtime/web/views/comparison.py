"""Comparison: what paper says beside the system before and after, and what a person decides."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.clinical import display
from downtime.clinical.record_types import get_plural_title, list_in_return_order
from downtime.entry.confirmed_values import list_confirmed_of_fact
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
from downtime.reconcile.find_items import (
    FILTERS,
    find_next_open,
    find_with_words,
    get_item,
    list_filtered,
    list_page,
)
from downtime.reconcile.identity.candidates import Candidate, PersonQuery, get_candidate
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import PROPOSED, Decision, Item, ItemFilter, ItemState
from downtime.reconcile.policies import check_decision
from downtime.reconcile.side_by_side import read_shown_items
from downtime.reconcile.wording import STATE_TITLES, explain
from downtime.snapshot import local_snapshots
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.web import request_context, stored_times
from downtime.web.comparison_table import build_set_row, build_sides
from downtime.web.job_kinds import JobName
from downtime.web.listing import has_words, searched_text, table_response
from downtime.web.responses import ViewResponse, required_reason
from downtime.web.view_permissions import require_permission
from downtime.web.views.jobs import submit_and_follow
from downtime.web.views.ledger import titles
from downtime.web.views.owners import owner_card

blueprint = Blueprint("comparison", __name__)
SHOWN = 30
SEARCH = "comparison"
_BATCHES = 10
"""Decisions in bulk that are listed at once, the newest."""
_NAMED = 5
"""Forms that are named of those whose items had changed."""
_REASON = "bulk-reason"
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
    text = searched_text(SEARCH)
    wanted = partial(_has, text) if text else None
    page = list_page(vault, outage.id, item_filter, number, SHOWN, wanted) if outage else None
    batches = list_bulk_decisions(vault, outage.id) if outage else []
    return render_template(
        "comparison/show.html",
        listing=page,
        text=text,
        filters=_address(item_filter),
        explain=_explain,
        batches=batches if request.args.get("all") else batches[:_BATCHES],
        more_batches=0 if request.args.get("all") else max(0, len(batches) - _BATCHES),
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


@blueprint.get("/comparison.<file_kind>")
@require_permission(Permission.RECONCILE_LIST)
def download(file_kind: str) -> ViewResponse:
    """All items of the filter for a spreadsheet; no patient is named."""
    vault, outage = request_context.vault(), find_latest_outage(request_context.vault())
    zone, names = ZoneInfo(request_context.settings().site.time_zone), titles()
    text, item_filter = searched_text(SEARCH), _item_filter()
    rows = (
        find_with_words(vault, outage.id, item_filter, partial(_has, text))
        if text
        else list_filtered(vault, outage.id, item_filter)
    )
    owners = owners_of_items(vault.db, rows)
    head = (
        "Item", "What", "System", "Ward", "Form", "Happened", "State", "Finding", "Decision",
        "Owner",
    )  # fmt: skip
    table = [
        (
            row.key, row.item.fact.title, row.item.fact.system, row.item.fact.ward,
            names.get(row.item.fact.form, row.item.fact.form),
            display.format_moment(row.item.fact.event, zone), STATE_TITLES[row.item.state],
            _explain(row.item), row.decided.decision,
            owners[row.key].owner if row.key in owners else "",
        )
        for row in rows
    ]  # fmt: skip
    return table_response(file_kind, f"comparison {outage.label}", head, table)


def _has(wanted: str, texts: Sequence[str]) -> bool:
    """Whether an item is searched for: by serial, test, medicine, ward, system, patient or number."""
    return has_words(wanted, *texts)


@blueprint.post("/comparison/run")
@require_permission(Permission.RECONCILE_RUN)
def run() -> ViewResponse:
    """Compare every entered form with the snapshot that is current now."""
    return submit_and_follow(JobName.COMPARISON, {})


@blueprint.get("/comparison/bulk")
@require_permission(Permission.RECONCILE_DECIDE)
def preview() -> ViewResponse:
    """A page of what a decision about the open items of a filter would do, each with its values."""
    outage, item_filter = find_latest_outage(request_context.vault()), _item_filter()
    decision = check_decision(request.args.get("choice", ""))
    page = preview_bulk_decision(
        request_context.vault(),
        request_context.settings(),
        outage.id,
        item_filter,
        decision,
        request_context.actor(),
        after=request.args.get("after", ""),
    )
    return render_template(
        "comparison/preview.html",
        preview=page,
        sets=[build_set_row(items) for items in page.sets],
        filters=_address(item_filter),
        after=request.args.get("after", ""),
        reason=request_context.session_texts(_REASON),
        explain=_explain,
        words=BULK[decision],
        colours=COLOURS,
        types=TYPES,
        titles=titles(),
    )


@blueprint.post("/comparison/bulk")
@require_permission(Permission.RECONCILE_DECIDE)
def decide_all() -> ViewResponse:
    """Decide about the ticked items of the page, as they were shown; then the next page."""
    vault, item_filter = request_context.vault(), _item_filter()
    outage = find_latest_outage(vault)
    decision, reason = check_decision(request.form.get("choice", "")), required_reason()
    request_context.remember_text(_REASON, reason)
    outcome = apply_bulk_decision(
        vault, outage.id, item_filter, decision, _read_shown(), request_context.actor(), reason
    )
    items = f"{outcome.batch.items:,} item{'s' if outcome.batch.items != 1 else ''}"
    flash(f"{items}: {BULK[decision].lower()}. You can undo them below the list of items.")
    if outcome.changed:
        flash(_name_changed(outcome.changed), "warn")
    address = {**_address(item_filter), "choice": decision}
    if after := request.form.get("after", ""):
        address["after"] = after
    return redirect(url_for("comparison.preview", **address), 303)


def _read_shown() -> dict[str, str]:
    """The items that were ticked, each with the version that was shown."""
    shown: dict[str, str] = {}
    for text in request.form.getlist("item"):
        for pair in text.split():
            key, _, version = pair.rpartition("=")
            shown[key] = version
    return shown


def _name_changed(keys: Sequence[str]) -> str:
    """Which items were left, by the serials of their forms."""
    serials = dict.fromkeys(format_serial(key.partition("-")[0]) for key in keys)
    named = ", ".join([*serials][:_NAMED])
    more = f" and {len(serials) - _NAMED} more" if len(serials) > _NAMED else ""
    return (
        f"{len(keys)} had changed since you looked and are not decided: form {named}{more}."
        " They are shown anew."
    )


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
    (shown,) = read_shown_items(vault, [row])
    is_undecided = row.decided.decision == Decision.OPEN
    choices = row.allowed if is_undecided else (Decision.OPEN,)
    if is_undecided and row.decided.proposal:
        choices = (*choices, Decision.OPEN)
    return render_template(
        "comparison/show_item.html",
        row=row,
        fact=row.item.fact,
        explain=_explain,
        sides=build_sides(shown),
        version=shown.version,
        match=_weigh_match(row.item, after),
        confirmed=list_confirmed_of_fact(
            vault, request_context.settings(), row.item.fact.serial, row.item.fact.key
        ),
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
    row = decide_item(
        vault, key, decision, request_context.actor(), required_reason(),
        version=request.form.get("version", ""),
    )  # fmt: skip
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
