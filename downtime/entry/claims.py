"""Who has a form on the screen: one person at a time, and free again when they stop.

Having a form is no change to anybody's record, and leaves no audit entry; saving it is, and does.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from downtime.clock import from_text, to_text
from downtime.entry import store_checks
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

    def is_of(self, who: Actor) -> bool:
        """Whether it is this person's."""
        return self.person == who.id


def take(vault: Vault, settings: Settings, serial: str, who: Actor) -> Claim:
    """Claim a form that is free; the claim that holds afterwards may be somebody else's."""
    number = serials.parse(serial)
    now, minutes = vault.clock(), settings.entry.idle_minutes
    held = holder(vault, number)
    soon = to_text(now + timedelta(minutes=minutes, seconds=-RENEWED_SECONDS))
    if held and (not held.is_of(who) or held.until >= soon):
        return held
    with transaction(vault.db) as db:
        return place(db, number, who, now, minutes)


def place(db: Database, serial: str, who: Actor, now: datetime, minutes: int) -> Claim:
    """Claim inside the caller's transaction, unless somebody else has it: then theirs."""
    at = to_text(now)
    held = store_checks.claim(db, serial, at)
    if held and held["person"] != who.id:
        return _claim(held)
    store_checks.drop_ended_claims(db, at)
    since = held["since"] if held else at
    until = to_text(now + timedelta(minutes=minutes))
    store_checks.save_claim(db, serial, who.id, who.name, since, until, minutes)
    return Claim(serial, who.id, who.name, since, until)


def holder(vault: Vault, serial: str) -> Claim | None:
    """Who has the form; None when it is free."""
    held = store_checks.claim(vault.db, serials.parse(serial), vault.now())
    return _claim(held) if held else None


def check(db: Database, serial: str, who: Actor, now: str) -> None:
    """ConflictError when somebody else has the form; one's own claim is renewed."""
    held = store_checks.claim(db, serial, now)
    if held is None:
        return
    if held["person"] != who.id:
        raise ConflictError(
            "entry.claimed",
            f"{held['name']} has this form on the screen.",
            "Take another one; it is free again when they save it or stop.",
        )
    until = to_text(from_text(now) + timedelta(minutes=held["minutes"]))
    if until > held["until"]:
        store_checks.save_claim(db, serial, who.id, who.name, held["since"], until, held["minutes"])


def release(vault: Vault, serial: str, who: Actor) -> None:
    """Let go of a form; nothing happens when it is not one's own."""
    held = holder(vault, serial)
    if held and held.is_of(who):
        with transaction(vault.db) as db:
            store_checks.drop_claim(db, held.serial)


def live(vault: Vault) -> dict[str, Claim]:
    """Every form that somebody has, by serial."""
    return {row["serial"]: _claim(row) for row in store_checks.claims(vault.db, vault.now())}


def _claim(row: dict[str, object]) -> Claim:
    return Claim(*(str(row[name]) for name in ("serial", "person", "name", "since", "until")))
