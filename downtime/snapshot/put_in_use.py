"""Put an opened snapshot in use: one rename, and one transaction together with its audit entry."""

from contextlib import suppress

from downtime.config import Home
from downtime.settings import Settings
from downtime.snapshot import policies
from downtime.snapshot.bundle import SUFFIX, SealedBundle
from downtime.snapshot.highest_seen import find_highest_seen, save_highest_seen
from downtime.snapshot.local_snapshots import SnapshotInfo, database_path, describe_entry
from downtime.snapshot.model import AuditAction
from downtime.snapshot.open_bundle import AsideSnapshot
from downtime.snapshot.store import snapshot_index
from downtime.snapshot.store.snapshot_index import BundleNumber
from downtime.vault.files import flush_folder, replace_atomically
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def put_in_use(
    vault: Vault, settings: Settings, aside: AsideSnapshot, actor: Actor, reason: str = ""
) -> SnapshotInfo:
    """Let an opened snapshot be the one in use; older ones go when there are too many.

    UntrustedError when one with a higher number was put in use meanwhile.
    """
    header = aside.header
    aside.snapshot.close()
    path = database_path(vault, header.id)
    try:
        store_sealed(vault.home, aside.sealed)
        aside.path.replace(path)
    finally:
        aside.path.unlink(missing_ok=True)
    flush_folder(path.parent)
    _enter(vault, settings, aside, actor, reason)
    return describe_entry(snapshot_index.list_entries(vault.db)[0], header.id, vault.clock())


def store_sealed(home: Home, sealed: SealedBundle) -> None:
    """Keep a bundle as it came; UntrustedError when it was exchanged since it was checked."""
    path = home.bundles_folder / sealed.name
    with replace_atomically(path) as file:
        file.writelines(sealed.iterate_parts())


def _enter(
    vault: Vault, settings: Settings, aside: AsideSnapshot, actor: Actor, reason: str
) -> None:
    sealed, header = aside.sealed, aside.header
    with vault.change(actor, AuditAction.SNAPSHOT_LOAD, target=header.id, reason=reason) as db:
        policies.check_number(sealed, find_highest_seen(vault, sealed.publisher), settings)
        snapshot_index.insert_entry(db, header, sealed.name, sealed.sha256, vault.now())
        number = BundleNumber(sealed.epoch, sealed.sequence)
        save_highest_seen(vault, db, sealed.publisher, number, sealed.identity)
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
