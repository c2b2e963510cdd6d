"""Sign in, lock, unlock, switch, sign out, choose a password."""

from typing import cast

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request
from flask import url_for as address

from downtime.accounts import people, sessions, signin
from downtime.accounts.model import Permission
from downtime.errors import InputError, LockedError, UserError
from downtime.web import access_control, request_context
from downtime.web.responses import Answer
from downtime.web.view_permissions import requires

account = Blueprint("account", __name__)


@account.route("/sign-in", methods=["GET", "POST"])
@requires(Permission.PUBLIC)
def sign_in() -> Answer:
    """User name, password and one-time code; every refusal has the same sentence."""
    if request.method == "GET":
        return render_template("account/sign-in.html", error=None, username="", note="")
    web = request_context.web()
    username = request.form.get("username", "")
    try:
        with web.keeper.maybe() as held:
            signed_in = signin.sign_in(
                web.home,
                web.settings,
                web.clock,
                username,
                request.form.get("password", ""),
                request.form.get("code", ""),
                vault=held,
            )
            if held is None:
                signed_in.vault.check_schema()
                web.keeper.keep(signed_in.vault)
        with web.keeper.use() as vault:
            token = sessions.start(vault, web.settings, signed_in.person, signed_in.actor.device)
    except UserError as error:
        page = render_template("account/sign-in.html", error=error, username=username, note="")
        return page, error.http_status
    answer = cast(Response, redirect(address("home.start"), 303))
    access_control.remember_session(answer, token)
    return answer


@account.post("/lock")
@requires(Permission.SESSION_OWN)
def lock() -> Answer:
    """Lock the screen now."""
    sessions.lock(request_context.vault(), access_control.token())
    return redirect(address("account.locked"), 303)


@account.get("/locked")
@requires(Permission.SESSION_OWN)
def locked() -> Answer:
    """The locked screen; coming here locks, so that a page left alone can send itself here."""
    if not g.locked:
        sessions.lock(request_context.vault(), access_control.token())
        g.locked = True
    return render_template("account/locked.html", error=None)


@account.post("/unlock")
@requires(Permission.SESSION_OWN)
def unlock() -> Answer:
    """Go on with the password alone."""
    password = request.form.get("password", "")
    try:
        sessions.unlock(
            request_context.vault(), request_context.settings(), access_control.token(), password
        )
    except LockedError as error:
        return render_template("account/locked.html", error=error), error.http_status
    return redirect(address("home.start"), 303)


@account.post("/switch-user")
@requires(Permission.SESSION_OWN)
def switch() -> Answer:
    """End this session and let somebody else sign in; running work goes on."""
    return _end("Signed out. What was begun is kept. Who is next?")


@account.post("/sign-out")
@requires(Permission.SESSION_OWN)
def sign_out() -> Answer:
    """End this session; with the last one the vault is locked."""
    answer = _end("You are signed out.")
    keeper = request_context.web().keeper
    if not sessions.live(request_context.vault()):
        keeper.forget()
    return answer


def _end(note: str) -> Answer:
    request_context.forget_remembered()
    sessions.end(request_context.vault(), access_control.token())
    g.pop("person", None)
    page = render_template("account/sign-in.html", error=None, username="", note=note)
    answer = make_response(page)
    access_control.forget_session(answer)
    return answer


@account.route("/password", methods=["GET", "POST"])
@requires(Permission.SESSION_OWN)
def password() -> Answer:
    """Choose one's own password, at first because somebody else chose it."""
    error: UserError | None = None
    if request.method == "POST":
        try:
            _change_password()
        except UserError as refused:
            error = refused
        else:
            flash("The password was changed.")
            return redirect(address("home.start"), 303)
    first = request_context.person().initial_password
    page = render_template(
        "account/first-password.html",
        error=error,
        shortest=request_context.settings().accounts.password_min_length,
        note="Somebody else made your first password. Only you should know the next one."
        if first
        else "It opens this laptop's data: nobody else should know it.",
    )
    return (page, error.http_status) if error else page


def _change_password() -> None:
    new = request.form.get("new", "")
    if new != request.form.get("again", ""):
        raise InputError(
            "person.password", "The two new passwords are not the same.", "Type them again."
        )
    old = request.form.get("old", "")
    people.change_password(
        request_context.vault(),
        request_context.settings(),
        request_context.person(),
        old,
        new,
        request_context.actor(),
    )
