"""One's own passkeys: which there are, a new one, one less; and what a browser is asked at sign-in."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from downtime.accounts import passkeys
from downtime.accounts.check_password import check_password, clear_tries
from downtime.accounts.model import Permission
from downtime.errors import UserError
from downtime.web import passkey_challenges, request_context
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("passkeys", __name__)
JSON = "application/json"


@blueprint.post("/sign-in/passkey")
@require_permission(Permission.PUBLIC)
def ask() -> ViewResponse:
    """What the browser of a stranger asks a passkey; it names nobody."""
    challenge = request_context.app_state().passkey_challenges.issue()
    options = passkeys.write_sign_in_options(passkey_challenges.host_name(), challenge)
    return Response(options, content_type=JSON)


@blueprint.post("/passkeys/new")
@require_permission(Permission.SESSION_OWN)
def ask_for_new() -> ViewResponse:
    """What the browser asks for a new passkey of the one who is signed in."""
    options = passkeys.write_registration_options(
        request_context.vault(),
        request_context.person(),
        request_context.settings().site.name,
        passkey_challenges.host_name(),
        request_context.app_state().passkey_challenges.issue(),
    )
    return Response(options, content_type=JSON)


@blueprint.route("/passkeys", methods=["GET", "POST"])
@require_permission(Permission.SESSION_OWN)
def show() -> ViewResponse:
    """One's passkeys on this machine, and how to make one: with the password, as one who left does not."""
    vault, person = request_context.vault(), request_context.person()
    error: UserError | None = None
    if request.method == "POST":
        try:
            _add()
        except UserError as refused:
            error = refused
        else:
            flash("The passkey is made: the next time it takes the place of the code.")
            return redirect(url_for("passkeys.show"), 303)
    page = render_template(
        "passkeys/show.html",
        error=error,
        passkeys=passkeys.list_passkeys(vault, person.id),
        works_here=passkey_challenges.works_here(),
    )
    return (page, error.http_status) if error else page


def _add() -> None:
    web, vault, person = (
        request_context.app_state(),
        request_context.vault(),
        request_context.person(),
    )
    answer = web.passkey_challenges.take_answer(request.form.get("passkey", ""))
    check_password(vault, web.settings, person, request.form.get("password", ""))
    clear_tries(vault, person)
    name = request.form.get("name", "")
    passkeys.add_passkey(vault, person, name, answer, request_context.actor())


@blueprint.post("/passkeys/remove")
@require_permission(Permission.SESSION_OWN)
def remove() -> ViewResponse:
    """Let one of one's own passkeys open nothing any more."""
    passkeys.remove_passkey(
        request_context.vault(),
        request_context.person(),
        request.form.get("passkey", ""),
        request_context.actor(),
    )
    flash("The passkey opens nothing any more.")
    return redirect(url_for("passkeys.show"), 303)
