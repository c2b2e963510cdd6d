"""Sign in, lock, unlock, switch, sign out, choose a password."""

from http import HTTPStatus
from typing import cast

from flask import (
    Blueprint,
    Response,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
)
from flask import url_for as address

from downtime.accounts import people, printed_codes, sessions
from downtime.accounts import sign_in as accounts_sign_in
from downtime.accounts.check_password import check_password, clear_tries
from downtime.accounts.model import Permission
from downtime.accounts.second_factor import describe_used
from downtime.accounts.sign_in import SignedIn
from downtime.errors import BusyError, InputError, LockedError, UserError
from downtime.fleet import unlock_notices
from downtime.outage import outages
from downtime.paper.labels.complete_codes import parse_complete_code
from downtime.vault import copied_home
from downtime.vault.vault import Vault
from downtime.web import access_control, passkey_challenges, request_context, typed_texts
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission
from downtime.web.views import guidance

blueprint = Blueprint("account", __name__)


@blueprint.route("/sign-in", methods=["GET", "POST"])
@require_permission(Permission.PUBLIC)
def sign_in() -> ViewResponse:
    """User name, password and one-time code or passkey; every refusal has the same sentence."""
    if request.method != "POST":  # HEAD, too, only looks
        return _sign_in_page()
    web = request_context.app_state()
    username = request.form.get("username", "")
    try:
        _refuse_scan("username", "password", "code")
        with web.vault_holder.use_if_unlocked() as held_vault:
            signed_in = _sign_in(held_vault, username)
            if held_vault is None:
                web.vault_holder.keep_vault(signed_in.vault)
                for notice in copied_home.list_messages(signed_in.vault):
                    flash(notice)
            if used := signed_in.printed_code:
                flash(describe_used(used), "warn")
        with web.vault_holder.lend_vault() as vault:
            for notice in unlock_notices.list_notices(
                vault,
                web.settings,
                signed_in.actor,
                outage_open=outages.find_current(vault) is not None,
            ):
                flash(notice, "warn")
        with web.vault_holder.lend_vault() as vault:
            token = sessions.start_session(
                vault, web.settings, signed_in.person, signed_in.actor.device
            )
    except UserError as error:
        return _sign_in_page(error, username=username), error.http_status
    answer = cast(Response, redirect(address("home.start"), 303))
    access_control.set_session_cookie(answer, token)
    return answer


def _sign_in_page(error: UserError | None = None, username: str = "", note: str = "") -> str:
    return render_template(
        "account/sign_in.html",
        error=error,
        username=username,
        note=note,
        takes_passkeys=passkey_challenges.works_here(),
    )


def _sign_in(vault: Vault | None, username: str) -> SignedIn:
    """With a passkey alone only where the vault is open: it opens none."""
    web, client = request_context.app_state(), request_context.client()
    password, credential = request.form.get("password", ""), request.form.get("passkey", "")
    passkey = web.passkey_challenges.take_answer(credential) if credential else None
    if passkey and not password:
        if vault is None:
            raise LockedError(
                "signin.passkey-alone",
                "Nobody is signed in on this laptop, so its data are locked: a passkey alone opens them"
                " for nobody.",
                "Type your user name and password, then press the button again.",
            )
        return accounts_sign_in.sign_in_with_passkey(vault, web.settings, passkey, client=client)
    return accounts_sign_in.sign_in(
        web.home,
        web.settings,
        web.clock,
        username,
        password,
        request.form.get("code", ""),
        passkey=passkey,
        vault=vault,
        client=client,
    )


@blueprint.post("/lock")
@require_permission(Permission.SESSION_OWN)
def lock() -> ViewResponse:
    """Lock the screen now."""
    sessions.lock_session(request_context.vault(), access_control.session_token())
    return redirect(address("account.locked"), 303)


@blueprint.get("/locked")
@require_permission(Permission.SESSION_OWN)
def locked() -> ViewResponse:
    """The locked screen; coming here locks, so that a page left alone can send itself here."""
    if not g.locked:
        sessions.lock_session(request_context.vault(), access_control.session_token())
        g.locked = True
    return _locked_page()


def _locked_page(error: UserError | None = None) -> str:
    """It names no patient, and says what has to be done now."""
    outage = guidance.find_open()
    cards = guidance.show_cards(outage).present if outage else []
    has_pin = sessions.has_pin(request_context.vault(), access_control.session_token())
    return render_template(
        "account/locked.html", error=error, outage=outage, cards=cards, has_pin=has_pin
    )


@blueprint.post("/unlock")
@require_permission(Permission.SESSION_OWN)
def unlock() -> ViewResponse:
    """Go on with the password alone."""
    try:
        _refuse_scan("password")
        sessions.unlock_session(
            request_context.vault(),
            request_context.settings(),
            access_control.session_token(),
            request.form.get("password", ""),
        )
    except (BusyError, InputError, LockedError) as error:
        return _locked_page(error), error.http_status
    return redirect(typed_texts.find_last_page() or address("home.start"), 303)


@blueprint.post("/typed")
@require_permission(Permission.SESSION_OWN)
def keep_typed() -> ViewResponse:
    """Keep what is half typed in one form; it is sent here while one types."""
    typed_texts.keep_typed()
    return Response(status=HTTPStatus.NO_CONTENT)


