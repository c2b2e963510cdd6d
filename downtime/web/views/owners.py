"""Owners: who sees to an open item or to somebody who is not found, and until when."""

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for

from downtime.accounts.model import Permission
from downtime.paper import assignments
from downtime.paper.model import Assignment
from downtime.reconcile import assign_owner as rules
from downtime.reconcile.find_items import FILTERS
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.vault.model import Actor
from downtime.web import request_context, stored_times
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import requires

blueprint = Blueprint("owners", __name__)


@blueprint.post("/comparison/<key>/owner")
@requires(Permission.LEDGER_ASSIGN)
def item(key: str) -> ViewResponse:
    """Give an item to somebody until a time."""
    given = rules.assign_item(request_context.vault(), key, *_given())
    flash(f"Given to {given.owner}.")
    return redirect(url_for("comparison.one", key=key), 303)


@blueprint.post("/comparison/owners")
@requires(Permission.LEDGER_ASSIGN)
def items() -> ViewResponse:
    """Give the ticked items of a list to somebody until a time."""
    owner, due, who, note = _given()
    n = rules.assign_items(
        request_context.vault(), request.form.getlist("key"), owner, due, who, note
    )
    flash(f"{n} given to {owner.strip()}.")
    said = {name: request.form.get(name, "") for name in ("state", "decided", *FILTERS)}
    kept: dict[str, Any] = {name: text for name, text in said.items() if text}
    return redirect(url_for("comparison.show", **kept), 303)


@blueprint.post("/identity/<ref>/owner")
@requires(Permission.LEDGER_ASSIGN)
def person(ref: str) -> ViewResponse:
    """Give somebody who is not found to somebody until a time."""
    vault = request_context.vault()
    given = rules.assign_person(
        vault, request_context.settings(), find_latest_outage(vault), ref, *_given()
    )
    flash(f"Given to {given.owner}.")
    return redirect(url_for("identity.one", ref=ref), 303)


def offered(held: Assignment | None) -> dict[str, object]:
    """What the part of a page needs that shows the owner and asks for one."""
    vault = request_context.vault()
    due = assignments.default_due(request_context.settings(), vault.clock())
    late = held is not None and held.is_overdue(vault.now())
    return {
        "held": held,
        "held_late": late,
        "due": stored_times.format_local_time(held.due if held else due),
    }


def _given() -> tuple[str, str, Actor, str]:
    said = request.form
    due = stored_times.parse_local_time(said.get("due", ""))
    return said.get("owner", ""), due, request_context.actor(), said.get("note", "")
