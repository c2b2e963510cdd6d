"""Hold a snapshot against those before it, and keep it back when it changed implausibly."""

from collections.abc import Sequence
from dataclasses import replace

from downtime.clock import from_text
from downtime.errors import NotFoundError
from downtime.fleet.churn import PastSnapshot, find_churn
from downtime.fleet.churn_findings import ChurnFinding
from downtime.fleet.footprint_history import is_unchanged, list_past, make_row, remember_snapshot
from downtime.fleet.model import AuditAction
from downtime.fleet.quarantine_model import LIFECYCLE, Door, QuarantineEntry, QuarantineState
from downtime.fleet.snapshot_difference import SnapshotDifference, compare_footprints
from downtime.fleet.store import footprints, quarantine_entries
from downtime.settings import Settings
from downtime.snapshot.footprint import Footprint
from downtime.snapshot.header import SnapshotHeader
from downtime.vault.database import transaction
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

_SENTENCES_IN_AUDIT = 3


def check_snapshot(
    vault: Vault, settings: Settings, door: Door, header: SnapshotHeader, footprint: Footprint
) -> list[ChurnFinding]:
    """What is implausible about a snapshot beside those that were believed at this door."""
    if is_unchanged(vault.db, door, header.scope, footprint.to_bytes()):
        return []
    past = list_past(vault.db, door, header.scope)
    return _find_churn(settings, header, footprint, past)


def _find_churn(
    settings: Settings, header: SnapshotHeader, footprint: Footprint, past: Sequence[PastSnapshot]
) -> list[ChurnFinding]:
    created, is_site = from_text(header.created), not header.scope
    return find_churn(footprint, created, past, settings.churn, is_site=is_site)


def believe_snapshot(
    vault: Vault, settings: Settings, door: Door, header: SnapshotHeader, footprint: Footprint
) -> None:
    """Remember a snapshot for the next ones; what waited in quarantine is overtaken."""
    with transaction(vault.db) as db:
        row = make_row(header.id, header.created, footprint)
        remember_snapshot(db, door, header.scope, row, settings.churn)
        if entry := quarantine_entries.find_open_entry(db, door, header.scope):
            close_entry(vault, entry, QuarantineState.OVERTAKEN)


def close_entry(
    vault: Vault,
    entry: QuarantineEntry,
    state: QuarantineState,
    actor: Actor | None = None,
    reason: str = "",
) -> QuarantineEntry:
    """Let an entry have its last state, inside the caller's transaction; names are forgotten."""
    LIFECYCLE.check(entry.state, state)
    by = actor.name if actor else ""
    closed = replace(entry, state=state, decided=vault.now(), decided_by=by, reason=reason)
    quarantine_entries.save_entry(vault.db, closed, b"")
    return closed


def quarantine_snapshot(
    vault: Vault,
    settings: Settings,
    door: Door,
    header: SnapshotHeader,
    footprint: Footprint,
    findings: Sequence[ChurnFinding],
    actor: Actor,
    bundle: str = "",
) -> QuarantineEntry:
    """Keep a snapshot back until a person has looked at it.

    One that is like the one that waits takes its place: a person looks at one thing, however often
    it is built or pulled meanwhile. One that changed otherwise is an entry of its own.
    """
    open_entry = quarantine_entries.find_open_entry(vault.db, door, header.scope)
    is_same = open_entry is not None and _is_alike(vault, settings, open_entry, header, footprint)
    entry = QuarantineEntry(
        door=door,
        scope=header.scope,
        snapshot=header.id,
        bundle=bundle,
        created=header.created,
        since=vault.now(),
        compared_with=_find_last(vault, door, header.scope),
        findings=tuple(findings),
        released_by_publisher=find_release(vault, door, header),
    )
    reason = " ".join(entry.sentences[:_SENTENCES_IN_AUDIT])
    with vault.change(
        actor, AuditAction.SNAPSHOT_QUARANTINE, target=header.id, reason=reason
    ) as db:
        if open_entry and is_same:
            number, since, times = open_entry.number, open_entry.since, open_entry.times + 1
            entry = replace(entry, number=number, since=since, times=times)
        elif open_entry:
            close_entry(vault, open_entry, QuarantineState.OVERTAKEN)
        return replace(entry, number=quarantine_entries.save_entry(db, entry, footprint.to_bytes()))


def _is_alike(
    vault: Vault,
    settings: Settings,
    entry: QuarantineEntry,
    header: SnapshotHeader,
    footprint: Footprint,
) -> bool:
    """Whether a snapshot is as the one that waits, but for what a hospital changes meanwhile."""
    waiting = Footprint.parse(quarantine_entries.get_footprint(vault.db, entry.number))
    past = [PastSnapshot(from_text(entry.created), waiting)]
    return not _find_churn(settings, header, footprint, past)


def _find_last(vault: Vault, door: Door, scope: str) -> str:
    last = footprints.find_last(vault.db, door, scope)
    return last.snapshot if last else ""


def find_last_created(vault: Vault, entry: QuarantineEntry) -> str:
    """When the last one was made (UTC) that was believed at the door of an entry; empty without one."""
    last = footprints.find_last(vault.db, entry.door, entry.scope)
    return last.created if last else ""


def find_release(vault: Vault, door: Door, header: SnapshotHeader) -> dict[str, str]:
    """The newest release at the publisher since the snapshot that is in use here; else empty.

    Of a whole snapshot: who released a list looked at that list alone.
    """
    last = footprints.find_last(vault.db, door, header.scope)
    since = last.created if last else ""
    newer = [
        release
        for release in header.released
        if release.get("snapshot") and release.get("time", "") > since
    ]
    return max(newer, key=lambda release: release["time"], default={})


def list_entries(vault: Vault) -> list[QuarantineEntry]:
    """All snapshots that were in quarantine here, the newest first."""
    return quarantine_entries.select_entries(vault.db)


def list_open(vault: Vault) -> list[QuarantineEntry]:
    """Those that wait for a person."""
    return [entry for entry in list_entries(vault) if entry.is_open]


def get_entry(vault: Vault, number: int) -> QuarantineEntry:
    """One by its number; NotFoundError."""
    if entry := quarantine_entries.find_entry(vault.db, number):
        return entry
    raise NotFoundError(
        "quarantine.unknown",
        f"There is no snapshot in quarantine with the number {number}.",
        "See 'downtime quarantine list', or the page Snapshots.",
    )


def describe_difference(vault: Vault, entry: QuarantineEntry) -> SnapshotDifference | None:
    """What would vanish, by ward and system; None once it was decided."""
    body = quarantine_entries.get_footprint(vault.db, entry.number)
    last = footprints.find_footprint(vault.db, entry.door, entry.scope, entry.compared_with)
    if not body or last is None:
        return None
    return compare_footprints(Footprint.parse(last), Footprint.parse(body))
