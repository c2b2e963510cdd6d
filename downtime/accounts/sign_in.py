"""Sign in: the password opens a key slot, the slot the vault, and only then the code is looked at.

An unknown user name, a wrong password and a wrong code get the same sentence; the first two also
cost the same work. A one-time code on the same disk does not protect a stolen disk: the password
and full-disk encryption do (docs say so).
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from downtime.accounts import sign_in_delays, totp
from downtime.accounts.model import AuditAction, Person
from downtime.accounts.read_only import change_accounts
from downtime.accounts.store import accounts
from downtime.clock import Clock
from downtime.config import Home
from downtime.errors import LockedError
from downtime.security_events import SecurityEvent, report_event
from downtime.settings import Settings
from downtime.vault import device, keys
from downtime.vault.migrate_vault import open_vault
from downtime.vault.model import Actor
from downtime.vault.vault import Vault, check_vault_exists


class SignedIn(NamedTuple):
    """An unlocked vault, who unlocked it, and that person at this machine for the audit."""

    vault: Vault
    person: Person
    actor: Actor


def sign_in(
    home: Home,
    settings: Settings,
    clock: Clock,
    username: str,
    password: str,
    code: str,
    *,
    vault: Vault | None = None,
) -> SignedIn:
    """Unlock the vault for a person, or join the one that this process has open.

    LockedError `signin.refused` or, after several failures, `signin.wait`. Refusals are audited
    when the vault is open anyway.
    """
    username = username.strip().lower()
    unlocked_vault = open_with_password(home, settings, clock, username, password, vault)
    try:
        with _reporting_refusals():
            signed_in = _check_code(unlocked_vault, username, code)
    except BaseException:
        if unlocked_vault is not vault:
            unlocked_vault.close()
        raise
    return signed_in


def open_with_password(
    home: Home,
    settings: Settings,
    clock: Clock,
    username: str,
    password: str,
    vault: Vault | None,
) -> Vault:
    """The vault that a password opens; every try counts until `sign_in_delays.clear_failures`."""
    keys.check_home_exists(home)
    check_vault_exists(home)
    with _reporting_refusals():
        sign_in_delays.count_attempt(home, settings.accounts, clock(), username)
        try:
            data_key = keys.open_slot(home, username, password)
        except LockedError:
            if vault is not None:
                _audit_refusal(vault, username)
            raise
    if vault is None:
        return open_vault(home, settings, data_key, clock)
    if vault.data_key != data_key:  # renewed at this very opening
        vault.replace_key(lambda _: data_key)
    return vault


@contextmanager
def _reporting_refusals() -> Iterator[None]:
    """Whoever watches this machine hears of each; not of whom, for a vault that is locked cannot say."""
    try:
        yield
    except LockedError as error:
        report_event(SecurityEvent.SIGN_IN_REFUSED, code=error.code)
        raise


def _check_code(vault: Vault, username: str, code: str) -> SignedIn:
    person = accounts.find_by_username(vault.db, username)
    if person is None or not person.is_active:
        raise keys.refused_error()
    actor = person.make_actor(device.read_own_code(vault.home))
    with suppress(_WrongCodeError):
        with change_accounts(vault, actor, AuditAction.SESSION_SIGN_IN, person.id) as db:
            if not totp.accept_code(db, person.id, code, vault.clock()):
                raise _WrongCodeError
        _audit_earlier_failures(vault, actor, sign_in_delays.clear_failures(vault.home, username))
        return SignedIn(vault, person, actor)
    _audit_refusal(vault, username)
    raise keys.refused_error()


def _audit_earlier_failures(vault: Vault, actor: Actor, count: int) -> None:
    if count:
        reason = f"{count} refused before this sign-in"
        with change_accounts(vault, actor, AuditAction.SESSION_REFUSED_BEFORE, actor.id, reason):
            pass


def _audit_refusal(vault: Vault, username: str) -> None:
    """Only known accounts are named: what was typed may be a password in the wrong field."""
    person = accounts.find_by_username(vault.db, username)
    nobody = Actor("", "", device.read_own_code(vault.home))
    target = person.id if person else ""
    with change_accounts(vault, nobody, AuditAction.SESSION_REFUSED, target):
        pass


class _WrongCodeError(Exception):
    """Undoes the transaction of a sign-in whose code is wrong."""
