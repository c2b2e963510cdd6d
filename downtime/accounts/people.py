"""Accounts: made, changed and closed by an administrator, each with its slot in the key file.

The slot is written inside the transaction that changes the row. A cut between the two leaves a
slot whose account is not active, or an active account without a slot: neither signs anybody in,
and doing it again puts it right.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import sqlite_utils

from downtime.accounts import own_secrets, totp
from downtime.accounts.check_password import check_password as check_present_password
from downtime.accounts.check_password import clear_tries
from downtime.accounts.model import AccountState, AuditAction, Person, Role
from downtime.accounts.policies import (
    LIFECYCLE,
    check_is_human,
    check_is_open,
    check_name,
    check_password,
    check_role,
    check_username,
)
from downtime.accounts.read_only import accounts_db
from downtime.accounts.readable_secrets import make_readable_secret
from downtime.accounts.sessions import hash_token
from downtime.accounts.store import account_sessions, accounts, second_factors
from downtime.errors import ConflictError
from downtime.settings import Settings
from downtime.vault import keys
from downtime.vault.files import read_secret
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.slots import Slot
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Credentials:
    """A person with the second factor that is shown to them once."""

    person: Person
    totp_secret: str
    totp_uri: str


def create_person(
    vault: Vault,
    settings: Settings,
    username: str,
    name: str,
    role: str,
    password: str,
    actor: Actor,
    reason: str,
    *,
    initial: bool = True,
) -> Credentials:
    """A new person; `initial` says that the password was made for them."""
    person = make_person(username, name, role, initial)
    check_is_human(person.role)
    check_new_password(settings, person, password)
    secret = totp.make_secret()
    with vault.change(
        actor, AuditAction.PERSON_CREATE, target=person.id, reason=check_reason(reason)
    ) as db:
        _check_free(db, person)
        accounts.add_person(db, person, "", vault.now())
        slot = _set_password(vault, settings, person, password)
        accounts.set_totp_secret(db, person.id, own_secrets.seal_secret(slot, secret))
    return _show_credentials(settings, person, secret)


def create_service_account(
    vault: Vault,
    settings: Settings,
    username: str,
    name: str,
    file: Path,
    actor: Actor,
    reason: str,
) -> Person:
    """An account for a program, opened by the whole content of a file that exists already."""
    person = make_person(username, name, Role.SERVICE, False)
    secret = read_secret(file)
    with vault.change(actor, AuditAction.PERSON_CREATE, target=person.id, reason=reason) as db:
        _check_free(db, person)
        accounts.add_person(db, person, "", vault.now())
        keys.add_slot(
            vault.home, vault.data_key, person.username, "file", secret, settings.accounts
        )
    return person


def list_people(vault: Vault) -> list[Person]:
    """All accounts by name, closed ones too."""
    return accounts.list_people(vault.db)


def get_person(vault: Vault, person_id: str) -> Person:
    """NotFoundError when there is none; somebody who stands in for a lost account is one."""
    return accounts.get_person(accounts_db(vault), person_id)


def is_program(vault: Vault, actor: Actor) -> bool:
    """Whether a service account acts: a program is nobody's second pair of eyes."""
    people = accounts.list_people(vault.db)
    return any(person.id == actor.id and person.role == Role.SERVICE for person in people)


def rename_person(vault: Vault, person_id: str, name: str, actor: Actor, reason: str) -> None:
    """Change the name on screens and prints; the account stays the same person's."""
    name = check_name(name)
    with _change(vault, actor, AuditAction.PERSON_RENAME, person_id, reason) as db:
        accounts.update_person(db, replace(accounts.get_person(db, person_id), name=name))


def set_role(vault: Vault, person_id: str, role: str, actor: Actor, reason: str) -> None:
    """Give a person another role, from their next click on; a program stays a program."""
    new_role = check_role(role)
    check_is_human(new_role)
    with _change(vault, actor, AuditAction.PERSON_SET_ROLE, person_id, reason) as db:
        person = accounts.get_person(db, person_id)
        check_is_human(person.role)
        accounts.update_person(db, replace(person, role=new_role))
        _check_administrator_left(db)


def disable_person(vault: Vault, person_id: str, actor: Actor, reason: str) -> bool:
    """Close an account: its sessions end, its password opens nothing, the data key is renewed.

    False when the renewal has to wait until nothing else has the vault open: the next opening
    does it.
    """
    with _change(vault, actor, AuditAction.PERSON_DISABLE, person_id, reason) as db:
        person = accounts.get_person(db, person_id)
        LIFECYCLE.check(person.state, AccountState.DISABLED)
        accounts.update_person(db, replace(person, state=AccountState.DISABLED))
        second_factors.withdraw_codes(db, person_id, vault.now())
        account_sessions.delete_sessions_of(db, person_id)
        _check_administrator_left(db)
        following = keys.remove_slot(vault.home, vault.data_key, person.username)
    del db
    return following is None or keys.renew_data_key(vault, following)


