"""Find the opened snapshots of a home whose vault, which names them, is damaged or missing."""

from contextlib import closing, suppress

import sqlcipher3

from downtime.errors import UserError
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.local_snapshots import database_key, database_path
from downtime.snapshot.store import snapshot_index
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault.vault import Vault
from downtime.vault.write_access import ReadOnlyReason

_TABLE = "snapshot"


def index_again(vault: Vault) -> int:
    """Name those in what stands in for the vault that open with this home's key; how many.

    Nobody else could have written them: each has a key of its own, which derives from the home's.
    """
    is_lost = vault.write_access.reason in (ReadOnlyReason.DAMAGED, ReadOnlyReason.LOST)
    if not is_lost or _TABLE not in vault.partial_tables:
        return 0
    read = (_read_header(vault, snapshot_id) for snapshot_id in _list_ids(vault))
    headers = [header for header in read if header]
    headers.sort(key=lambda header: (header.created, header.sequence))
    for header in headers:
        snapshot_index.insert_entry(vault.db, header, "", "", header.created)
    return len(headers)


def _list_ids(vault: Vault) -> list[str]:
    known = {entry.id for entry in snapshot_index.list_entries(vault.db)}
    stems = {path.stem for path in vault.home.snapshots_folder.glob("[!.]*.db")}
    return sorted(stems - known)


def _read_header(vault: Vault, snapshot_id: str) -> SnapshotHeader | None:
    """None when it does not open, or is another one."""
    path, key = database_path(vault, snapshot_id), database_key(vault, snapshot_id)
    with suppress(UserError, OSError, sqlcipher3.Error), closing(Snapshot(path, key)) as snapshot:
        return snapshot.header if snapshot.id == snapshot_id else None
    return None
