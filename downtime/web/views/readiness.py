"""Readiness: look at everything each shift, print the proof page, and read its code back."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.paper.readiness.check_readiness import (
    check_readiness,
    describe_overdue,
    find_latest,
    prove_readiness,
)
from downtime.paper.readiness.model import CHECK_TITLES, Sighted
from downtime.paper.readiness.proof_page import ProofPage
from downtime.web import request_context
from downtime.web.job_kinds import REASON_ON_SCREEN
from downtime.web.responses import ViewResponse, read_whole_number
from downtime.web.view_permissions import require_permission
from downtime.web.views.printing import queue

blueprint = Blueprint("readiness", __name__)
_MOST_SHEETS = 100_000


@blueprint.get("/readiness")
@require_permission(Permission.FORM_PRINT)
def show() -> ViewResponse:
    """The latest round, what is still to do for it, and how the next one begins."""
    vault, settings = request_context.vault(), request_context.settings()
    return render_template(
        "readiness/show.html",
        latest=find_latest(vault),
        overdue=describe_overdue(vault, settings),
        titles=CHECK_TITLES,
        queue=settings.printing.queue,
    )


@blueprint.post("/readiness")
@require_permission(Permission.FORM_PRINT)
def check() -> ViewResponse:
    """Look at everything now."""
    sheets = read_whole_number("sheets", "Sheets of paper", 0, _MOST_SHEETS)
    sighted = Sighted(sheets, request.form.get("plug") == "1")
    round_ = check_readiness(
        request_context.vault(), request_context.settings(), sighted, request_context.actor()
    )
    faults = len(round_.faults)
    flash(f"{faults} faults were found." if faults else "No fault was found. Print the proof page.")
    return redirect(url_for("readiness.show"), 303)


@blueprint.post("/readiness/page")
@require_permission(Permission.FORM_PRINT)
def print_page() -> ViewResponse:
    """Print the proof page of the latest round, where packs are printed."""
    return queue(ProofPage(round=request.form.get("round", "")), REASON_ON_SCREEN)


@blueprint.post("/readiness/proof")
@require_permission(Permission.FORM_PRINT)
def prove() -> ViewResponse:
    """Read the code of the printed page back."""
    serial = request.form.get("serial", "")
    round_ = prove_readiness(request_context.vault(), serial, request_context.actor())
    flash("This laptop is ready." if round_.is_ready else "The printer prints; see to the faults.")
    return redirect(url_for("readiness.show"), 303)
