"""Take a bundle, check it, open it aside, and put it in use; the last good snapshot survives all.

Checked first (which needs no unlocked vault), kept sealed, decrypted in memory, written aside on
the same file system, counted, moved into place by one rename, and put in use by one transaction
together with its audit entry.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlcipher3

from downtime.clinical import display
from downtime.clock import from_text
from downtime.config import Home
from downtime.errors import (
    ConflictError,
    LockedError,
    NotFoundError,
    UntrustedError,
)
from downtime.settings import Settings
from downtime.snapshot import bundle
from downtime.snapshot.bundle import SUFFIX, SealedBundle
from downtime.snapshot.garbage_collection import collect_garbage_seldom
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.model import AuditAction
from downtime.snapshot.store import record_tables, snapshot_index
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.snapshot.store.snapshot_index import BundleNumber
from downtime.transport.folder import CarrierFolder, read_file
from downtime.vault import device, sealing
from downtime.vault.files import flush_folder, write_atomic
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


def receive_bundle(home: Home, settings: Settings, source: Path) -> SealedBundle:
    """Check a bundle, or the one that a folder points to, and keep it sealed: works while locked."""
    sealed = _read_verified(home, settings, source)
    _store_sealed(home, sealed)
    return sealed


def _store_sealed(home: Home, sealed: SealedBundle) -> None:
    write_atomic(home.bundles / sealed.name, sealed.data)


def load_bundle(
    vault: Vault, settings: Settings, source: Path, actor: Actor, reason: str = ""
) -> SnapshotInfo:
    """Put a bundle in use: a file, or a folder with a pointer to the newest one.

    UntrustedError when it was altered or cut short, is older than one seen before, has a number
    seen with another content or far above the last, comes from another hospital or an unknown
    machine, or was not sealed for this one. An expired bundle is loaded, with a warning.
    """
    sealed = _read_verified(vault.home, settings, source)
    _check_number(vault, settings, sealed)
    _store_sealed(vault.home, sealed)
    with _remove_when_refused(vault.home, sealed):
        header, records = bundle.open_payload(sealed, device.load_device(vault).age_identity)
        path = _database_path(vault, header.id)
        aside = path.with_name(f".{header.id}.tmp")
        try:
            with collect_garbage_seldom():
                written = record_tables.create_database(
                    aside, _database_key(vault, header.id), header, records
                )
            _check_written(vault, aside, header, written)
            _flush_file(aside)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
    flush_folder(path.parent)
    _put_in_use(vault, settings, sealed, header, actor, reason)
    return _describe_entry(snapshot_index.list_entries(vault.db)[0], header.id, vault.clock())


def _read_verified(home: Home, settings: Settings, source: Path) -> SealedBundle:
    path = _find_newest(source) if source.is_dir() else source
    limit = settings.snapshot.max_bundle_bytes
    content = read_file(path, limit, "snapshot.max_bundle_bytes")
    sealed = bundle.verify_bundle(content, sealing.list_trusted_keys(home))
    if sealed.hospital != settings.site.code:
        raise UntrustedError(
            "bundle.other-hospital",
            f"This bundle is of {sealed.hospital}, and this machine serves {settings.site.code}.",
            "Load a bundle of this hospital.",
        )
    return sealed


def _find_newest(folder: Path) -> Path:
    pointer = CarrierFolder(folder).read_pointer()
    if pointer is None:
        raise NotFoundError(
            "bundle.pointer",
            f"The folder {folder.name} does not say which bundle is the newest.",
            f"Name a file that ends in {SUFFIX}.",
        )
    return folder / pointer.bundle


def _check_number(vault: Vault, settings: Settings, sealed: SealedBundle) -> None:
    """Refuse a number that a publisher who was taken over, or an old stick, would bring."""
    highest = snapshot_index.get_highest_seen(vault.db, sealed.key)
    if highest is None:
        return
    (epoch, sequence), sha256 = highest
    number = BundleNumber(sealed.epoch, sealed.sequence)
    if number < highest[0]:
        raise UntrustedError(
            "bundle.older",
            f"This bundle is number {sealed.sequence}; number {sequence} was loaded before.",
            "Load a newer one: an old picture must not replace a new one.",
        )
    if number == highest[0] and sealed.sha256 != sha256:
        raise UntrustedError(
            "bundle.same-number",
            f"Another bundle with the number {sequence} was loaded before.",
            "Tell security: a publisher never gives one number twice.",
        )
    base = sequence if sealed.epoch == epoch else 0
    if sealed.epoch > epoch + 1 or sealed.sequence - base > settings.snapshot.max_sequence_jump:
        raise UntrustedError(
            "bundle.jump",
            f"The number of this bundle jumps from {sequence} to {sealed.sequence}.",
            "Tell security, and go on with the snapshot that is in use.",
        )


@contextmanager
def _remove_when_refused(home: Home, sealed: SealedBundle) -> Iterator[None]:
    try:
        yield
    except UntrustedError:
        (home.bundles / sealed.name).unlink(missing_ok=True)
        raise


def _check_written(
    vault: Vault, path: Path, header: SnapshotHeader, written: dict[str, int]
) -> None:
    """Open what was written as it will be opened, and count."""
    try:
        with Snapshot(path, _database_key(vault, header.id)) as opened:
            counts, sound = opened.count_rows(), opened.is_sound()
    except (sqlcipher3.DatabaseError, LockedError):
        counts, sound = {}, False
    if not sound or counts != written:
        raise ConflictError(
            "snapshot.damaged",
            "The opened snapshot cannot be read back as it was written.",
            "Check this computer's disk, then load the bundle again.",
        )
    if any(count != header.counts.get(name, 0) for name, count in written.items()):
        raise sealing.incomplete_error()  # a type that only one of the two programs knows is none


def _flush_file(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _put_in_use(
    vault: Vault,
    settings: Settings,
    sealed: SealedBundle,
    header: SnapshotHeader,
    actor: Actor,
    reason: str,
) -> None:
    with vault.change(actor, AuditAction.SNAPSHOT_LOAD, target=header.id, reason=reason) as db:
        _check_number(vault, settings, sealed)
        snapshot_index.insert_entry(db, header, sealed.name, sealed.sha256, vault.now())
        snapshot_index.save_highest_seen(
            db, sealed.key, BundleNumber(sealed.epoch, sealed.sequence), sealed.sha256
        )
        surplus = [
            row
            for row in snapshot_index.list_entries(db)[settings.snapshot.keep :]
            if not row.pinned
        ]
        for row in surplus:
            snapshot_index.delete_entry(db, row.id)
    for row in surplus:
        (vault.home.bundles / row.bundle).unlink(missing_ok=True)
    remove_surplus_files(vault, settings)


def remove_surplus_files(vault: Vault, settings: Settings) -> None:
    """Remove files of snapshots that are no longer kept, and what a crash left behind."""
    rows = snapshot_index.list_entries(vault.db)
    databases = {f"{row.id}.db" for row in rows}
    bundles = {row.bundle for row in rows}
    sealed = [p for p in vault.home.bundles.glob(f"*{SUFFIX}") if p.name not in bundles]
    sealed.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
    doomed = [p for p in vault.home.snapshots.glob("*.db") if p.name not in databases]
    doomed += [*vault.home.snapshots.glob(".*.tmp"), *sealed[settings.snapshot.keep :]]
    for path in doomed:
        # Windows refuses while somebody still reads it: the next load removes it.
        with suppress(OSError):
            path.unlink()


def list_snapshots(vault: Vault) -> list[SnapshotInfo]:
    """The snapshots that this machine holds, the one in use first."""
    rows = snapshot_index.list_entries(vault.db)
    return [_describe_entry(row, rows[0].id, vault.clock()) for row in rows]


def get_current_id(vault: Vault) -> str:
    """Id of the snapshot in use; empty when there is none."""
    rows = snapshot_index.list_entries(vault.db)
    return rows[0].id if rows else ""


def open_current_snapshot(vault: Vault) -> Snapshot:
    """The snapshot in use; NotFoundError when none was ever loaded. The caller closes it."""
    if snapshot_id := get_current_id(vault):
        return open_snapshot(vault, snapshot_id)
    raise NotFoundError(
        "snapshot.none",
        "This machine holds no snapshot yet.",
        "Load one with 'downtime snapshot load', or on the Snapshots page.",
    )


def open_snapshot(vault: Vault, snapshot_id: str) -> Snapshot:
    """One snapshot, opened; NotFoundError. The caller closes it."""
    _get_entry(vault, snapshot_id)
    return Snapshot(_database_path(vault, snapshot_id), _database_key(vault, snapshot_id))


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
    """The latest time that snapshots here bear witness to: a clock behind it went back."""
    times = [
        time
        for row in snapshot_index.list_entries(vault.db)
        for time in (row.header.created, row.loaded)
    ]
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


def _describe_entry(row: snapshot_index.SnapshotEntry, in_use: str, now: datetime) -> SnapshotInfo:
    warnings = []
    if now > from_text(row.header.expires):
        age = display.format_duration(now - from_text(row.header.created))
        warnings.append(f"This snapshot is {age} old and past its time; fetch a newer one.")
    if (from_text(row.header.created) - now).total_seconds() > CLOCK_TOLERANCE_SECONDS:
        warnings.append("This snapshot is dated later than this computer's clock: check the clock.")
    return SnapshotInfo(
        row.id, row.header, row.loaded, row.id == in_use, row.pinned, tuple(warnings), row.sha256
    )


def _database_path(vault: Vault, snapshot_id: str) -> Path:
    return vault.home.snapshots / f"{snapshot_id}.db"


def _database_key(vault: Vault, snapshot_id: str) -> bytes:
    return vault.derive_key(f"snapshot:{snapshot_id}")
