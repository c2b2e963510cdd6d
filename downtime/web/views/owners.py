"""Owners: who sees to an open item or to somebody who is not found, and until when."""

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for

from downtime.paper import assignments
from downtime.paper.assignments import Assignment
from downtime.reconcile import owners as rules
from downtime.reconcile.listing import FILTERS
from downtime.reconcile.run import latest
from downtime.vault.audit import Actor
from downtime.web import current, times
from downtime.web.actions import action
from downtime.web.answers import Answer

owners = Blueprint("owners", __name__)


@owners.post("/comparison/<key>/owner")
@action("ledger.assign")
def item(key: str) -> Answer:
    """Give an item to somebody until a time."""
    given = rules.give_item(current.vault(), key, *_given())
    flash(f"Given to {given.owner}.")
    return redirect(url_for("comparison.one", key=key), 303)


@owners.post("/comparison/owners")
@action("ledger.assign")
def items() -> Answer:
    """Give the ticked items of a list to somebody until a time."""
    owner, due, who, note = _given()
    n = rules.give_items(current.vault(), request.form.getlist("key"), owner, due, who, note)
    flash(f"{n} given to {owner.strip()}.")
    said = {name: request.form.get(name, "") for name in ("state", "decided", *FILTERS)}
    kept: dict[str, Any] = {name: text for name, text in said.items() if text}
    return redirect(url_for("comparison.show", **kept), 303)


@owners.post("/identity/<ref>/owner")
@action("ledger.assign")
def person(ref: str) -> Answer:
    """Give somebody who is not found to somebody until a time."""
    vault = current.vault()
    given = rules.give_person(vault, current.settings(), latest(vault), ref, *_given())
    flash(f"Given to {given.owner}.")
    return redirect(url_for("identity.one", ref=ref), 303)


def offered(held: Assignment | None) -> dict[str, object]:
    """What the part of a page needs that shows the owner and asks for one."""
    vault = current.vault()
    due = assignments.due_from(current.settings(), vault.clock())
    late = held is not None and held.is_overdue(vault.now())
    return {"held": held, "held_late": late, "due": times.local(held.due if held else due)}


def _given() -> tuple[str, str, Actor, str]:
    said = request.form
    due = times.stored(said.get("due", ""))
    return said.get("owner", ""), due, current.who(), said.get("note", "")
