"""People: add, change role, give new credentials, disable and enable."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts import people as accounts
from downtime.accounts import printed_codes
from downtime.accounts.model import Permission, Role
from downtime.accounts.people import Credentials
from downtime.accounts.permissions import ROLE_TITLES
from downtime.outage.events import ward_scope
from downtime.web import request_context
from downtime.web.qr_code import draw_qr_code
from downtime.web.responses import ViewResponse, required_reason
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("people", __name__)


@blueprint.get("/people")
@require_permission(Permission.PERSON_MANAGE)
def show() -> ViewResponse:
    """All accounts, closed ones too."""
    vault, settings = request_context.vault(), request_context.settings()
    return render_template(
        "people/show.html",
        unknown_limits=ward_scope.describe_unknown_names(vault, settings),
        people=accounts.list_people(vault),
        roles=ROLE_TITLES,
        role_items=_roles(),
        codes_left=printed_codes.count_all_left(vault),
    )


@blueprint.post("/people")
@require_permission(Permission.PERSON_MANAGE)
def add() -> ViewResponse:
    """A new person; what they need to sign in is shown once, on the answer to this request."""
    password = accounts.make_password()
    credentials = accounts.create_person(
        request_context.vault(),
        request_context.settings(),
        request.form.get("username", ""),
        request.form.get("name", ""),
        request.form.get("role", ""),
        password,
        request_context.actor(),
        "added on screen",
    )
    return _shown_once(credentials, password)


@blueprint.get("/people/<person_id>")
@require_permission(Permission.PERSON_MANAGE)
def account(person_id: str) -> ViewResponse:
    """What can be changed of one account."""
    vault = request_context.vault()
    return render_template(
        "people/account.html",
        subject=accounts.get_person(vault, person_id),
        role_items=_roles(),
        codes_left=printed_codes.count_left(vault, person_id),
    )


@blueprint.post("/people/<person_id>/name")
@require_permission(Permission.PERSON_MANAGE)
def rename(person_id: str) -> ViewResponse:
    """Another name on screens and prints."""
    name = request.form.get("name", "")
    accounts.rename_person(
        request_context.vault(), person_id, name, request_context.actor(), required_reason()
    )
    flash("The name was changed.")
    return redirect(url_for("people.account", person_id=person_id), 303)


@blueprint.post("/people/<person_id>/role")
@require_permission(Permission.PERSON_MANAGE)
def role(person_id: str) -> ViewResponse:
    """Another role, from their next click on."""
    chosen = request.form.get("role", "")
    accounts.set_role(
        request_context.vault(), person_id, chosen, request_context.actor(), required_reason()
    )
    flash("The role was changed.")
    return redirect(url_for("people.account", person_id=person_id), 303)


@blueprint.post("/people/<person_id>/credentials")
@require_permission(Permission.PERSON_MANAGE)
def reset(person_id: str) -> ViewResponse:
    """A new password and one-time code for somebody who lost one."""
    password = accounts.make_password()
    vault, settings = request_context.vault(), request_context.settings()
    return _shown_once(
        accounts.reset_credentials(
            vault, settings, person_id, password, request_context.actor(), required_reason()
        ),
        password,
    )


@blueprint.post("/people/<person_id>/codes")
@require_permission(Permission.PERSON_MANAGE)
def print_codes(person_id: str) -> ViewResponse:
    """A new printed sheet of single-use codes for somebody; it is shown once."""
    sheet = printed_codes.create_codes(
        request_context.vault(),
        request_context.settings().accounts,
        person_id,
        request_context.actor(),
        required_reason(),
    )
    return render_template("people/print_codes.html", sheet=sheet)


@blueprint.post("/people/<person_id>/disable")
@require_permission(Permission.PERSON_MANAGE)
def disable(person_id: str) -> ViewResponse:
    """Close an account."""
    renewed = accounts.disable_person(
        request_context.vault(), person_id, request_context.actor(), required_reason()
    )
    later = " The data key is renewed when nothing else has the vault open."
    flash("The account is disabled." + ("" if renewed else later))
    return redirect(url_for("people.account", person_id=person_id), 303)


@blueprint.post("/people/<person_id>/enable")
@require_permission(Permission.PERSON_MANAGE)
def enable(person_id: str) -> ViewResponse:
    """Open a closed account again, with new credentials."""
    password = accounts.make_password()
    vault, settings = request_context.vault(), request_context.settings()
    return _shown_once(
        accounts.enable_person(
            vault, settings, person_id, password, request_context.actor(), required_reason()
        ),
        password,
    )


def _roles() -> list[dict[str, str]]:
    return [
        {"value": role, "text": text}
        for role, text in ROLE_TITLES.items()
        if role not in (Role.SERVICE, Role.GUEST)
    ]


def _shown_once(credentials: Credentials, password: str) -> ViewResponse:
    return render_template(
        "people/add.html",
        subject=credentials.person,
        password=password,
        secret=credentials.totp_secret,
        qr=draw_qr_code(credentials.totp_uri),
    )
