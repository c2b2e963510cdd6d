"""Comparison: what paper says beside the system before and after, and what a person decides."""

from collections import Counter

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.errors import NotFoundError
from downtime.paper.serials import shown as shown_serial
from downtime.reconcile import decide as rules
from downtime.reconcile.run import latest
from downtime.reconcile.states import OPEN
from downtime.reconcile.store import ItemRow
from downtime.snapshot import load
from downtime.snapshot.store import Snapshot
from downtime.web import current
from downtime.web.actions import action
from downtime.web.answers import Answer
from downtime.web.sidebyside import lines
from downtime.web.views.jobs import ask
from downtime.web.views.ledger import titles
from downtime.web.work import WHY

comparison = Blueprint("comparison", __name__)
SHOWN = 300
COLOURS = {
    "already-there": "tag-green",
    "new": "tag-blue",
    "newer-live": "tag-amber",
    "conflict": "tag-red",
    "unmatched": "tag-red",
    "held": "tag-grey",
}
BUTTONS = {
    "return": "Return it",
    "leave": "Leave it out",
    "resolved-elsewhere": "Done by hand elsewhere",
    "open": "Take the decision back",
}


@comparison.get("/comparison")
@action("reconcile.list")
def show() -> Answer:
    """The items of the present or last outage: the open ones, or those of one state."""
    state = request.args.get("state", "")
    rows = _rows()
    shown = [row for row in rows if (row.item.state == state if state else row.is_open)]
    return render_template(
        "comparison.html",
        state=state,
        counts=Counter(row.item.state for row in rows),
        open_=sum(row.is_open for row in rows),
        rows=shown,
        shown=SHOWN,
        colours=COLOURS,
    )


@comparison.post("/comparison/run")
@action("reconcile.run")
def run() -> Answer:
    """Compare every verified form with the snapshot that is current now."""
    return ask("reconcile", {}, WHY)


@comparison.get("/comparison/<key>")
@action("reconcile.list")
def one(key: str) -> Answer:
    """One item side by side, and the decisions that it allows."""
    row = rules.get(current.vault(), key)
    outage = latest(current.vault())
    before, after = _snapshot(outage.snapshot), _snapshot(row.snapshot)
    choices = row.allowed if row.decided.decision == OPEN else (OPEN,)
    return render_template(
        "item.html",
        row=row,
        fact=row.item.fact,
        lines=lines(row.item, before, after),
        before=before,
        after=after,
        choices=[(name, BUTTONS[name]) for name in choices if name in BUTTONS],
        mine=row.item.fact.transcriber == current.person().id,
        colours=COLOURS,
        titles=titles(),
    )


@comparison.post("/comparison/<key>")
@action("reconcile.decide")
def decide(key: str) -> Answer:
    """Keep a decision with its reason, and go to the next open item."""
    why = request.form.get("why", "")[:200]
    row = rules.decide(current.vault(), key, request.form.get("decision", ""), current.who(), why)
    flash(f"{row.item.fact.title}, form {shown_serial(row.item.fact.serial)}: decided.")
    following = next((other.key for other in _rows() if other.is_open and other.key != key), None)
    if following and not row.is_open:
        return redirect(url_for("comparison.one", key=following), 303)
    return redirect(url_for("comparison.show"), 303)


def _rows() -> list[ItemRow]:
    try:
        outage = latest(current.vault())
    except NotFoundError:
        return []
    return rules.items(current.vault(), outage.id)


def _snapshot(snapshot_id: str) -> Snapshot | None:
    try:
        found = load.get(current.vault(), snapshot_id)
    except NotFoundError:
        return None
    current.close_later(found)
    return found
