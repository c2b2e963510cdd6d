"""Missing forms: every issued form is returned, void, declared lost or still out."""

from http import HTTPStatus
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.clinical import display
from downtime.entry import retire_forms
from downtime.entry.model import WorkKind
from downtime.errors import ConflictError, InputError, apply_to_each
from downtime.outage import outages
from downtime.outage.outage_at_hand import find_outage_at_hand
from downtime.paper import ledger as rules
from downtime.paper import move_form, policies
from downtime.paper.model import OUT, FormState, IssuedForm
from downtime.paper.policies import check_reason
from downtime.paper.serials import format_serial
from downtime.paper.store import issued_forms
from downtime.paper.store.issued_forms import FormLine
from downtime.returns.statement.form_accounting import AccountRow, Tally, account_forms
from downtime.vault.vault import Vault
from downtime.web import request_context
from downtime.web.access_control import has_permission
from downtime.web.listing import cut_page, has_words, searched_text, table_response
from downtime.web.responses import ViewResponse, required_reason
from downtime.web.template_filters import capitalise_code
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("ledger", __name__)
SEARCH = "forms"
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
    WorkKind.IN_TRAY: "A scanned page of it lies in the tray",
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
    counted = _count_forms(vault, outage_id)
    text = searched_text(SEARCH)
    listing = cut_page([line for line in _list_out(vault, outage_id, ward) if _has(line, text)])
    forms = {form.serial: form for form in rules.get_forms(vault, [f.serial for f in listing.rows])}
    return render_template(
        "ledger/show.html",
        outage=outage,
        unclosed=outages.list_unclosed(vault),
        named=named or None,
        last=last,
        outside="1" if last and not outage else None,
        counts=counted,
        sums=_sum_by(counted, "form" if ward else "ward", ward),
        ward=ward,
        wards=sorted({row.ward for row in counted if row.ward and row.out}),
        listing=listing,
        rows=[forms[line.serial] for line in listing.rows if line.serial in forms],
        text=text,
        titles=titles(),
        about=patient_label,
    )


def _count_forms(vault: Vault, outage: str) -> list[AccountRow]:
    counts = rules.count_forms(vault, outage)
    tallies = [Tally(c.ward, c.form, c.state, number=c.number) for c in counts]
    return account_forms(tallies, sum(tally.number for tally in tallies))[0]


def _sum_by(rows: list[AccountRow], name: str, ward: str) -> list[tuple[str, AccountRow]]:
    """The counts by ward; of one ward by form: a page as long as a hospital helps nobody."""
    sums: dict[str, AccountRow] = {}
    for row in rows:
        if ward in ("", row.ward):
            total = sums.setdefault(getattr(row, name), AccountRow(row.ward, row.form))
            for count in ("issued", "returned", "void", "lost", "out"):
                setattr(total, count, getattr(total, count) + getattr(row, count))
    return sorted(sums.items())


def _list_out(vault: Vault, outage: str, ward: str) -> list[FormLine]:
    lines = issued_forms.fetch_lines(vault.db, outage, OUT)
    return [line for line in lines if ward in ("", line.ward)]


def _has(line: FormLine, text: str) -> bool:
    return not text or has_words(text, line.serial, line.title, line.ward)


@blueprint.get("/forms.<file_kind>")
@require_permission(Permission.LEDGER_VIEW)
def download(file_kind: str) -> ViewResponse:
    """Every form of the outage and where it is, of one ward or of all; no patient is named."""
    vault, ward = request_context.vault(), request.args.get("ward", "")
    named = request.args.get("outage", "")
    last = outages.get_outage(vault, named) if named else find_outage_at_hand(vault)
    outage_id = "" if request.args.get("outside") or last is None else last.id
    zone = ZoneInfo(request_context.settings().site.time_zone)
    rows = [
        (
            format_serial(line.serial), line.title, line.ward, capitalise_code(line.state),
            display.format_moment(line.changed_at, zone),
        )
        for line in issued_forms.fetch_lines(vault.db, outage_id, FormState)
        if ward in ("", line.ward)
    ]  # fmt: skip
    head = ("Serial", "Form", "Ward", "State", "Since")
    return table_response(file_kind, f"forms {outage_id or 'outside'} {ward}".strip(), head, rows)


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
        work=retire_forms.find_work(request_context.vault(), serial),
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


def _preview(
    vault: Vault, serials: list[str], to: FormState, reason: str, error: ConflictError | None = None
) -> ViewResponse:
    page = render_template(
        "ledger/move.html",
        split=retire_forms.preview_retirement(vault, serials, to),
        unnamed=retire_forms.count_unnamed_pages(vault),
        error=error,
        to=to,
        reason=reason,
        words=WORK_WORDS,
        ward=request.form.get("ward", ""),
        outside=request.form.get("outside", ""),
    )
    return page, HTTPStatus.CONFLICT if error else HTTPStatus.OK


@blueprint.post("/forms/retire")
@require_permission(Permission.LEDGER_MOVE)
def retire() -> ViewResponse:
    """Take the forms that were shown out of use, together; what carries work stays."""
    serials, to = request.form.getlist("serial"), request.form.get("to", "")
    if to not in RETIRING or not serials:
        raise InputError("ledger.none", "No forms were ticked.", "Go back and tick at least one.")
    vault, reason = request_context.vault(), required_reason()
    shown = request.form.get("shown", "")
    try:
        done = retire_forms.retire_forms(
            vault, serials, FormState(to), request_context.actor(), reason, shown=shown
        )
    except ConflictError as error:
        return _preview(vault, serials, FormState(to), reason, error)
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
