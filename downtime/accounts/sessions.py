"""Sessions on this machine: a random token whose hash is stored, an idle lock, an absolute end."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from downtime.accounts import sign_in_delays
from downtime.accounts.break_glass.check_pin import check_pin
from downtime.accounts.model import AuditAction, Person, Role
from downtime.accounts.read_only import accounts_db, change_accounts, write_accounts
from downtime.accounts.sign_in import open_with_password
from downtime.accounts.store import account_sessions, accounts
from downtime.accounts.store.account_sessions import AccountSessionRow
from downtime.clock import from_text, to_text
from downtime.errors import LockedError
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

TOUCH_SECONDS = 15  # use is written down this often at most: each write waits for the disk


@dataclass(frozen=True, slots=True)
class SessionState:
    """Whose session it is; while `locked` it shows nothing and asks for the password."""

    person: Person
    actor: Actor
    locked: bool


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
                token_hash=_hash_token(token),
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


def resume_session(vault: Vault, token: str) -> SessionState | None:
    """The session of a token; None when it ended, timed out or its account was closed."""
    row = account_sessions.find_session(accounts_db(vault), _hash_token(token))
    if row is None or row.ends <= vault.now():
        return None
    person = accounts.get_person(vault.db, row.person)
    if not person.is_active:
        return None
    return SessionState(person, person.make_actor(row.device), row.locked or _is_idle(vault, row))


def touch_session(vault: Vault, token: str) -> None:
    """Note that the session is used; a locked one stays locked."""
    row = account_sessions.find_session(accounts_db(vault), _hash_token(token))
    if row is None or row.locked or _is_idle(vault, row):
        return
    if abs(vault.clock() - from_text(row.seen)) >= timedelta(seconds=TOUCH_SECONDS):
        with write_accounts(vault) as db:
            account_sessions.set_session_seen(db, row.token_hash, vault.now())


def lock_session(vault: Vault, token: str) -> None:
    """Lock the screen now; what was typed stays."""
    if state := resume_session(vault, token):
        with change_accounts(vault, state.actor, AuditAction.SESSION_LOCK, state.person.id) as db:
            account_sessions.set_session_locked(db, _hash_token(token), locked=True)


def unlock_session(vault: Vault, settings: Settings, token: str, password: str) -> None:
    """Go on after a lock with the password alone; LockedError as for a sign-in."""
    state = resume_session(vault, token)
    if state is None:
        raise LockedError("session.ended", "Your session has ended.", "Sign in again.")
    username = state.person.username
    if state.person.role is Role.GUEST:
        check_pin(vault, settings, username, password)
    else:
        open_with_password(vault.home, settings, vault.clock, username, password, vault)
    sign_in_delays.clear_failures(vault.home, username)
    with change_accounts(vault, state.actor, AuditAction.SESSION_UNLOCK, state.person.id) as db:
        account_sessions.set_session_locked(db, _hash_token(token), locked=False)
        account_sessions.set_session_seen(db, _hash_token(token), vault.now())


def end_session(vault: Vault, token: str) -> None:
    """Sign out; nothing happens when it ended before."""
    if state := resume_session(vault, token):
        with change_accounts(vault, state.actor, AuditAction.SESSION_END, state.person.id) as db:
            account_sessions.delete_session(db, _hash_token(token))


def count_live_sessions(vault: Vault) -> int:
    """How many sessions are open, locked ones too; at none the vault may be forgotten."""
    return account_sessions.count_sessions(accounts_db(vault), vault.now())


def _is_idle(vault: Vault, row: AccountSessionRow) -> bool:
    """A clock that was set back cannot say how long nobody was there: that is idle too."""
    idle = vault.clock() - from_text(row.seen)
    return idle < timedelta(0) or idle >= timedelta(minutes=row.idle_minutes)


def _hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
