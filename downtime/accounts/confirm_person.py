"""Ask somebody who is signed in for their password once more, before what only they may say.

A signature is more than a press on a page that somebody left open: whoever signs shows that it is them.
Wrong passwords count as at sign-in, and make the next wait longer.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from downtime.accounts import people, second_factor
from downtime.accounts.check_password import check_password, clear_tries, wrong_password_error
from downtime.accounts.model import AuditAction
from downtime.accounts.own_secrets import OwnKey
from downtime.accounts.sign_in_delays import TOO_EARLY
from downtime.errors import ForbiddenError, LockedError
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

VALID = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class PasswordProof:
    """That a person showed a moment ago that it is them; only `confirm_person` makes one."""

    person: str
    at: datetime


def confirm_person(
    vault: Vault,
    settings: Settings,
    actor: Actor,
    password: str,
    code: str = "",
    *,
    needs_code: bool = False,
) -> PasswordProof:
    """The proof that it is them; LockedError for a wrong password or code, with the same sentence, or too early."""
    person = people.get_person(vault, actor.id)
    try:
        own_key = check_password(vault, settings, person, password)
        if needs_code:
            _check_code(vault, actor, code, own_key)
    except LockedError as refused:
        vault.note(actor, AuditAction.SESSION_REFUSED, target=actor.id)
        if refused.code == TOO_EARLY:  # nothing was compared: it may well be theirs
            raise
        if not needs_code:
            raise wrong_password_error() from None
        raise wrong_password_error(
            "password or this code", "Type it again; each code is taken once."
        ) from None
    clear_tries(vault, person)
    return PasswordProof(actor.id, vault.clock())


def check_confirmed(confirmation: PasswordProof, actor: Actor, now: datetime) -> None:
    """ForbiddenError unless this is the actor's own confirmation of a moment ago."""
    is_fresh = timedelta(0) <= now - confirmation.at <= VALID
    if confirmation.person != actor.id or not is_fresh:
        raise ForbiddenError(
            "confirm.missing", "This needs your password again.", "Type it, then press once more."
        )


def _check_code(vault: Vault, actor: Actor, code: str, own_key: OwnKey) -> None:
    typed = second_factor.read_code(vault.db, actor.id, code, own_key)
    with vault.change(actor, AuditAction.PERSON_CONFIRM, target=actor.id) as db:
        if not second_factor.accept_code(db, actor.id, typed, vault.clock()):
            raise LockedError("confirm.code", "The code is wrong.", "Type the next one.")