def _refuse_scan(*names: str) -> None:
    """InputError for a code that was scanned into a field: that is no attempt to get in, and none is counted."""
    for name in names:
        if parse_complete_code(request.form.get(name, ""), request_context.settings()):
            raise InputError(
                "account.scan",
                "That was a scan, and it was ignored.",
                "Type what is asked for, then scan again.",
            )


@blueprint.post("/switch-user")
@require_permission(Permission.SESSION_OWN)
def switch() -> ViewResponse:
    """End this session and let somebody else sign in; running work goes on."""
    return _end("You are signed out and your work is saved. The next user can sign in.")


@blueprint.post("/sign-out")
@require_permission(Permission.SESSION_OWN)
def sign_out() -> ViewResponse:
    """End this session; with the last one the vault is locked."""
    answer = _end("You are signed out.")
    vault_holder = request_context.app_state().vault_holder
    if not sessions.count_live_sessions(request_context.vault()):
        vault_holder.release()
        typed_texts.forget_typed()
    return answer


def _end(note: str) -> ViewResponse:
    request_context.forget_texts()
    sessions.end_session(request_context.vault(), access_control.session_token())
    g.pop("person", None)
    session.clear()
    answer = make_response(_sign_in_page(note=note))
    access_control.clear_session_cookie(answer)
    return answer


@blueprint.route("/password", methods=["GET", "POST"])
@require_permission(Permission.SESSION_OWN)
def password() -> ViewResponse:
    """Choose one's own password, at first because that was made by the program or somebody else."""
    error: UserError | None = None
    if request.method == "POST":
        try:
            _change_password()
        except UserError as refused:
            error = refused
        else:
            flash(
                "The password was changed. Wherever else you were signed in you are not any more."
            )
            return redirect(address("home.start"), 303)
    first = request_context.person().initial_password
    page = render_template(
        "account/password.html",
        error=error,
        shortest=request_context.settings().accounts.password_min_length,
        note="Your first password was made for you, so that others may have seen it. Only you should know the next one."
        if first
        else "It unlocks this laptop's data. Do not share it.",
    )
    return (page, error.http_status) if error else page


@blueprint.route("/codes", methods=["GET", "POST"])
@require_permission(Permission.SESSION_OWN)
def codes() -> ViewResponse:
    """One's own printed codes: how many are left, and a new sheet, which is shown once."""
    vault, person = request_context.vault(), request_context.person()
    error: UserError | None = None
    if request.method == "POST":
        try:
            check_password(
                vault, request_context.settings(), person, request.form.get("password", "")
            )
            clear_tries(vault, person)
            sheet = printed_codes.create_codes(
                vault,
                request_context.settings().accounts,
                person.id,
                request_context.actor(),
                "made by the person",
            )
        except UserError as refused:
            error = refused
        else:
            return render_template("account/codes.html", sheet=sheet)
    codes_left = printed_codes.count_left(vault, person.id)
    page = render_template("account/codes.html", sheet=None, error=error, left=codes_left)
    return (page, error.http_status) if error else page


@blueprint.route("/sessions", methods=["GET", "POST"])
@require_permission(Permission.SESSION_OWN)
def own_sessions() -> ViewResponse:
    """Where one is signed in on this machine, and the end of all but this one."""
    vault, token = request_context.vault(), access_control.session_token()
    person = request_context.person()
    error: UserError | None = None
    if request.method == "POST":
        try:
            sessions.end_other_sessions(
                vault,
                request_context.settings(),
                token,
                person,
                request.form.get("password", ""),
                request_context.actor(),
            )
        except UserError as refused:
            error = refused
        else:
            flash("You are signed in here alone.")
            return redirect(address("account.own_sessions"), 303)
    opened = sessions.list_sessions(vault, token, person)
    page = render_template("account/own_sessions.html", error=error, sessions=opened)
    return (page, error.http_status) if error else page


@blueprint.route("/pin", methods=["GET", "POST"])
@require_permission(Permission.SESSION_OWN)
def pin() -> ViewResponse:
    """Choose the PIN that unlocks this session until it ends."""
    error: UserError | None = None
    if request.method == "POST":
        try:
            _choose_pin()
        except UserError as refused:
            error = refused
        else:
            flash("Your PIN unlocks this screen until you sign out or your session ends.")
            return redirect(address("home.start"), 303)
    page = render_template(
        "account/pin.html",
        error=error,
        accounts=request_context.settings().accounts,
        has_pin=sessions.has_pin(request_context.vault(), access_control.session_token()),
    )
    return (page, error.http_status) if error else page


def _choose_pin() -> None:
    chosen = request.form.get("pin", "")
    if chosen != request.form.get("again", ""):
        raise InputError("pin.form", "The two PINs do not match.", "Type them again.")
    sessions.choose_pin(
        request_context.vault(),
        request_context.settings(),
        access_control.session_token(),
        request.form.get("password", ""),
        chosen,
    )


def _change_password() -> None:
    new = request.form.get("new", "")
    if new != request.form.get("again", ""):
        raise InputError("person.password", "The new passwords do not match.", "Type them again.")
    old = request.form.get("old", "")
    people.change_password(
        request_context.vault(),
        request_context.settings(),
        request_context.person(),
        old,
        new,
        request_context.actor(),
        token=access_control.session_token(),
    )
