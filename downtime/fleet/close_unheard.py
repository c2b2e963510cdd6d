"""A machine that hears nothing of its site for long closes its opened snapshots: it may be stolen.

What it heard last is told by signed times only: of the newest snapshot it has believed, and of the
list of machines. Bundles stay, sealed, so that the next contact opens them again. Nothing is closed
while an outage is declared, and a person can open them with a reason (break-glass).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from downtime.clock import from_text, to_text
from downtime.errors import NotFoundError
from downtime.fleet.known_time import read_known_time
from downtime.fleet.model import AuditAction
from downtime.fleet.store.silence import SilenceRow, fetch_silence, save_silence
from downtime.settings import Settings
from downtime.snapshot.freshness import CLOCK_TOLERANCE
from downtime.snapshot.heal_snapshots import check_snapshots, heal_snapshot
from downtime.snapshot.local_snapshots import database_path
from downtime.snapshot.store import snapshot_index
from downtime.snapshot.store.snapshot_index import SnapshotEntry
from downtime.vault import machines
from downtime.vault.check_home import CheckedPart
from downtime.vault.model import Actor, MachineRole
from downtime.vault.policies import check_reason
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Silence:
    """For how long nothing was heard, and for how long that may go on."""

    heard: str
    """When the newest believed snapshot or list was made (stored text)."""
    days: int
    days_left: int
    """Until opened snapshots are closed; negative afterwards."""
    is_closed: bool
    kept_until: str
    """Until when a person keeps them open all the same; empty when nobody does."""

    @property
    def is_over(self) -> bool:
        """Whether it has lasted longer than the site allows."""
        return self.days_left < 0

    def describe(self, warning_days: int) -> str:
        """The sentence for the screen; empty while nothing is unusual."""
        silent = f"This machine has heard nothing of its site for {self.days} days"
        if self.is_closed:
            return f"{silent}: its snapshots are closed until it does, or somebody opens them."
        if self.kept_until:
            return f"{silent}: its snapshots stay open until {self.kept_until[:16]} (UTC)."
        if self.is_over:
            return f"{silent}: its snapshots will be closed once no outage is declared."
        if self.days_left <= warning_days:
            return f"{silent}. In {self.days_left} days its snapshots are closed: connect it."
        return ""


def assess_silence(vault: Vault, settings: Settings) -> Silence | None:
    """How long this machine has heard nothing; None where that means nothing.

    That is a machine of no site, a publisher, and one that never heard anything.
    """
    listed = machines.read_list(vault.home)
    this_machine = machines.read_own_machine(vault.home)
    if listed is None or MachineRole.PUBLISHER in this_machine.roles:
        return None
    times = [row.header.created for row in snapshot_index.list_entries(vault.db)]
    heard, now, row = max([listed.issued, *times]), vault.clock(), fetch_silence(vault.db)
    days = _measure(vault, settings, now - from_text(heard), now).days
    kept_until = row.kept_until if row.kept_until > to_text(now) else ""
    return Silence(heard, days, settings.fleet.unheard_days - days, bool(row.closed), kept_until)


def _measure(vault: Vault, settings: Settings, by_clock: timedelta, now: datetime) -> timedelta:
    """A clock that is ahead makes no silence where a snapshot has just been put in use."""
    known = read_known_time(vault.home, settings, vault.clock)
    if known and now >= known.latest - CLOCK_TOLERANCE:
        by_clock = min(by_clock, known.latest - known.since)
    return max(timedelta(), by_clock)


def close_or_reopen(
    vault: Vault, settings: Settings, actor: Actor, *, outage_open: bool
) -> Silence | None:
    """Close opened snapshots after too long a silence, or open them again after it has ended.

    Called whenever somebody unlocks this machine. Nothing is closed while an outage is open.
    """
    silence = assess_silence(vault, settings)
    if silence is None:
        return None
    if silence.is_over and not (outage_open or silence.kept_until or silence.is_closed):
        _close(vault, actor, silence)
    elif silence.is_closed and not silence.is_over:
        _reopen(vault, settings, actor, SilenceRow(), "heard of the site again")
    elif silence.is_closed and outage_open:
        _reopen(vault, settings, actor, SilenceRow(), "an outage is declared")
    return assess_silence(vault, settings)


def break_glass(vault: Vault, settings: Settings, actor: Actor, reason: str) -> Silence | None:
    """Open the snapshots all the same for some hours; a named person says why, and it is audited."""
    until = vault.clock() + timedelta(hours=settings.fleet.break_glass_hours)
    _reopen(vault, settings, actor, SilenceRow(kept_until=to_text(until)), check_reason(reason))
    return assess_silence(vault, settings)


def check_open_snapshots(vault: Vault, settings: Settings, actor: Actor) -> Iterator[CheckedPart]:
    """Look at each snapshot and heal it; those that were closed on purpose stay closed."""
    are_closed = _are_closed(vault, settings)
    yield from check_snapshots(vault, settings, actor, are_closed=are_closed)


def _are_closed(vault: Vault, settings: Settings) -> bool:
    """A machine that has lost its identity believes no list of machines; what was closed stays so."""
    try:
        silence = assess_silence(vault, settings)
    except NotFoundError:
        return bool(fetch_silence(vault.db).closed)
    return silence is not None and silence.is_closed


def _close(vault: Vault, actor: Actor, silence: Silence) -> None:
    with vault.change(
        actor, AuditAction.SNAPSHOT_CLOSE, reason=f"nothing heard for {silence.days} days"
    ) as db:
        save_silence(db, SilenceRow(closed=vault.now()))
    for row in snapshot_index.list_entries(vault.db):
        database_path(vault, row.id).unlink(missing_ok=True)


def _reopen(
    vault: Vault, settings: Settings, actor: Actor, following: SilenceRow, reason: str
) -> None:
    with vault.change(actor, AuditAction.SNAPSHOT_REOPEN, reason=reason) as db:
        save_silence(db, following)
    for row in _needed(snapshot_index.list_entries(vault.db)):
        if not database_path(vault, row.id).exists():
            heal_snapshot(vault, settings, row, actor)


def _needed(rows: list[SnapshotEntry]) -> list[SnapshotEntry]:
    """The one in use, and those that are kept for good."""
    return [row for place, row in enumerate(rows) if place == 0 or row.pinned]
