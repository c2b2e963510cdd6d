"""Accounts of people and programs."""

from pathlib import Path

import click

from downtime.accounts import people, printed_codes
from downtime.accounts.model import Permission, Person, Role
from downtime.accounts.permissions import ROLE_TITLES
from downtime.cli.options import FILE, REASON, EnumChoice
from downtime.cli.program import person
from downtime.cli.session import Output, Session, command, pick, prompt_for
from downtime.errors import InputError, NotFoundError


@command(person, "add", permission=Permission.PERSON_MANAGE)
@click.argument("username")
@click.argument("name")
@click.option(
    "--role",
    required=True,
    type=EnumChoice(role for role in ROLE_TITLES if role not in (Role.SERVICE, Role.GUEST)),
    help="What this person may do; docs/permissions.md shows it.",
)
@REASON
def add(session: Session, username: str, name: str, role: str, reason: str) -> Output:
    """Make an account; its first password and second factor are shown once."""
    password = people.make_password()
    credentials = people.create_person(
        session.vault, session.settings, username, name, role, password, session.actor, reason
    )
    return _credentials(credentials, password)


@command(person, "add-service", permission=Permission.PERSON_MANAGE)
@click.argument("username")
@click.argument("name")
@FILE
@REASON
def add_service(session: Session, username: str, name: str, file: Path, reason: str) -> Output:
    """Make an account for a program, opened by the content of FILE."""
    account = people.create_service_account(
        session.vault, session.settings, username, name, file, session.actor, reason
    )
    return Output(_document(account), [f"{account.username} is opened by {file}."])


@command(person, "list", permission=Permission.PERSON_MANAGE)
def list_(session: Session) -> Output:
    """Everybody who has an account."""
    codes_left = printed_codes.count_all_left(session.vault)
    return Output.of_rows(
        people.list_people(session.vault),
        lambda p: _document(p) | {"printed_codes": codes_left.get(p.id, 0)},
        lambda p: (
            f"{p.username:<20} {ROLE_TITLES[p.role]:<24} {p.state:<10}"
            f" {codes_left.get(p.id, 0):>2} codes  {p.name}"
        ),
    )


@command(person, "rename", permission=Permission.PERSON_MANAGE)
@click.argument("username")
@click.argument("name")
@REASON
def rename(session: Session, username: str, name: str, reason: str) -> Output:
    """Another name on screens and prints; the user name stays."""
    person = _find(session, username)
    people.rename_person(session.vault, person.id, name, session.actor, reason)
    renamed = people.get_person(session.vault, person.id)
    return Output(_document(renamed), [f"{renamed.username} is now called {renamed.name}."])


@command(person, "reset", permission=Permission.PERSON_MANAGE)
@click.argument("username")
@REASON
def reset(session: Session, username: str, reason: str) -> Output:
    """A new password and second factor for somebody who lost one; shown once."""
    person, password = _find(session, username), people.make_password()
    renewed = people.reset_credentials(
        session.vault, session.settings, person.id, password, session.actor, reason
    )
    return _credentials(renewed, password)


@command(person, "codes", permission=Permission.SESSION_OWN)
@click.argument("username", required=False)
@click.option("--reason", default="made by the person", help="Why, when it is for somebody else.")
def codes(session: Session, username: str | None, reason: str) -> Output:
    """A new printed sheet of single-use codes, one's own or as administrator another's; shown once.

    Each signs in once beside the password, and needs neither a phone nor a right clock.
    """
    subject = _find(session, username) if username else session.signed_in.person
    sheet = printed_codes.create_codes(
        session.vault, session.settings.accounts, subject.id, session.actor, reason
    )
    document = {**_document(sheet.person), "sheet": sheet.name, "codes": list(sheet.codes)}
    numbered = (f"  {number:>2}  {code}" for number, code in enumerate(sheet.codes, 1))
    return Output(
        document,
        (
            f"Sheet {sheet.name} of {sheet.person.name} for laptop {sheet.device}, shown only now. The one before"
            " opens nothing any more:",
            *numbered,
        ),
    )


@command(person, "disable", permission=Permission.PERSON_MANAGE)
@click.argument("username")
@REASON
def disable(session: Session, username: str, reason: str) -> Output:
    """Close an account: its password opens nothing from now on."""
    person = _find(session, username)
    renewed = people.disable_person(session.vault, person.id, session.actor, reason)
    later = "" if renewed else " The data key is renewed when nobody else has the vault open."
    return Output(_document(person), [f"{person.username} is closed.{later}"])


@command(person, "password", permission=Permission.SESSION_OWN)
def password(session: Session) -> Output:
    """Choose your own password: the first one was made for you, and others may have seen it."""
    signed_in = session.signed_in
    present = prompt_for("Present password, once more", secret=True)
    chosen = prompt_for("New password", secret=True)
    if prompt_for("New password, once more", secret=True) != chosen:
        raise InputError("password.differ", "The two new passwords differ.", "Type them again.")
    people.change_password(
        session.vault, session.settings, signed_in.person, present, chosen, session.actor
    )
    return Output(_document(signed_in.person), ["Your password is changed."])


def _find(session: Session, username: str) -> Person:
    for account in people.list_people(session.vault):
        if account.username == username:
            return account
    raise NotFoundError(
        "person.unknown", f"Nobody has the user name '{username}'.", "See 'downtime person list'."
    )


def _document(person: Person) -> dict[str, str]:
    return pick(person, "username", "name", "role", "state")


def _credentials(credentials: people.Credentials, password: str) -> Output:
    document = {
        **_document(credentials.person),
        "password": password,
        "one_time_code_uri": credentials.totp_uri,
    }
    return Output(
        document,
        (
            f"{credentials.person.name} ({ROLE_TITLES[credentials.person.role]}). Hand these over now; they are not"
            " shown again:",
            f"  user name      {credentials.person.username}",
            f"  password       {password}   (to be changed at the first sign-in)",
            f"  one-time code  {credentials.totp_uri}",
        ),
    )