def enable_person(
    vault: Vault, settings: Settings, person_id: str, password: str, actor: Actor, reason: str
) -> Credentials:
    """Open a closed account again, with a new password and a new second factor."""
    LIFECYCLE.check(get_person(vault, person_id).state, AccountState.ACTIVE)
    return _renew_credentials(
        vault, settings, person_id, password, actor, AuditAction.PERSON_ENABLE, reason
    )


def reset_credentials(
    vault: Vault, settings: Settings, person_id: str, password: str, actor: Actor, reason: str
) -> Credentials:
    """A new password and second factor for somebody who lost one; their sessions end."""
    check_is_open(get_person(vault, person_id))
    return _renew_credentials(
        vault, settings, person_id, password, actor, AuditAction.PERSON_RESET, reason
    )


def change_password(
    vault: Vault,
    settings: Settings,
    person: Person,
    present: str,
    password: str,
    actor: Actor,
    *,
    token: str = "",
) -> None:
    """A person's own new password; LockedError when the present one is wrong.

    It ends all of their sessions but that of `token`: somebody else may know the old one.
    """
    check_new_password(settings, person, password)
    own_key = check_present_password(vault, settings, person, present)
    secret = own_secrets.open_secret(vault.db, person.id, own_key)
    clear_tries(vault, person)
    with vault.change(actor, AuditAction.PERSON_CHANGE_PASSWORD, target=person.id) as db:
        accounts.update_person(
            db, replace(accounts.get_person(db, person.id), initial_password=False)
        )
        account_sessions.delete_other_sessions(db, person.id, hash_token(token))
        slot = _set_password(vault, settings, person, password)
        if secret:
            accounts.reseal_totp_secret(db, person.id, own_secrets.seal_secret(slot, secret))


def make_person(username: str, name: str, role: str, initial: bool) -> Person:
    """A new active account, its words checked; nothing is stored."""
    return Person(
        id=f"u-{secrets.token_hex(4)}",
        username=check_username(username),
        name=check_name(name),
        role=check_role(role),
        state=AccountState.ACTIVE,
        initial_password=initial,
    )


def check_new_password(settings: Settings, person: Person, password: str) -> str:
    """The password, when it is long enough, and not one that anybody would try."""
    own_words = (person.username, person.name, settings.site.name, settings.site.code)
    shortest = settings.accounts.password_min_length
    return check_password(password, shortest, person.username, own_words)


def make_password() -> str:
    """A random password of 79 bits in four groups, easy to copy by hand."""
    return make_readable_secret(4)


@contextmanager
def _change(
    vault: Vault, actor: Actor, action: AuditAction, person_id: str, reason: str
) -> Iterator[sqlite_utils.Database]:
    with vault.change(actor, action, target=person_id, reason=check_reason(reason)) as db:
        yield db


def _renew_credentials(
    vault: Vault,
    settings: Settings,
    person_id: str,
    password: str,
    actor: Actor,
    action: AuditAction,
    reason: str,
) -> Credentials:
    secret = totp.make_secret()
    with _change(vault, actor, action, person_id, reason) as db:
        person = accounts.get_person(db, person_id)
        check_is_human(person.role)
        check_new_password(settings, person, password)
        person = replace(person, state=AccountState.ACTIVE, initial_password=True)
        accounts.update_person(db, person)
        second_factors.forget_factors(db, person_id, vault.now())
        account_sessions.delete_sessions_of(db, person_id)
        slot = _set_password(vault, settings, person, password)
        accounts.set_totp_secret(db, person_id, own_secrets.seal_secret(slot, secret))
    return _show_credentials(settings, person, secret)


def _set_password(vault: Vault, settings: Settings, person: Person, password: str) -> Slot:
    name, cost = person.username, settings.accounts
    return keys.add_slot(vault.home, vault.data_key, name, "person", password, cost)


def _show_credentials(settings: Settings, person: Person, secret: str) -> Credentials:
    return Credentials(person, secret, totp.make_uri(secret, person.username, settings.site.name))


def _check_free(db: sqlite_utils.Database, person: Person) -> None:
    if accounts.find_by_username(db, person.username):
        raise ConflictError(
            "person.exists",
            "That user name is taken. A name is never given to a second person.",
            "Choose another, or open the closed account that has it again.",
        )


def _check_administrator_left(db: sqlite_utils.Database) -> None:
    if not accounts.count_active_administrators(db):
        raise ConflictError(
            "person.last-administrator",
            "That is the last active administrator.",
            "Make another administrator first.",
        )
