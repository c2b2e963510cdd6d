"""Sessions on this machine: a random token whose hash is stored, an idle lock, an absolute end."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

import sqlite_utils

from downtime.accounts import shift_pin, sign_in_delays
from downtime.accounts.break_glass.check_pin import check_pin
from downtime.accounts.check_password import check_password, clear_tries
from downtime.accounts.model import AuditAction, Person, Role
from downtime.accounts.read_only import (
    accounts_db,
    change_accounts,
    works_read_only,
    write_accounts,
)
from downtime.accounts.sign_in import open_with_password
from downtime.accounts.store import account_sessions, accounts, break_glass, session_pins
from downtime.accounts.store.account_sessions import AccountSessionRow
from downtime.clock import from_text, to_text
from downtime.errors import LockedError
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

TOUCH_SECONDS = 15  # use is written down this often at most: each write waits for the disk


@dataclass(frozen=True, slots=True)
class OwnSession:
    """One of a person's sessions on this machine, as that person sees it; times are UTC as stored."""

    started: str
    seen: str
    is_locked: bool
    is_present: bool
    """Whether it is the one that asks."""


@dataclass(frozen=True, slots=True)
class SessionState:
    """Whose session it is; while `locked` it shows nothing and asks for the password."""

    person: Person
    actor: Actor
    locked: bool


@works_read_only
def start_session(
    vault: Vault, settings: Settings, person: Person, device: str, *, ends: str = ""
) -> str:
    """Open a session after a sign-in; returns the token for the cookie. `device` is its code.

    It ends after `session_hours`, or at `ends` (UTC as stored) if that is sooner.
    """
    token = secrets.token_urlsafe(32)
    now = vault.clock()
    latest = to_text(now + timedelta(hours=settings.accounts.session_hours))
    ends = min(ends, latest) if ends else latest
    with change_accounts(
        vault, person.make_actor(device), AuditAction.SESSION_START, person.id
    ) as db:
        account_sessions.delete_ended_sessions(db, to_text(now))
        account_sessions.add_session(
            db,
            AccountSessionRow(
                token_hash=hash_token(token),
                person=person.id,
                device=device,
                started=to_text(now),
                seen=to_text(now),
                ends=ends,
                idle_minutes=settings.accounts.idle_lock_minutes,
                locked=False,
            ),
        )
    return token


@works_read_only
def resume_session(vault: Vault, token: str) -> SessionState | None:
    """The session of a token; None when it ended, timed out or its account was closed."""
    row = account_sessions.find_session(accounts_db(vault), hash_token(token))
    if row is None or row.ends <= vault.now():
        return None
    person = accounts.get_person(accounts_db(vault), row.person)
    if not person.is_active:
        return None
    return SessionState(person, person.make_actor(row.device), row.locked or _is_idle(vault, row))


@works_read_only
def touch_session(vault: Vault, token: str) -> None:
    """Note that the session is used; a locked one stays locked."""
    row = account_sessions.find_session(accounts_db(vault), hash_token(token))
    if row is None or row.locked or _is_idle(vault, row):
        return
    if abs(vault.clock() - from_text(row.seen)) >= timedelta(seconds=TOUCH_SECONDS):
        with write_accounts(vault) as db:
            account_sessions.set_session_seen(db, row.token_hash, vault.now())


@works_read_only
def lock_session(vault: Vault, token: str) -> None:
    """Lock the screen now; what was typed stays."""
    if state := resume_session(vault, token):
        with change_accounts(vault, state.actor, AuditAction.SESSION_LOCK, state.person.id) as db:
            account_sessions.set_session_locked(db, hash_token(token), locked=True)


@works_read_only
def unlock_session(vault: Vault, settings: Settings, token: str, password: str) -> None:
    """Go on after a lock with the password alone, or the session's PIN; LockedError as for a sign-in."""
    state = resume_session(vault, token)
    if state is None:
        raise LockedError("session.ended", "Your session has ended.", "Sign in again.")
    if has_pin(vault, token) and shift_pin.looks_like_pin(password, settings):
        shift_pin.check_pin(vault, settings, hash_token(token), password, state.actor)
    else:
        _check_secret(vault, settings, state.person, password, f"session {hash_token(token)}")
    with change_accounts(vault, state.actor, AuditAction.SESSION_UNLOCK, state.person.id) as db:
        session_pins.set_wrong_tries(db, hash_token(token), 0)
        account_sessions.set_session_locked(db, hash_token(token), locked=False)
        _follow_clock(vault, db, hash_token(token))
        account_sessions.set_session_seen(db, hash_token(token), vault.now())


