"""Break-glass: let a person without an account in, or open a ward's sealed code; the review of each access."""

from typing import cast

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from downtime.accounts import sessions
from downtime.accounts.break_glass import policies, review_access, start_access, ward_codes
from downtime.accounts.break_glass.model import AccessDraft, ReviewVerdict
from downtime.accounts.break_glass.start_access import StartedAccess
from downtime.accounts.model import Permission
from downtime.errors import InputError, LockedError, UserError, parse_choice, refusal_of
from downtime.outage.events import guest_scope
from downtime.outage.events.may_see import may_see
from downtime.sync.laptop_audit import list_entries_of
from downtime.web import access_control, my_ward, request_context
from downtime.web.access_control import has_permission
from downtime.web.responses import ViewResponse, read_whole_number, required_reason
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("break_glass", __name__)


@blueprint.get("/break-glass")
@require_permission(Permission.BREAK_GLASS_LIST)
def show() -> ViewResponse:
    """Every access, those to be reviewed first; for administrators the sealed codes."""
    vault = request_context.vault()
    codes = ward_codes.list_ward_codes(vault) if has_permission(Permission.PERSON_MANAGE) else []
    return render_template(
        "break_glass/show.html",
        accesses=review_access.list_accesses(vault),
        codes=codes,
        now=vault.now(),
    )


@blueprint.get("/break-glass/start")
@require_permission(Permission.BREAK_GLASS_START)
def start() -> ViewResponse:
    """The form that somebody who is signed in fills in with the person whom they let in."""
    return _render_form(None)


@blueprint.post("/break-glass/start")
@require_permission(Permission.BREAK_GLASS_START)
def begin() -> ViewResponse:
    """Start the access on this screen; whoever let the person in is signed out of it."""
    vault, settings = request_context.vault(), request_context.settings()
    try:
        draft = _read_draft()
        guest_scope.check_scope_exists(request_context.hospital_now(), draft.ward, draft.patient)
        started = start_access.start_access(vault, settings, draft, request_context.actor())
    except UserError as error:
        return _render_form(error), error.http_status
    request_context.forget_texts()
    sessions.end_session(vault, access_control.session_token())
    return _enter_as_guest(started)


def _render_form(problem: UserError | None) -> str:
    vault, settings = request_context.vault(), request_context.settings()
    hospital = request_context.hospital_now()
    patient = request.values.get("patient", "")
    return render_template(
        "break_glass/start.html",
        problem=problem,
        typed=request.form,
        wards=hospital.list_wards(),
        mine=my_ward.read_my_ward(request_context.app_state().home),
        patient=hospital.get_person(patient) if patient else None,
        is_named=may_see(vault, settings, hospital, request_context.actor(), patient),
        limits=settings.break_glass,
    )


@blueprint.get("/break-glass/enter")
@require_permission(Permission.PUBLIC)
def enter() -> ViewResponse:
    """For who has no account and finds nobody signed in: the sealed code, or the PIN of a running access."""
    return _render_entrance(None)


@blueprint.post("/break-glass/enter")
@require_permission(Permission.PUBLIC)
def open_code() -> ViewResponse:
    """Open the sealed code of a ward."""
    web = request_context.app_state()
    label = request.form.get("label", "")
    try:
        draft = _read_draft(ward=label)
        with web.vault_holder.use_if_unlocked() as held_vault:
            started = start_access.start_with_ward_code(
                web.home,
                web.settings,
                web.clock,
                label,
                request.form.get("code", ""),
                draft,
                vault=held_vault,
                client=request_context.client(),
            )
            if held_vault is None:
                web.vault_holder.keep_vault(started.vault)
    except UserError as error:
        return _render_entrance(error), error.http_status
    return _enter_as_guest(started)


@blueprint.post("/break-glass/resume")
@require_permission(Permission.PUBLIC)
def resume() -> ViewResponse:
    """Go on with an access that still runs, by its user name and PIN."""
    web = request_context.app_state()
    try:
        with web.vault_holder.use_if_unlocked() as vault:
            if vault is None:
                raise LockedError(
                    "break-glass.locked",
                    "Nobody is signed in on this laptop, so its data are locked.",
                    "Let somebody sign in first, or open the ward's sealed code.",
                )
            username, pin = request.form.get("username", ""), request.form.get("pin", "")
            started = start_access.resume_access(
                vault, web.settings, username, pin, client=request_context.client()
            )
    except UserError as error:
        return _render_entrance(error), error.http_status
    return _enter_as_guest(started)


