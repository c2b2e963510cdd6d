"""Sign in: the password opens a key slot, the slot the vault, and only then the code is looked at.

An unknown user name, a wrong password and a wrong code get the same sentence; the first two also
cost the same work. A one-time code on the same disk does not protect a stolen disk: the password
and full-disk encryption do (docs say so).
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from downtime.accounts import (
    own_secrets,
    passkeys,
    second_factor,
    sign_in_delays,
    sign_in_lane,
    totp,
)
from downtime.accounts.model import AuditAction, Person
from downtime.accounts.own_secrets import OwnKey
from downtime.accounts.passkeys import PasskeyAnswer
from downtime.accounts.printed_codes import UsedCode
from downtime.accounts.read_only import (
    accounts_db,
    change_accounts,
    find_account,
    is_reader,
    works_read_only,
)
from downtime.accounts.second_factor import TypedCode
from downtime.accounts.store import accounts
from downtime.clock import Clock
from downtime.config import Home
from downtime.errors import LockedError
from downtime.security_events import SecurityEvent, report_event
from downtime.settings import Settings
from downtime.vault import device, keys
from downtime.vault.migrate_vault import open_vault
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


class SignedIn(NamedTuple):
    """An unlocked vault, who unlocked it, and that person at this machine for the audit."""

    vault: Vault
    person: Person
    actor: Actor
    printed_code: UsedCode | None = None
    """The code of the printed sheet that was used for it."""


def sign_in(
    home: Home,
    settings: Settings,
    clock: Clock,
    username: str,
    password: str,
    code: str,
    *,
    passkey: PasskeyAnswer | None = None,
    vault: Vault | None = None,
    client: str = "",
) -> SignedIn:
    """Unlock the vault for a person, or join the one that this process has open.

    A `passkey` takes the place of the code. `client` is the address that asks, empty at a terminal. LockedError `signin.refused` or, after
    several failures from there, `signin.wait`; BusyError while too many try. Refusals are audited when
    the vault is open anyway.
    """
    username = username.strip().lower()
    unlocked_vault, own_key = open_with_password(
        home, settings, clock, username, password, vault, client=client
    )
    try:
        with _reporting_refusals():
            signed_in = _check_code(
                unlocked_vault, settings, username, passkey or code, client, own_key
            )
    except BaseException:
        if unlocked_vault is not vault:
            unlocked_vault.close()
        raise
    return signed_in


def sign_in_with_passkey(
    vault: Vault, settings: Settings, passkey: PasskeyAnswer, *, client: str = ""
) -> SignedIn:
    """Join the vault that this process has open, with what the passkey knows and is; LockedError otherwise."""
    username = passkeys.find_username(vault, passkey)
    with _reporting_refusals():
        sign_in_delays.count_attempt(vault.home, settings.accounts, vault.clock(), username, client)
        return _check_code(vault, settings, username, passkey, client)


def open_with_password(
    home: Home,
    settings: Settings,
    clock: Clock,
    username: str,
    password: str,
    vault: Vault | None,
    *,
    client: str = "",
    has_session: bool = False,
) -> tuple[Vault, OwnKey]:
    """The vault that a password opens, and what it alone opens there; every try counts until `sign_in_delays.clear_failures`."""
    keys.check_home_exists(home)
    lane = sign_in_lane.enter_lane(settings.accounts, client, has_session=has_session)
    with lane, _reporting_refusals():
        sign_in_delays.count_attempt(home, settings.accounts, clock(), username, client)
        try:
            data_key, own_key = keys.open_own_slot(home, username, password)
        except LockedError:
            if vault is not None:
                _audit_refusal(vault, username)
            raise
    if vault is None:
        return open_vault(home, settings, data_key, clock), own_key
    if vault.data_key != data_key:  # renewed at this very opening
        vault.replace_key(lambda _: data_key)
    return vault, own_key


@contextmanager
def _reporting_refusals() -> Iterator[None]:
    """Whoever watches this machine hears of each; not of whom, for a vault that is locked cannot say."""
    try:
        yield
    except LockedError as error:
        report_event(SecurityEvent.SIGN_IN_REFUSED, code=error.code)
        raise


@works_read_only
def _check_code(
    vault: Vault,
    settings: Settings,
    username: str,
    typed: str | PasskeyAnswer,
    client: str,
    own_key: OwnKey | None = None,
) -> SignedIn:
    person = find_account(vault, username)
    if person is None or not person.is_active:
        raise keys.refused_error()
    actor = person.make_actor(device.read_own_code(vault.home))
    code = (
        typed
        if isinstance(typed, PasskeyAnswer)
        else second_factor.read_code(accounts_db(vault), person.id, typed, own_key)
    )
    with suppress(_WrongCodeError):
        printed = _note_sign_in(vault, person, actor, code)
        failures = sign_in_delays.clear_failures(vault.home, username, client)
        _audit_printed_code(vault, actor, printed)
        _audit_earlier_failures(vault, actor, failures)
        return SignedIn(vault, person, actor, printed)
    raise _refuse_code(vault, settings, person, code) or keys.refused_error()


def _note_sign_in(
    vault: Vault, person: Person, actor: Actor, code: TypedCode | PasskeyAnswer
) -> UsedCode | None:
    """The printed code that was used, if it was one."""
    reason = "with a passkey" if isinstance(code, PasskeyAnswer) else ""
    with change_accounts(vault, actor, AuditAction.SESSION_SIGN_IN, person.id, reason) as db:
        if isinstance(code, PasskeyAnswer):
            if not passkeys.accept_passkey(db, person.id, code, vault.now()):
                raise _WrongCodeError
            return None
        if is_reader(vault, person):
            return None
        accepted = second_factor.accept_code(db, person.id, code, vault.clock())
        if accepted is None:
            raise _WrongCodeError
        if not vault.is_read_only:
            own_secrets.seal_if_clear(db, vault.home, person.id, person.username)
        return accepted.printed


def _refuse_code(
    vault: Vault, settings: Settings, person: Person, code: TypedCode | PasskeyAnswer
) -> LockedError | None:
    """Audit that a code was wrong; the reason, when this machine's clock is it."""
    now, nobody = vault.clock(), Actor("", "", device.read_own_code(vault.home))
    offset = None
    if not isinstance(code, PasskeyAnswer) and code.secret:
        offset = totp.find_offset(accounts_db(vault), person.id, code.secret, code.text, now)
    with change_accounts(vault, nobody, AuditAction.SESSION_REFUSED, person.id) as db:
        if offset is not None:
            totp.offer_code(db, person.id, offset, now)
    if not isinstance(code, PasskeyAnswer) and code.secret is None:
        return second_factor.explain_sealed()
    return second_factor.explain_offset(offset, now, settings) if offset else None


@works_read_only
def _audit_printed_code(vault: Vault, actor: Actor, used: UsedCode | None) -> None:
    if used:
        reason = f"code {used.number} of the printed sheet, {used.remaining} left"
        with change_accounts(vault, actor, AuditAction.SESSION_PRINTED_CODE, actor.id, reason):
            pass


@works_read_only
def _audit_earlier_failures(vault: Vault, actor: Actor, count: int) -> None:
    if count:
        reason = f"{count} refused before this sign-in"
        with change_accounts(vault, actor, AuditAction.SESSION_REFUSED_BEFORE, actor.id, reason):
            pass


@works_read_only
def _audit_refusal(vault: Vault, username: str) -> None:
    """Only known accounts are named: what was typed may be a password in the wrong field."""
    person = accounts.find_by_username(accounts_db(vault), username)
    nobody = Actor("", "", device.read_own_code(vault.home))
    target = person.id if person else ""
    with change_accounts(vault, nobody, AuditAction.SESSION_REFUSED, target):
        pass


class _WrongCodeError(Exception):
    """Undoes the transaction of a sign-in whose code is wrong."""