@works_read_only
def choose_pin(vault: Vault, settings: Settings, token: str, password: str, pin: str) -> None:
    """Let a PIN unlock this session until it ends, once the password has shown that it is its person."""
    state = resume_session(vault, token)
    if state is None or state.locked:
        raise LockedError("session.ended", "Your session has ended.", "Sign in again.")
    check_password(vault, settings, state.person, password)
    clear_tries(vault, state.person)
    shift_pin.choose_pin(vault, settings, hash_token(token), pin, state.actor)


@works_read_only
def has_pin(vault: Vault, token: str) -> bool:
    """Whether a PIN unlocks this session."""
    return shift_pin.has_pin(vault, hash_token(token))


def _follow_clock(vault: Vault, db: sqlite_utils.Database, token_hash: str) -> None:
    """A clock that was set back gives nobody more time: the end of the session goes back by as much.

    So does the end of the break-glass access under which it is open.
    """
    row = account_sessions.find_session(db, token_hash)
    if row and (back := from_text(row.seen) - vault.clock()) > timedelta(0):
        account_sessions.set_session_end(db, token_hash, to_text(from_text(row.ends) - back))
        if not vault.is_read_only and (access := break_glass.find_access_of(db, row.person)):
            break_glass.set_limit(db, access.id, to_text(from_text(access.ends) - back))


def _check_secret(
    vault: Vault, settings: Settings, person: Person, password: str, client: str
) -> None:
    """Tries of a locked session are its own: who has not its token cannot make its owner wait."""
    if person.role is Role.GUEST:
        check_pin(vault, settings, person.username, password, client=client, has_session=True)
        return
    open_with_password(
        vault.home,
        settings,
        vault.clock,
        person.username,
        password,
        vault,
        client=client,
        has_session=True,
    )
    sign_in_delays.clear_failures(vault.home, person.username, client)


@works_read_only
def end_session(vault: Vault, token: str) -> None:
    """Sign out; nothing happens when it ended before."""
    if state := resume_session(vault, token):
        with change_accounts(vault, state.actor, AuditAction.SESSION_END, state.person.id) as db:
            account_sessions.delete_session(db, hash_token(token))


@works_read_only
def list_sessions(vault: Vault, token: str, person: Person) -> list[OwnSession]:
    """All sessions of the person that have not ended, the newest first."""
    rows = account_sessions.list_sessions_of(accounts_db(vault), person.id, vault.now())
    return [
        OwnSession(
            row.started,
            row.seen,
            row.locked or _is_idle(vault, row),
            row.token_hash == hash_token(token),
        )
        for row in rows
    ]


@works_read_only
def end_other_sessions(
    vault: Vault, settings: Settings, token: str, person: Person, password: str, actor: Actor
) -> None:
    """End all but one's present session; LockedError for a password that is not one's own."""
    check_password(vault, settings, person, password)
    clear_tries(vault, person)
    with change_accounts(vault, actor, AuditAction.SESSION_END_OTHERS, person.id) as db:
        account_sessions.delete_other_sessions(db, person.id, hash_token(token))


def count_live_sessions(vault: Vault) -> int:
    """How many sessions are open, locked ones too; at none the vault may be forgotten."""
    return account_sessions.count_sessions(accounts_db(vault), vault.now())


def _is_idle(vault: Vault, row: AccountSessionRow) -> bool:
    """A clock that was set back cannot say how long nobody was there: that is idle too."""
    idle = vault.clock() - from_text(row.seen)
    return idle < timedelta(0) or idle >= timedelta(minutes=row.idle_minutes)


def hash_token(token: str) -> str:
    """Under what a session is stored: who reads the table has nobody's token."""
    return hashlib.sha256(token.encode()).hexdigest()