def _render_entrance(problem: UserError | None) -> str:
    return render_template(
        "break_glass/enter.html",
        problem=problem,
        typed=request.form,
        limits=request_context.settings().break_glass,
    )


def _enter_as_guest(started: StartedAccess) -> ViewResponse:
    flash(
        f"To go on after somebody else used this laptop: user name {started.access.username}, and"
        " your PIN."
    )
    answer = cast(Response, redirect(url_for("home.start"), 303))
    access_control.set_session_cookie(answer, started.token)
    return answer


@blueprint.get("/break-glass/<ref>")
@require_permission(Permission.BREAK_GLASS_LIST)
def show_access(ref: str) -> ViewResponse:
    """One access with all that was done under it."""
    vault, actor = request_context.vault(), request_context.actor()
    access = review_access.get_access(vault, ref)
    return render_template(
        "break_glass/show_access.html",
        access=access,
        entries=list_entries_of(vault.db, access.person),
        refusal=refusal_of(policies.check_can_review, access, actor, vault.now()),
        verdicts=list(ReviewVerdict),
        state=access.find_state(vault.now()),
    )


@blueprint.post("/break-glass/<ref>/end")
@require_permission(Permission.BREAK_GLASS_START)
def end(ref: str) -> ViewResponse:
    """End it before its time."""
    access = review_access.end_access(
        request_context.vault(), ref, request_context.actor(), required_reason()
    )
    flash(f"The access of {access.name} has ended.")
    return redirect(url_for("break_glass.show_access", ref=access.id), 303)


@blueprint.post("/break-glass/<ref>/review")
@require_permission(Permission.BREAK_GLASS_REVIEW)
def review(ref: str) -> ViewResponse:
    """Say whether it was justified."""
    verdict = parse_choice(
        ReviewVerdict, request.form.get("verdict", ""), "break-glass.verdict", "Nothing is chosen."
    )
    access = review_access.review_access(
        request_context.vault(), ref, verdict, request_context.actor(), required_reason()
    )
    flash(f"The access of {access.name} is reviewed: {verdict.display_name.lower()}.")
    return redirect(url_for("break_glass.show"), 303)


@blueprint.post("/break-glass/codes")
@require_permission(Permission.PERSON_MANAGE)
def create_code() -> ViewResponse:
    """A new sealed code, as the sheet for its envelope; it is shown once, on the answer to this request."""
    settings = request_context.settings()
    new_code = ward_codes.create_ward_code(
        request_context.vault(),
        settings,
        request.form.get("ward", ""),
        request_context.actor(),
        required_reason(),
    )
    return render_template(
        "break_glass/create_code.html", new_code=new_code, limits=settings.break_glass
    )


@blueprint.post("/break-glass/codes/withdraw")
@require_permission(Permission.PERSON_MANAGE)
def withdraw_code() -> ViewResponse:
    """Let a code open nothing any more."""
    label = request.form.get("label", "")
    ward_codes.withdraw_ward_code(
        request_context.vault(), label, request_context.actor(), required_reason()
    )
    flash(f"The code {label} opens nothing any more.")
    return redirect(url_for("break_glass.show"), 303)


def _read_draft(ward: str = "") -> AccessDraft:
    if request.form.get("pin", "") != request.form.get("pin_again", ""):
        raise InputError("break-glass.pin", "The two PINs do not match.", "Type them again.")
    texts = {
        name: request.form.get(name, "").strip() for name in ("name", "employer", "registration")
    }
    patient = request.form.get("patient", "")
    chosen = ward or ("" if patient else request.form.get("ward", ""))
    limit = request_context.settings().break_glass.minutes
    return AccessDraft(
        **texts,
        reason=request.form.get("reason", "").strip(),
        ward=chosen,
        patient=patient,
        minutes=read_whole_number("minutes", "Minutes", 1, limit),
        pin=request.form.get("pin", ""),
    )
