"""A PIN for one shift: after a full sign-in it unlocks that session's own screen, and nothing else.

It opens no vault and no other session, ends with the session or at sign-out, and after a few wrong tries:
then the password is asked for.
"""

import json
from dataclasses import asdict

from downtime.accounts import sign_in_lane
from downtime.accounts.model import AuditAction
from downtime.accounts.policies import check_pin_choice
from downtime.accounts.read_only import accounts_db, change_accounts
from downtime.accounts.store import session_pins
from downtime.accounts.store.session_pins import SessionPin
from downtime.errors import LockedError
from downtime.settings import Settings
from downtime.vault import slots
from downtime.vault.model import Actor
from downtime.vault.slots import Slot
from downtime.vault.vault import Vault


def choose_pin(vault: Vault, settings: Settings, token_hash: str, pin: str, actor: Actor) -> None:
    """Let a PIN unlock a session of this person; InputError for one that is too easy."""
    check_pin_choice(pin, settings.accounts)
    slot = slots.new_slot("", token_hash, "pin", pin, settings.accounts)
    with change_accounts(vault, actor, AuditAction.SESSION_SET_PIN, actor.id) as db:
        session_pins.save_pin(db, SessionPin(token_hash, json.dumps(asdict(slot))))


def has_pin(vault: Vault, token_hash: str) -> bool:
    """Whether the session has a PIN that still unlocks it."""
    return session_pins.find_pin(accounts_db(vault), token_hash) is not None


def looks_like_pin(typed: str, settings: Settings) -> bool:
    """Whether somebody typed a PIN: digits, too few for a password."""
    return typed.isdecimal() and len(typed) < settings.accounts.password_min_length


def check_pin(vault: Vault, settings: Settings, token_hash: str, typed: str, actor: Actor) -> None:
    """LockedError for a wrong PIN; with the last try the PIN goes, and the password is asked for."""
    accounts, client = settings.accounts, f"session {token_hash}"
    with sign_in_lane.enter_lane(accounts, client, has_session=True):  # one try after another
        pin = session_pins.find_pin(accounts_db(vault), token_hash)
        if pin is None:
            raise _no_pin_error()
        if slots.open_identity(Slot(**json.loads(pin.slot)), typed) is None:
            raise _wrong_pin_error(_count_wrong_try(vault, pin, accounts.pin_tries, actor))


def _count_wrong_try(vault: Vault, pin: SessionPin, most: int, actor: Actor) -> int:
    """How many tries are left after this one."""
    remaining = most - pin.wrong_tries - 1
    with change_accounts(vault, actor, AuditAction.SESSION_REFUSED, actor.id) as db:
        if remaining > 0:
            session_pins.set_wrong_tries(db, pin.token_hash, pin.wrong_tries + 1)
        else:
            session_pins.delete_pin(db, pin.token_hash)
    return remaining


def _no_pin_error() -> LockedError:
    return LockedError(
        "pin.none", "This session has no PIN, or no longer.", "Type your password to unlock it."
    )


def _wrong_pin_error(remaining: int) -> LockedError:
    if remaining <= 0:
        return LockedError(
            "pin.gone",
            "The PIN was wrong too often: it unlocks nothing any more.",
            "Type your password.",
        )
    return LockedError(
        "pin.wrong",
        "The PIN is not right.",
        f"Try again ({remaining} more {'try' if remaining == 1 else 'tries'}), or type your password.",
    )
