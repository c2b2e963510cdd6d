"""The snapshots that this machine holds: which is in use, which are kept for good, opening one."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from downtime.clinical import display
from downtime.clock import from_text
from downtime.errors import NotFoundError
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.model import AuditAction
from downtime.snapshot.store import snapshot_index
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

CLOCK_TOLERANCE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """A snapshot that this machine holds."""

    id: str
    header: SnapshotHeader
    loaded: str
    current: bool
    pinned: bool
    warnings: tuple[str, ...]
    sha256: str
    """Of the sealed bundle: the statement names it."""


def list_snapshots(vault: Vault) -> list[SnapshotInfo]:
    """The snapshots that this machine holds, the one in use first."""
    rows = snapshot_index.list_entries(vault.db)
    return [describe_entry(row, rows[0].id, vault.clock()) for row in rows]


def get_current_id(vault: Vault) -> str:
    """Id of the snapshot in use; empty when there is none."""
    return snapshot_index.find_current_id(vault.db)


def open_current_snapshot(vault: Vault) -> Snapshot:
    """The snapshot in use; NotFoundError when none was ever loaded. The caller closes it."""
    return open_snapshot(vault, require_current_id(vault))


def require_current_id(vault: Vault) -> str:
    """Id of the snapshot in use; NotFoundError when none was ever loaded."""
    if snapshot_id := get_current_id(vault):
        return snapshot_id
    raise NotFoundError(
        "snapshot.none",
        "No snapshot is open on this machine yet.",
        "Fetch one with 'downtime pull --open', or load a file with 'downtime snapshot load' or on"
        " the Snapshots page.",
    )


def open_snapshot(vault: Vault, snapshot_id: str) -> Snapshot:
    """One snapshot, opened; NotFoundError. The caller closes it."""
    _get_entry(vault, snapshot_id)
    path = readable_path(vault, snapshot_id)
    if not path.exists():
        raise NotFoundError(
            "snapshot.closed",
            "This snapshot is closed, because this machine heard nothing of its site for too long,"
            " or its file is lost.",
            "Connect the machine, or open it with a reason: 'downtime fleet open', or on the page"
            " Snapshots.",
        )
    return Snapshot(path, database_key(vault, snapshot_id))


def pin_snapshot(vault: Vault, snapshot_id: str, actor: Actor, reason: str = "") -> None:
    """Keep a snapshot for good: an outage is compared with it long after."""
    _get_entry(vault, snapshot_id)
    with vault.change(actor, AuditAction.SNAPSHOT_PIN, target=snapshot_id, reason=reason) as db:
        snapshot_index.set_pinned(db, snapshot_id)


def pin_current_snapshot(vault: Vault, actor: Actor, reason: str = "") -> str:
    """Keep the snapshot in use for good; returns its id, empty when there is none."""
    if snapshot_id := get_current_id(vault):
        pin_snapshot(vault, snapshot_id, actor, reason)
    return snapshot_id


def get_latest_time(vault: Vault) -> datetime | None:
    """The latest time that snapshots here bear witness to: a clock behind it went back.

    When each was made is signed; when it was loaded this machine's own clock said, so that only the
    newest counts: a clock that was ahead for a while, here or at the publisher, is forgotten with the
    next snapshot.
    """
    rows = snapshot_index.list_entries(vault.db)
    times = [min(row.header.created, row.loaded) for row in rows]
    times += [time for row in rows[:1] for time in (row.header.created, row.loaded)]
    return from_text(max(times)) if times else None


def _get_entry(vault: Vault, snapshot_id: str) -> snapshot_index.SnapshotEntry:
    for row in snapshot_index.list_entries(vault.db):
        if row.id == snapshot_id:
            return row
    raise NotFoundError(
        "snapshot.unknown",
        f"This machine holds no snapshot {snapshot_id}.",
        "See 'downtime snapshot list'.",
    )


def describe_entry(row: snapshot_index.SnapshotEntry, in_use: str, now: datetime) -> SnapshotInfo:
    """A snapshot with its warnings; `in_use` is the id of the current one."""
    warnings = []
    if now > from_text(row.header.expires):
        age = display.format_duration(now - from_text(row.header.created))
        warnings.append(f"This snapshot is {age} old and past its time; fetch a newer one.")
    if (from_text(row.header.created) - now).total_seconds() > CLOCK_TOLERANCE_SECONDS:
        warnings.append("This snapshot is dated later than this computer's clock: check the clock.")
    return SnapshotInfo(
        row.id, row.header, row.loaded, row.id == in_use, row.pinned, tuple(warnings), row.sha256
    )


def database_path(vault: Vault, snapshot_id: str) -> Path:
    """The file of an opened snapshot."""
    return vault.home.snapshots_folder / f"{snapshot_id}.db"


def readable_path(vault: Vault, snapshot_id: str) -> Path:
    """The same, or what stands in for one that is damaged, on a disk that takes no other."""
    return vault.substitutes.get(snapshot_id) or database_path(vault, snapshot_id)


def database_key(vault: Vault, snapshot_id: str) -> bytes:
    """The key of its database."""
    return vault.derive_key(f"snapshot:{snapshot_id}")
