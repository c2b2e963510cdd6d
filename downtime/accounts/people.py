"""Accounts: made, changed and closed by an administrator, each with its slot in the key file.

The slot is written inside the transaction that changes the row; a cut between the two leaves a
slot without an active person, which opens no session.
"""

import secrets
from dataclasses import dataclass

from downtime.accounts import store, totp
from downtime.accounts.person import (
    Person,
    check_name,
    check_password,
    check_role,
    check_username,
)
from downtime.config import Settings
from downtime.errors import ConflictError
from downtime.vault import keys
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class NewPerson:
    """What is shown once, to the person it belongs to."""

    person: Person
    totp_secret: str
    totp_uri: str


def create(
    vault: Vault,
    settings: Settings,
    username: str,
    name: str,
    role: str,
    password: str,
    who: Actor,
    why: str,
    *,
    initial: bool = True,
) -> NewPerson:
    """A person with a password that somebody else chose (`initial`) and a new second factor."""
    person = account(username, name, role, initial)
    check_chosen(settings, person, password)
    secret = totp.new_secret()
    with vault.change(who, "person.create", target=person.id, why=why) as db:
        _check_free(store.by_username(db, person.username))
        store.add_person(db, person, secret, vault.now())
        keys.add_slot(
            vault.home, vault.data_key, person.username, "person", password, settings.accounts
        )
    return NewPerson(person, secret, totp.uri(secret, person.username, settings.site.name))


def new_password() -> str:
    """A random password of 79 bits in four groups, easy to copy by hand."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def check_chosen(settings: Settings, person: Person, password: str) -> str:
    """The password, when it is long enough and not the user name."""
    return check_password(password, settings.accounts.password_min_length, person.username)


def account(username: str, name: str, role: str, initial: bool) -> Person:
    """A new active account, its words checked; nothing is stored."""
    return Person(
        id=f"u-{secrets.token_hex(4)}",
        username=check_username(username),
        name=check_name(name),
        role=check_role(role),
        state="active",
        initial_password=initial,
    )


def _check_free(holder: Person | None) -> None:
    if holder is not None:
        raise ConflictError(
            "person.exists",
            "That user name is taken. A name is never given to a second person.",
            "Choose another, or enable the account that has it.",
        )
