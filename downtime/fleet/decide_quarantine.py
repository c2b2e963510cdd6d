"""A person has looked at what would vanish, and releases or rejects a snapshot in quarantine."""

from dataclasses import dataclass

from downtime.fleet.footprint_history import make_row, remember_snapshot
from downtime.fleet.model import AuditAction
from downtime.fleet.quarantine_model import LIFECYCLE, Door, QuarantineEntry, QuarantineState
from downtime.fleet.quarantine_snapshot import close_entry, get_entry
from downtime.fleet.receive_snapshot import limit_created, receive_snapshot
from downtime.fleet.store import quarantine_entries
from downtime.settings import Settings
from downtime.snapshot.footprint import Footprint
from downtime.snapshot.local_snapshots import SnapshotInfo
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class ReleasedSnapshot:
    """A released snapshot; `info` says that it is in use now, on a laptop that still has its file."""

    entry: QuarantineEntry
    info: SnapshotInfo | None

    @property
    def sentence(self) -> str:
        """What happens next."""
        if self.info:
            return f"Snapshot {self.info.header.sequence} is released and in use."
        if self.entry.door is Door.PUBLISHER:
            return "Released: the next build is published, and says by whom and why."
        return "Released: load the bundle again, its file is no longer here."


def release_snapshot(
    vault: Vault, settings: Settings, number: int, actor: Actor, reason: str
) -> ReleasedSnapshot:
    """What is different is right: the next snapshots are held against this one.

    On a laptop it is put in use. ConflictError when it was decided already, InputError without a
    reason, NotFoundError.
    """
    reason, entry = check_reason(reason), get_entry(vault, number)
    with vault.change(
        actor, AuditAction.SNAPSHOT_RELEASE, target=entry.snapshot, reason=reason
    ) as db:
        entry = get_entry(vault, number)
        LIFECYCLE.check(entry.state, QuarantineState.RELEASED)
        footprint = Footprint.parse(quarantine_entries.get_footprint(db, number))
        # A date in the future would be what all later ones are held against, and count as a week ago.
        created = limit_created(vault, entry.door, entry.scope, entry.created)
        row = make_row(entry.snapshot, created, footprint, released=True)
        remember_snapshot(db, entry.door, entry.scope, row, settings.churn)
        entry = close_entry(vault, entry, QuarantineState.RELEASED, actor, reason)
    file = vault.home.bundles_folder / entry.bundle
    if entry.door is Door.PUBLISHER or not file.is_file():
        return ReleasedSnapshot(entry, None)
    return ReleasedSnapshot(entry, receive_snapshot(vault, settings, file, actor, reason).info)


def reject_snapshot(vault: Vault, number: int, actor: Actor, reason: str) -> QuarantineEntry:
    """What is different is wrong: this snapshot is never used. ConflictError, InputError, NotFoundError."""
    reason, entry = check_reason(reason), get_entry(vault, number)
    with vault.change(actor, AuditAction.SNAPSHOT_REJECT, target=entry.snapshot, reason=reason):
        entry = get_entry(vault, number)
        entry = close_entry(vault, entry, QuarantineState.REJECTED, actor, reason)
    if entry.bundle:
        (vault.home.bundles_folder / entry.bundle).unlink(missing_ok=True)
    return entry
