"""Who has a form on the screen: one person at a time.

Having a form is no change to anybody's record, and leaves no audit entry.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlite_utils import Database

from downtime.clock import from_text, to_text
from downtime.entry.model import Claim
from downtime.entry.store import claims
from downtime.errors import ConflictError
from downtime.paper import serials
from downtime.settings import Settings
from downtime.vault.database import transaction
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

RENEWED_SECONDS = 20
"""A form that is opened again so soon stays as it was claimed: each claim waits for the disk."""


def claim_form(vault: Vault, settings: Settings, serial: str, actor: Actor) -> Claim:
    """Claim a form that is free; the claim that holds afterwards may be somebody else's."""
    number = serials.parse_serial(serial)
    now, minutes = vault.clock(), settings.entry.idle_minutes
    current = find_claim(vault, number)
    is_recent_from = to_text(now + timedelta(minutes=minutes, seconds=-RENEWED_SECONDS))
    if current and (not current.is_of(actor) or current.until >= is_recent_from):
        return current
    with transaction(vault.db) as db:
        return claim_free_form(db, number, actor, now, minutes)


def claim_free_form(db: Database, serial: str, actor: Actor, now: datetime, minutes: int) -> Claim:
    """Claim inside the caller's transaction, unless somebody else has it: then theirs."""
    at = to_text(now)
    current = claims.fetch(db, serial, at)
    if current and not current.is_of(actor):
        return current
    claims.delete_ended(db, at)
    claim = Claim(
        serial=serial,
        person=actor.id,
        name=actor.name,
        since=current.since if current else at,
        until=to_text(now + timedelta(minutes=minutes)),
        minutes=minutes,
    )
    claims.save(db, claim)
    return claim


def find_claim(vault: Vault, serial: str) -> Claim | None:
    """Who has the form; None when it is free."""
    return claims.fetch(vault.db, serials.parse_serial(serial), vault.now())


def check_not_claimed(db: Database, serial: str, actor: Actor, now: str) -> None:
    """ConflictError when somebody else has the form; one's own claim is renewed."""
    current = claims.fetch(db, serial, now)
    if current is None:
        return
    if not current.is_of(actor):
        raise ConflictError(
            "entry.claimed",
            f"{current.name} has this form on the screen.",
            "Take another one; it is free again when they save it or stop.",
        )
    until = to_text(from_text(now) + timedelta(minutes=current.minutes))
    if until > current.until:
        claims.save(db, replace(current, until=until))


def release_form(vault: Vault, serial: str, actor: Actor) -> None:
    """Let go of a form; nothing happens when it is not one's own."""
    current = find_claim(vault, serial)
    if current and current.is_of(actor):
        with transaction(vault.db) as db:
            claims.delete(db, current.serial)


def current_claims(vault: Vault) -> dict[str, Claim]:
    """Every form that somebody has, by serial."""
    return {claim.serial: claim for claim in claims.fetch_all(vault.db, vault.now())}
