"""Missing forms: every issued form is returned, void, declared lost or still out."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.errors import InputError, apply_to_each
from downtime.outage import outages
from downtime.outage.outage_at_hand import find_outage_at_hand
from downtime.paper import ledger as rules
from downtime.paper import move_form, policies
from downtime.paper.model import FormState, IssuedForm
from downtime.returns.statement.form_accounting import Tally, account_forms
from downtime.web import request_context
from downtime.web.access_control import has_permission
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("ledger", __name__)
SHOWN = 400
MOVE_WORDS = {
    FormState.COLLECTED: "Collected by runner",
    FormState.RETURNED: "Returned",
    FormState.VOID: "Void",
    FormState.LOST: "Mark as lost",
}
MOVES = {
    FormState.COLLECTED: move_form.mark_collected,
    FormState.RETURNED: move_form.mark_returned,
    FormState.VOID: move_form.void_form,
    FormState.LOST: move_form.mark_lost,
}


def patient_label(form: IssuedForm) -> str:
    """Whom a form is about, for those who may see patients."""
    if not has_permission(Permission.PATIENT_VIEW):
        return "Hidden from your role"
    return form.patient_label or "Blank"


@blueprint.get("/forms")
@require_permission(Permission.LEDGER_VIEW)
def show() -> ViewResponse:
    """The counts of an outage, else of the one at hand, or of what was printed outside of any."""
    vault, ward = request_context.vault(), request.args.get("ward", "")
    named = request.args.get("outage", "")
    last = outages.get_outage(vault, named) if named else find_outage_at_hand(vault)
    outage = None if request.args.get("outside") else last
    outage_id = outage.id if outage else ""
    issued = len(rules.list_in_states(vault, outage_id, *FormState))
    tallies = (
        Tally(c.ward, c.form, c.state, number=c.number) for c in rules.count_forms(vault, outage_id)
    )
    counted, _ = account_forms(tallies, issued)
    return render_template(
        "ledger/show.html",
        outage=outage,
        unclosed=outages.list_unclosed(vault),
        named=named or None,
        last=last,
        outside="1" if last and not outage else None,
        counts=counted,
        ward=ward,
        wards=sorted({row.ward for row in counted if row.ward and row.out}),
        missing=rules.list_missing(vault, outage_id, ward or None),
        shown=SHOWN,
        titles=titles(),
        about=patient_label,
    )


@blueprint.get("/forms/<serial>")
@require_permission(Permission.LEDGER_VIEW)
def form(serial: str) -> ViewResponse:
    """One issued form and where it is."""
    issued = rules.get_form(request_context.vault(), serial)
    moves = [(state, MOVE_WORDS[state]) for state in policies.list_moves_by_hand(issued)]
    title = titles().get(issued.form, issued.title)
    return render_template(
        "ledger/form.html",
        issued=issued,
        title=title,
        moves=moves,
        about=patient_label,
        can_reprint=policies.can_reprint(issued),
    )


@blueprint.post("/forms/move")
@require_permission(Permission.LEDGER_MOVE)
def move() -> ViewResponse:
    """Mark the ticked forms as collected, returned, void or lost."""
    serials, to = request.form.getlist("serial"), request.form.get("to", "")
    reason = request.form.get("reason", "").strip()[:200]
    if to not in list(MOVES) or not serials:
        raise InputError("ledger.none", "No forms were ticked.", "Go back and tick at least one.")
    vault, actor, move_form = request_context.vault(), request_context.actor(), MOVES[FormState(to)]
    apply_to_each(serials, lambda serial: move_form(vault, serial, actor, reason))
    flash(f"{len(serials)} form{'s' if len(serials) > 1 else ''} marked as {to}.")
    ward, outside = request.form.get("ward") or None, request.form.get("outside") or None
    return redirect(url_for("ledger.show", ward=ward, outside=outside), 303)


def titles() -> dict[str, str]:
    """Form name to title."""
    return rules.form_titles(request_context.vault())
