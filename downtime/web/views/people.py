"""People: add, change role, give new credentials, disable and enable."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts import people as rules
from downtime.accounts.people import SERVICE, Credentials
from downtime.accounts.permissions import ROLES
from downtime.web import current
from downtime.web.actions import action
from downtime.web.answers import Answer, required_reason
from downtime.web.drawings import qr

people = Blueprint("people", __name__)


@people.get("/people")
@action("person.manage")
def show() -> Answer:
    """All accounts, closed ones too."""
    everybody = rules.everybody(current.vault())
    return render_template("people.html", people=everybody, roles=ROLES, role_items=_roles())


@people.post("/people")
@action("person.manage")
def add() -> Answer:
    """A new person; what they need to sign in is shown once, on the answer to this request."""
    password = rules.new_password()
    made = rules.create(
        current.vault(),
        current.settings(),
        request.form.get("username", ""),
        request.form.get("name", ""),
        request.form.get("role", ""),
        password,
        current.actor(),
        "added on screen",
    )
    return _shown_once(made, password)


@people.get("/people/<person_id>")
@action("person.manage")
def one(person_id: str) -> Answer:
    """What can be changed of one account."""
    subject = rules.get(current.vault(), person_id)
    return render_template("person.html", subject=subject, role_items=_roles())


@people.post("/people/<person_id>/name")
@action("person.manage")
def rename(person_id: str) -> Answer:
    """Another name on screens and prints."""
    name = request.form.get("name", "")
    rules.rename(current.vault(), person_id, name, current.actor(), required_reason())
    flash("The name was changed.")
    return redirect(url_for("people.one", person_id=person_id), 303)


@people.post("/people/<person_id>/role")
@action("person.manage")
def role(person_id: str) -> Answer:
    """Another role, from their next click on."""
    chosen = request.form.get("role", "")
    rules.set_role(current.vault(), person_id, chosen, current.actor(), required_reason())
    flash("The role was changed.")
    return redirect(url_for("people.one", person_id=person_id), 303)


@people.post("/people/<person_id>/credentials")
@action("person.manage")
def reset(person_id: str) -> Answer:
    """A new password and one-time code for somebody who lost one."""
    password = rules.new_password()
    vault, settings = current.vault(), current.settings()
    return _shown_once(
        rules.reset(vault, settings, person_id, password, current.actor(), required_reason()),
        password,
    )


@people.post("/people/<person_id>/disable")
@action("person.manage")
def disable(person_id: str) -> Answer:
    """Close an account."""
    renewed = rules.disable(current.vault(), person_id, current.actor(), required_reason())
    later = " The data key is renewed when nothing else has the vault open."
    flash("The account is disabled." + ("" if renewed else later))
    return redirect(url_for("people.one", person_id=person_id), 303)


@people.post("/people/<person_id>/enable")
@action("person.manage")
def enable(person_id: str) -> Answer:
    """Open a closed account again, with new credentials."""
    password = rules.new_password()
    vault, settings = current.vault(), current.settings()
    return _shown_once(
        rules.enable(vault, settings, person_id, password, current.actor(), required_reason()),
        password,
    )


def _roles() -> list[dict[str, str]]:
    return [{"value": name, "text": text} for name, text in ROLES.items() if name != SERVICE]


def _shown_once(made: Credentials, password: str) -> Answer:
    return render_template(
        "shown-once.html",
        subject=made.person,
        password=password,
        secret=made.totp_secret,
        qr=qr(made.totp_uri),
    )
