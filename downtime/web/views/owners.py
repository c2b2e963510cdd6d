"""Owners: who sees to an open item or to somebody who is not found, and until when."""

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for

from downtime.accounts.model import Permission
from downtime.paper import assignments
from downtime.paper.model import Assignment
from downtime.reconcile.assign_owner import assign_item, assign_items, assign_person
from downtime.reconcile.find_items import FILTERS
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.vault.model import Actor
from downtime.web import request_context, stored_times
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("owners", __name__)


@blueprint.post("/comparison/<key>/owner")
@require_permission(Permission.LEDGER_ASSIGN)
def item(key: str) -> ViewResponse:
    """Give an item to somebody until a time."""
    assignment = assign_item(request_context.vault(), key, *read_owner_form())
    flash(f"Assigned to {assignment.owner}.")
    return redirect(url_for("comparison.show_item", key=key), 303)


@blueprint.post("/comparison/owners")
@require_permission(Permission.LEDGER_ASSIGN)
def items() -> ViewResponse:
    """Give the ticked items of a list to somebody until a time."""
    owner, due, actor, note = read_owner_form()
    count = assign_items(
        request_context.vault(), request.form.getlist("key"), owner, due, actor, note
    )
    flash(f"{count} assigned to {owner.strip()}.")
    filters: dict[str, Any] = {
        name: text
        for name in ("state", "decided", *FILTERS)
        if (text := request.form.get(name, ""))
    }
    return redirect(url_for("comparison.show", **filters), 303)


@blueprint.post("/identity/<ref>/owner")
@require_permission(Permission.LEDGER_ASSIGN)
def person(ref: str) -> ViewResponse:
    """Give somebody who is not found to somebody until a time."""
    vault = request_context.vault()
    assignment = assign_person(
        vault, request_context.settings(), find_latest_outage(vault), ref, *read_owner_form()
    )
    flash(f"Assigned to {assignment.owner}.")
    return redirect(url_for("identity.show_person", ref=ref), 303)


def owner_card(assignment: Assignment | None) -> dict[str, object]:
    """What the part of a page needs that shows the owner and asks for one."""
    vault = request_context.vault()
    due = assignments.default_due(request_context.settings(), vault.clock())
    return {
        "assignment": assignment,
        "is_overdue": assignment is not None and assignment.is_overdue(vault.now()),
        "due": stored_times.format_local_time(assignment.due if assignment else due),
    }


def read_owner_form() -> tuple[str, str, Actor, str]:
    """Owner, due time, who gives it, and what is to be done, as the part of a page sends them."""
    form = request.form
    due = stored_times.parse_local_time(form.get("due", ""))
    return form.get("owner", ""), due, request_context.actor(), form.get("note", "")
