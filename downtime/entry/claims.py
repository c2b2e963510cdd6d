"""Who has a form on the screen: one person at a time, and free again when they stop.

Having a form is no change to anybody's record, and leaves no audit entry; saving it is, and does.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from downtime.clock import from_text, to_text
from downtime.entry.store import checks
from downtime.errors import ConflictError
from downtime.paper import serials
from downtime.settings import Settings
from downtime.vault.audit import Actor
from downtime.vault.database import transaction
from downtime.vault.vault import Vault

RENEWED_SECONDS = 20
"""A form that is opened again so soon stays as it was claimed: each claim waits for the disk."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who has a form, since when, and until when if nothing happens (UTC)."""

    serial: str
    person: str
    name: str
    since: str
    until: str

    def is_of(self, actor: Actor) -> bool:
        """Whether it is this person's."""
        return self.person == actor.id


def claim_form(vault: Vault, settings: Settings, serial: str, actor: Actor) -> Claim:
    """Claim a form that is free; the claim that holds afterwards may be somebody else's."""
    number = serials.parse_serial(serial)
    now, minutes = vault.clock(), settings.entry.idle_minutes
    held = find_claim(vault, number)
    soon = to_text(now + timedelta(minutes=minutes, seconds=-RENEWED_SECONDS))
    if held and (not held.is_of(actor) or held.until >= soon):
        return held
    with transaction(vault.db) as db:
        return claim_free_form(db, number, actor, now, minutes)


def claim_free_form(db: Database, serial: str, actor: Actor, now: datetime, minutes: int) -> Claim:
    """Claim inside the caller's transaction, unless somebody else has it: then theirs."""
    at = to_text(now)
    held = checks.fetch_claim(db, serial, at)
    if held and held["person"] != actor.id:
        return _claim(held)
    checks.delete_ended_claims(db, at)
    since = held["since"] if held else at
    until = to_text(now + timedelta(minutes=minutes))
    checks.save_claim(db, serial, actor.id, actor.name, since, until, minutes)
    return Claim(serial, actor.id, actor.name, since, until)


def find_claim(vault: Vault, serial: str) -> Claim | None:
    """Who has the form; None when it is free."""
    held = checks.fetch_claim(vault.db, serials.parse_serial(serial), vault.now())
    return _claim(held) if held else None


def check_not_claimed(db: Database, serial: str, actor: Actor, now: str) -> None:
    """ConflictError when somebody else has the form; one's own claim is renewed."""
    held = checks.fetch_claim(db, serial, now)
    if held is None:
        return
    if held["person"] != actor.id:
        raise ConflictError(
            "entry.claimed",
            f"{held['name']} has this form on the screen.",
            "Take another one; it is free again when they save it or stop.",
        )
    until = to_text(from_text(now) + timedelta(minutes=held["minutes"]))
    if until > held["until"]:
        checks.save_claim(db, serial, actor.id, actor.name, held["since"], until, held["minutes"])


def release_form(vault: Vault, serial: str, actor: Actor) -> None:
    """Let go of a form; nothing happens when it is not one's own."""
    held = find_claim(vault, serial)
    if held and held.is_of(actor):
        with transaction(vault.db) as db:
            checks.delete_claim(db, held.serial)


def current_claims(vault: Vault) -> dict[str, Claim]:
    """Every form that somebody has, by serial."""
    return {row["serial"]: _claim(row) for row in checks.fetch_claims(vault.db, vault.now())}


def _claim(row: dict[str, object]) -> Claim:
    return Claim(*(str(row[name]) for name in ("serial", "person", "name", "since", "until")))
