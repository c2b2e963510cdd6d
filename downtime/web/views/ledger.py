"""Missing forms: every issued form is returned, void, declared lost or still out."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.errors import InputError
from downtime.outage import outages
from downtime.paper import ledger as rules
from downtime.paper.definition import definitions
from downtime.paper.issue import ISSUED, LIFECYCLE, LOST, RETURNED, VOID, Count, Issued
from downtime.web import current
from downtime.web.actions import action
from downtime.web.answers import Answer
from downtime.web.guard import may

ledger = Blueprint("ledger", __name__)
SHOWN = 400
MOVES = {RETURNED: "It came back", VOID: "Void", LOST: "Declare lost"}


@dataclass
class Row:
    """One ward and form: issued = returned + void + lost + out."""

    ward: str
    form: str
    issued: int = 0
    returned: int = 0
    void: int = 0
    lost: int = 0
    out: int = 0


def rows(counts: Iterable[Count]) -> list[Row]:
    """The ledger's counts with one row for each ward and form."""
    found: dict[tuple[str, str], Row] = {}
    columns = {ISSUED: "out", VOID: "void", LOST: "lost"}
    for count in counts:
        row = found.setdefault((count.ward, count.form), Row(count.ward, count.form))
        column = columns.get(count.state, "returned")
        setattr(row, column, getattr(row, column) + count.n)
        row.issued += count.n
    return list(found.values())


def about(form: Issued) -> str:
    """Whom a form is about, for those who may see patients."""
    if not may("patient.view"):
        return "Hidden from your role"
    return form.patient_label or "Blank"


@ledger.get("/forms")
@action("ledger.view")
def show() -> Answer:
    """The counts of the present outage, and the forms that are still out."""
    vault, ward = current.vault(), request.args.get("ward", "")
    outage = outages.current(vault)
    outage_id = outage.id if outage else ""
    counted = rows(rules.counts(vault, outage_id))
    return render_template(
        "ledger.html",
        outage=outage,
        counts=counted,
        ward=ward,
        wards=sorted({row.ward for row in counted if row.ward and row.out}),
        missing=rules.missing(vault, outage_id, ward or None),
        shown=SHOWN,
        titles=titles(),
        about=about,
    )


@ledger.get("/forms/<serial>")
@action("ledger.view")
def form(serial: str) -> Answer:
    """One issued form and where it is."""
    issued = rules.issued(current.vault(), serial)
    moves = [(to, text) for to, text in MOVES.items() if to in LIFECYCLE.moves[issued.state]]
    title = titles().get(issued.form, issued.title)
    return render_template("form.html", issued=issued, title=title, moves=moves, about=about)


@ledger.post("/forms/move")
@action("ledger.move")
def move() -> Answer:
    """Mark the ticked forms as returned, void or lost."""
    serials, to = request.form.getlist("serial"), request.form.get("to", "")
    why = request.form.get("why", "").strip()[:200]
    mark = {RETURNED: rules.returned, VOID: rules.void, LOST: rules.lost}.get(to)
    if mark is None or not serials:
        raise InputError("ledger.none", "No form was ticked.", "Go back and tick at least one.")
    for serial in serials:
        mark(current.vault(), serial, current.who(), why)
    flash(f"{len(serials)} form{'s' if len(serials) > 1 else ''} marked as {to}.")
    return redirect(url_for("ledger.show", ward=request.form.get("ward") or None), 303)


def titles() -> dict[str, str]:
    """Form name to title."""
    return {name: definition.title for name, definition in definitions().items()}
