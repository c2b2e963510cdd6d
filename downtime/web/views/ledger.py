"""Missing forms: every issued form is returned, void, declared lost or still out."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.entry import retire_forms
from downtime.entry.model import WorkKind
from downtime.errors import InputError, apply_to_each
from downtime.outage import outages
from downtime.outage.outage_at_hand import find_outage_at_hand
from downtime.paper import ledger as rules
from downtime.paper import move_form, policies
from downtime.paper.model import FormState, IssuedForm
from downtime.paper.policies import check_reason
from downtime.returns.statement.form_accounting import Tally, account_forms
from downtime.vault.vault import Vault
from downtime.web import request_context
from downtime.web.access_control import has_permission
from downtime.web.responses import ViewResponse, required_reason
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
}
RETIRING = {FormState.VOID: retire_forms.void_form, FormState.LOST: retire_forms.mark_lost}
WORK_WORDS = {
    WorkKind.DRAFT: "A draft is keyed",
    WorkKind.SCAN: "A scan is attached",
    WorkKind.OPEN: "Somebody has it on the screen",
    WorkKind.CAME_BACK: "The paper came back",
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
        work=retire_forms.preview_retirement(request_context.vault(), [serial]).carrying,
        words=WORK_WORDS,
        about=patient_label,
        can_reprint=policies.can_reprint(issued),
    )


@blueprint.post("/forms/move")
@require_permission(Permission.LEDGER_MOVE)
def move() -> ViewResponse:
    """Mark the ticked forms as collected, returned, void or lost."""
    serials, to = request.form.getlist("serial"), request.form.get("to", "")
    reason = request.form.get("reason", "").strip()[:200]
    if to not in [*MOVES, *RETIRING] or not serials:
        raise InputError("ledger.none", "No forms were ticked.", "Go back and tick at least one.")
    vault, actor, state = request_context.vault(), request_context.actor(), FormState(to)
    if state in RETIRING and len(serials) > 1:
        return _preview(vault, serials, state, check_reason(reason))
    if state in RETIRING:
        with_work = bool(request.form.get("with_work"))
        RETIRING[state](vault, serials[0], actor, reason, with_work=with_work)
    else:
        apply_to_each(serials, lambda serial: MOVES[state](vault, serial, actor, reason))
    flash(f"{len(serials)} form{'s' if len(serials) > 1 else ''} marked as {to}.")
    ward, outside = request.form.get("ward") or None, request.form.get("outside") or None
    return redirect(url_for("ledger.show", ward=ward, outside=outside), 303)


def _preview(vault: Vault, serials: list[str], to: FormState, reason: str) -> ViewResponse:
    return render_template(
        "ledger/move.html",
        split=retire_forms.preview_retirement(vault, serials),
        to=to,
        reason=reason,
        words=WORK_WORDS,
        ward=request.form.get("ward", ""),
        outside=request.form.get("outside", ""),
    )


@blueprint.post("/forms/retire")
@require_permission(Permission.LEDGER_MOVE)
def retire() -> ViewResponse:
    """Take the forms that were shown out of use, together; what carries work stays."""
    serials, to = request.form.getlist("serial"), request.form.get("to", "")
    if to not in RETIRING or not serials:
        raise InputError("ledger.none", "No forms were ticked.", "Go back and tick at least one.")
    done = retire_forms.retire_forms(
        request_context.vault(), serials, FormState(to), request_context.actor(), required_reason()
    )
    return render_template("ledger/retire.html", split=done, to=to, words=WORK_WORDS)


@blueprint.post("/forms/undo")
@require_permission(Permission.LEDGER_MOVE)
def undo() -> ViewResponse:
    """Put forms back that were taken out of use together."""
    serials = request.form.getlist("serial")
    undone = retire_forms.undo_retirement(
        request_context.vault(), serials, request_context.actor(), required_reason()
    )
    flash(f"{len(undone)} of {len(serials)} forms are where they were before.")
    return redirect(url_for("ledger.show"), 303)


def titles() -> dict[str, str]:
    """Form name to title."""
    return rules.form_titles(request_context.vault())
