"""Look at every opened snapshot; one that is damaged or missing is opened again from its sealed bundle."""

from collections.abc import Iterator
from contextlib import suppress

import sqlcipher3

from downtime.errors import UserError
from downtime.settings import Settings
from downtime.snapshot.local_snapshots import database_key, database_path
from downtime.snapshot.model import AuditAction
from downtime.snapshot.open_bundle import reopen_aside, verify_bundle_file
from downtime.snapshot.store import snapshot_index
from downtime.vault.check_home import CheckedPart, find_damage
from downtime.vault.files import flush_folder
from downtime.vault.model import Actor
from downtime.vault.reading_copy import make_memory_folder
from downtime.vault.vault import Vault

_NEXT = (
    "Pull, or load the newest bundle: then a full one is taken. Print from the snapshots that are sound"
    " meanwhile."
)


def check_snapshots(
    vault: Vault, settings: Settings, actor: Actor, *, are_closed: bool = False
) -> Iterator[CheckedPart]:
    """Each snapshot, healed where that was needed and possible.

    `are_closed`: this machine closed them on purpose, so what is missing stays so.
    """
    for row in snapshot_index.list_entries(vault.db):
        path, key = database_path(vault, row.id), database_key(vault, row.id)
        if are_closed and not path.exists():
            yield CheckedPart(f"snapshot {row.id} (closed: nothing was heard of the site)")
            continue
        fault = find_damage(path, key) if path.exists() else "its file is missing."
        if fault and heal_snapshot(vault, settings, row, actor):
            fault = ""
            yield CheckedPart(f"snapshot {row.id} (was damaged, opened again from its bundle)")
        elif fault:
            yield CheckedPart(f"snapshot {row.id}", fault, _NEXT)
        else:
            yield CheckedPart(f"snapshot {row.id}")


def heal_snapshot(
    vault: Vault, settings: Settings, row: snapshot_index.SnapshotEntry, actor: Actor
) -> bool:
    """Open one again from the bundle that is kept with it; whether that was possible.

    What came as a delta needs the snapshot before it, which is healed first where it is damaged, too.
    """
    with suppress(UserError, OSError, sqlcipher3.OperationalError):
        sealed = verify_bundle_file(vault.home, settings, vault.home.bundles_folder / row.bundle)
        if base := _find_base(vault, row, sealed.base):
            path = database_path(vault, base.id)
            if not path.exists() or find_damage(path, database_key(vault, base.id)):
                heal_snapshot(vault, settings, base, actor)
        aside = reopen_aside(vault, settings, sealed)
        aside.snapshot.close()
        path = database_path(vault, row.id)
        aside.path.replace(path)
        flush_folder(path.parent)
        vault.note(actor, AuditAction.SNAPSHOT_HEAL, target=row.id)
        return True
    return False


def read_damaged(vault: Vault, settings: Settings, actor: Actor) -> bool:
    """Go on with the snapshot in use although its file is damaged; False when it is not, or no way leads on.

    It is opened again from its bundle: on the disk, or, where that takes nothing, in memory.
    """
    row = next(iter(snapshot_index.list_entries(vault.db)), None)
    if row is None or not row.bundle or row.id in vault.substitutes:
        return False
    path = database_path(vault, row.id)
    if path.exists() and not find_damage(path, database_key(vault, row.id)):
        return False
    return heal_snapshot(vault, settings, row, actor) or _open_in_memory(vault, settings, row)


def _open_in_memory(vault: Vault, settings: Settings, row: snapshot_index.SnapshotEntry) -> bool:
    with suppress(UserError, OSError, sqlcipher3.Error):
        sealed = verify_bundle_file(vault.home, settings, vault.home.bundles_folder / row.bundle)
        aside = reopen_aside(vault, settings, sealed, make_memory_folder())
        aside.snapshot.close()
        vault.substitutes[row.id] = aside.path
        return True
    return False


def _find_base(
    vault: Vault, row: snapshot_index.SnapshotEntry, base: int | None
) -> snapshot_index.SnapshotEntry | None:
    """The snapshot that a delta changes, while it is kept; None for one that needs none."""
    wanted = (row.header.key, row.header.scope, row.header.epoch, base)
    for entry in snapshot_index.list_entries(vault.db):
        header = entry.header
        if (header.key, header.scope, header.epoch, header.sequence) == wanted:
            return entry
    return None
