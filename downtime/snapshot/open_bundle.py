"""Check a bundle and open it beside the snapshots that are in use.

Checked first (which needs no unlocked vault), decrypted a piece at a time, written aside on the same
file system, counted. What is in use stays so until `put_in_use`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlcipher3

from downtime.config import Home
from downtime.errors import ConflictError, LockedError
from downtime.settings import Settings
from downtime.snapshot import bundle, policies
from downtime.snapshot.bundle import SealedBundle
from downtime.snapshot.garbage_collection import collect_garbage_seldom
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.highest_seen import find_highest_seen
from downtime.snapshot.local_snapshots import database_key
from downtime.snapshot.payload import Payload, check_unpacked
from downtime.snapshot.read_delta import DeltaReader, open_base
from downtime.snapshot.row_layout import TypeRows
from downtime.snapshot.store import record_tables
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.transport.folder import check_file
from downtime.vault import device, sealing
from downtime.vault.files import flush_file
from downtime.vault.machines import check_role, find_keys
from downtime.vault.model import MachineRole
from downtime.vault.sealing import Source
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class AsideSnapshot:
    """An opened snapshot that is not in use yet: it can be read and compared."""

    sealed: SealedBundle
    header: SnapshotHeader
    path: Path
    snapshot: Snapshot


def verify_bundle_file(home: Home, settings: Settings, source: Source) -> SealedBundle:
    """A bundle of this hospital that a publisher of its list signed; works while locked.

    UntrustedError with the reason; of a file no more is read than a bundle may have.
    """
    if isinstance(source, Path):
        check_file(source, settings.snapshot.max_bundle_bytes, "snapshot.max_bundle_bytes")
    check_role(home, sealing.read_key_id(bundle.KIND, source), MachineRole.PUBLISHER)
    sealed = bundle.verify_bundle(source, find_keys(home, MachineRole.PUBLISHER))
    policies.check_hospital(sealed, settings)
    check_unpacked(sealed.unpacked, settings.snapshot.max_unpacked_bytes)
    return sealed


def open_aside(vault: Vault, settings: Settings, sealed: SealedBundle) -> AsideSnapshot:
    """Open a bundle beside what is in use. The caller puts it in use, or discards it.

    UntrustedError when it is older than one that was loaded, has its number with another content or
    one far above it, or was not sealed for this machine. Of a delta NotFoundError
    (`bundle.base-missing`) or ConflictError (`bundle.delta-differs`): then the full one is needed.
    """
    policies.check_number(sealed, find_highest_seen(vault, sealed.publisher), settings)
    return reopen_aside(vault, settings, sealed)


def reopen_aside(
    vault: Vault, settings: Settings, sealed: SealedBundle, folder: Path | None = None
) -> AsideSnapshot:
    """As `open_aside`, of a bundle that is kept here: its number was judged when it came.

    It is written beside the others, or into another folder.
    """
    identity, limit = device.load_device(vault).age_identity, settings.snapshot.max_unpacked_bytes
    aside = (folder or vault.home.snapshots_folder) / f".{sealed.id}.tmp"
    key = database_key(vault, sealed.id)
    aside.unlink(missing_ok=True)  # half a file, of a program that was killed or a power cut
    try:
        with bundle.open_payload(sealed, identity, limit) as payload:
            header = payload.header
            with collect_garbage_seldom(), _read_rows(vault, payload) as rows:
                written = record_tables.write_database(aside, key, header, rows)
        _check_written(aside, key, header, written)
        flush_file(aside)
        return AsideSnapshot(sealed, header, aside, Snapshot(aside, key))
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


@contextmanager
def _read_rows(vault: Vault, payload: Payload) -> Iterator[Iterator[TypeRows]]:
    """All rows of a snapshot, of a delta those of its base with its changes."""
    if payload.header.base is None:
        yield payload.rows
        return
    with open_base(vault, payload.header) as base:
        yield DeltaReader(base, payload).iterate_rows()


def discard(aside: AsideSnapshot) -> None:
    """Remove a snapshot that was opened aside."""
    aside.snapshot.close()
    aside.path.unlink(missing_ok=True)


def _check_written(path: Path, key: bytes, header: SnapshotHeader, written: dict[str, int]) -> None:
    """Open what was written as it will be opened, and count."""
    try:
        with Snapshot(path, key) as opened:
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
