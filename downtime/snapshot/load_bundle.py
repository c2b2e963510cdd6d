"""Check a bundle, open it and put it in use; if anything fails, the snapshot before stays in use.

Checked first (which needs no unlocked vault), kept sealed, decrypted in memory, written aside on
the same file system, counted, moved into place by one rename, and put in use by one transaction
together with its audit entry.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlcipher3

from downtime.config import Home
from downtime.errors import (
    ConflictError,
    LockedError,
    NotFoundError,
    UntrustedError,
)
from downtime.settings import Settings
from downtime.snapshot import bundle, policies
from downtime.snapshot.bundle import SUFFIX, SealedBundle
from downtime.snapshot.garbage_collection import collect_garbage_seldom
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.local_snapshots import (
    SnapshotInfo,
    database_key,
    database_path,
    describe_entry,
)
from downtime.snapshot.model import AuditAction
from downtime.snapshot.store import record_tables, snapshot_index
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.snapshot.store.snapshot_index import BundleNumber
from downtime.transport.folder import CarrierFolder, read_file
from downtime.vault import device, sealing
from downtime.vault.files import flush_folder, write_atomic
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def receive_bundle(home: Home, settings: Settings, source: Path) -> SealedBundle:
    """Check a bundle, or the one that a folder points to, and keep it sealed: works while locked."""
    sealed = _read_verified(home, settings, source)
    _store_sealed(home, sealed)
    return sealed


def _store_sealed(home: Home, sealed: SealedBundle) -> None:
    write_atomic(home.bundles_folder / sealed.name, sealed.data)


def load_bundle(
    vault: Vault, settings: Settings, source: Path, actor: Actor, reason: str = ""
) -> SnapshotInfo:
    """Put a bundle in use: a file, or a folder with a pointer to the newest one.

    UntrustedError when it was altered or cut short, is older than one seen before, has a number
    seen with another content or far above the last, comes from another hospital or an unknown
    machine, or was not sealed for this one. An expired bundle is loaded, with a warning.
    """
    sealed = _read_verified(vault.home, settings, source)
    policies.check_number(sealed, snapshot_index.get_highest_seen(vault.db, sealed.key), settings)
    _store_sealed(vault.home, sealed)
    with _remove_when_refused(vault.home, sealed):
        header, records = bundle.open_payload(sealed, device.load_device(vault).age_identity)
        path = database_path(vault, header.id)
        aside = path.with_name(f".{header.id}.tmp")
        try:
            with collect_garbage_seldom():
                written = record_tables.create_database(
                    aside, database_key(vault, header.id), header, records
                )
            _check_written(vault, aside, header, written)
            _flush_file(aside)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
    flush_folder(path.parent)
    _put_in_use(vault, settings, sealed, header, actor, reason)
    return describe_entry(snapshot_index.list_entries(vault.db)[0], header.id, vault.clock())


def _read_verified(home: Home, settings: Settings, source: Path) -> SealedBundle:
    path = _find_newest(source) if source.is_dir() else source
    limit = settings.snapshot.max_bundle_bytes
    content = read_file(path, limit, "snapshot.max_bundle_bytes")
    sealed = bundle.verify_bundle(content, sealing.list_trusted_keys(home))
    policies.check_hospital(sealed, settings)
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


@contextmanager
def _remove_when_refused(home: Home, sealed: SealedBundle) -> Iterator[None]:
    try:
        yield
    except UntrustedError:
        (home.bundles_folder / sealed.name).unlink(missing_ok=True)
        raise


def _check_written(
    vault: Vault, path: Path, header: SnapshotHeader, written: dict[str, int]
) -> None:
    """Open what was written as it will be opened, and count."""
    try:
        with Snapshot(path, database_key(vault, header.id)) as opened:
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
        policies.check_number(
            sealed, snapshot_index.get_highest_seen(vault.db, sealed.key), settings
        )
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
        (vault.home.bundles_folder / row.bundle).unlink(missing_ok=True)
    remove_surplus_files(vault, settings)


def remove_surplus_files(vault: Vault, settings: Settings) -> None:
    """Remove files of snapshots that are no longer kept, and what a crash left behind."""
    rows = snapshot_index.list_entries(vault.db)
    databases = {f"{row.id}.db" for row in rows}
    bundles = {row.bundle for row in rows}
    sealed = [p for p in vault.home.bundles_folder.glob(f"*{SUFFIX}") if p.name not in bundles]
    sealed.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
    doomed = [p for p in vault.home.snapshots_folder.glob("*.db") if p.name not in databases]
    doomed += [*vault.home.snapshots_folder.glob(".*.tmp"), *sealed[settings.snapshot.keep :]]
    for path in doomed:
        # Windows refuses while somebody still reads it: the next load removes it.
        with suppress(OSError):
            path.unlink()
