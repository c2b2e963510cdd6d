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

import orjson
import sqlcipher3

from downtime.clinical import display
from downtime.clock import from_text
from downtime.config import Home
from downtime.errors import (
    ConflictError,
    InputError,
    LockedError,
    NotFoundError,
    UntrustedError,
)
from downtime.settings import Settings
from downtime.snapshot import bundle, shelf, tables
from downtime.snapshot.bulk import seldom_collecting
from downtime.snapshot.bundle import SUFFIX, Sealed
from downtime.snapshot.header import Header
from downtime.snapshot.publish import POINTER
from downtime.snapshot.shelf import Number
from downtime.snapshot.store import Snapshot
from downtime.vault import device, sealing
from downtime.vault.audit import Actor
from downtime.vault.files import flush_folder, write_atomic
from downtime.vault.vault import Vault

CLOCK_TOLERANCE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """A snapshot that this machine holds."""

    id: str
    header: Header
    loaded: str
    current: bool
    pinned: bool
    warnings: tuple[str, ...]
    sha256: str
    """Of the sealed bundle: the statement names it."""


def receive(home: Home, settings: Settings, source: Path) -> Sealed:
    """Check a bundle, or the one that a folder points to, and keep it sealed: works while locked."""
    sealed = _verified(home, settings, source)
    _keep_sealed(home, sealed)
    return sealed


def _keep_sealed(home: Home, sealed: Sealed) -> None:
    write_atomic(home.bundles / sealed.name, sealed.data)


def load(vault: Vault, settings: Settings, source: Path, who: Actor, why: str = "") -> SnapshotInfo:
    """Put a bundle in use: a file, or a folder with a pointer to the newest one.

    UntrustedError when it was altered or cut short, is older than one seen before, has a number
    seen with another content or far above the last, comes from another hospital or an unknown
    machine, or was not sealed for this one. An expired bundle is loaded, with a warning.
    """
    sealed = _verified(vault.home, settings, source)
    _check_number(vault, settings, sealed)
    _keep_sealed(vault.home, sealed)
    with _refused_is_not_kept(vault.home, sealed):
        header, records = bundle.open_payload(sealed, device.load(vault).age_identity)
        path = _path(vault, header.id)
        aside = path.with_name(f".{header.id}.tmp")
        try:
            with seldom_collecting():
                written = tables.create(aside, _key(vault, header.id), header, records)
            _check_written(vault, aside, header, written)
            _flush(aside)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
    flush_folder(path.parent)
    _put_in_use(vault, settings, sealed, header, who, why)
    return _info(shelf.rows(vault.db)[0], header.id, vault.clock())


def _verified(home: Home, settings: Settings, source: Path) -> Sealed:
    sealed = bundle.verify(
        _read(source, settings.snapshot.max_bundle_bytes), sealing.believed(home)
    )
    if sealed.hospital != settings.site.code:
        raise UntrustedError(
            "bundle.other-hospital",
            f"This bundle is of {sealed.hospital}, and this machine serves {settings.site.code}.",
            "Load a bundle of this hospital.",
        )
    return sealed


def _read(source: Path, limit: int) -> bytes:
    try:
        path = _pointed(source) if source.is_dir() else source
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError:
        raise NotFoundError(
            "bundle.missing", f"There is no bundle {source.name}.", "Check the name or the stick."
        ) from None
    if len(data) > limit:
        raise InputError(
            "bundle.too-large",
            f"{source.name} is larger than {limit} bytes, the most that a bundle may have.",
            "If it is a bundle of this hospital, raise snapshot.max_bundle_bytes.",
        )
    return data


def _pointed(folder: Path) -> Path:
    try:
        name = orjson.loads((folder / POINTER).read_bytes())["bundle"]
        return folder / Path(name).name
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
        raise NotFoundError(
            "bundle.pointer",
            f"The folder {folder.name} does not say which bundle is the newest.",
            f"Name a file that ends in {SUFFIX}.",
        ) from None


def _check_number(vault: Vault, settings: Settings, sealed: Sealed) -> None:
    """Refuse a number that a publisher who was taken over, or an old stick, would bring."""
    held = shelf.seen(vault.db, sealed.key)
    if held is None:
        return
    (epoch, sequence), sha256 = held
    number = Number(sealed.epoch, sealed.sequence)
    if number < held[0]:
        raise UntrustedError(
            "bundle.older",
            f"This bundle is number {sealed.sequence}; number {sequence} was loaded before.",
            "Load a newer one: an old picture must not replace a new one.",
        )
    if number == held[0] and sealed.sha256 != sha256:
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
def _refused_is_not_kept(home: Home, sealed: Sealed) -> Iterator[None]:
    try:
        yield
    except UntrustedError:
        (home.bundles / sealed.name).unlink(missing_ok=True)
        raise


def _check_written(vault: Vault, path: Path, header: Header, written: dict[str, int]) -> None:
    """Open what was written as it will be opened, and count."""
    try:
        with Snapshot(path, _key(vault, header.id)) as opened:
            found, sound = opened.count_rows(), opened.is_sound()
    except (sqlcipher3.DatabaseError, LockedError):
        found, sound = {}, False
    if not sound or found != written:
        raise ConflictError(
            "snapshot.damaged",
            "The opened snapshot cannot be read back as it was written.",
            "Check this computer's disk, then load the bundle again.",
        )
    if written != header.counts:
        raise sealing.incomplete()


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _put_in_use(
    vault: Vault, settings: Settings, sealed: Sealed, header: Header, who: Actor, why: str
) -> None:
    with vault.change(who, "snapshot.load", target=header.id, why=why) as db:
        _check_number(vault, settings, sealed)
        shelf.add(db, header, sealed.name, sealed.sha256, vault.now())
        shelf.remember(db, sealed.key, Number(sealed.epoch, sealed.sequence), sealed.sha256)
        surplus = [row for row in shelf.rows(db)[settings.snapshot.keep :] if not row.pinned]
        for row in surplus:
            shelf.remove(db, row.id)
    for row in surplus:
        (vault.home.bundles / row.bundle).unlink(missing_ok=True)
    tidy(vault, settings)


def tidy(vault: Vault, settings: Settings) -> None:
    """Remove files of snapshots that are no longer kept, and what a crash left behind."""
    rows = shelf.rows(vault.db)
    databases = {f"{row.id}.db" for row in rows}
    kept = {row.bundle for row in rows}
    sealed = [p for p in vault.home.bundles.glob(f"*{SUFFIX}") if p.name not in kept]
    sealed.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
    doomed = [p for p in vault.home.snapshots.glob("*.db") if p.name not in databases]
    doomed += [*vault.home.snapshots.glob(".*.tmp"), *sealed[settings.snapshot.keep :]]
    for path in doomed:
        # Windows refuses while somebody still reads it: the next load removes it.
        with suppress(OSError):
            path.unlink()


def list_snapshots(vault: Vault) -> list[SnapshotInfo]:
    """The snapshots that this machine holds, the one in use first."""
    rows = shelf.rows(vault.db)
    return [_info(row, rows[0].id, vault.clock()) for row in rows]


def current_id(vault: Vault) -> str:
    """Id of the snapshot in use; empty when there is none."""
    rows = shelf.rows(vault.db)
    return rows[0].id if rows else ""


def current(vault: Vault) -> Snapshot:
    """The snapshot in use; NotFoundError when none was ever loaded. The caller closes it."""
    if found := current_id(vault):
        return get(vault, found)
    raise NotFoundError(
        "snapshot.none",
        "This machine holds no snapshot yet.",
        "Load one with 'downtime snapshot load', or on the Snapshots page.",
    )


def get(vault: Vault, snapshot_id: str) -> Snapshot:
    """One snapshot, opened; NotFoundError. The caller closes it."""
    _row(vault, snapshot_id)
    return Snapshot(_path(vault, snapshot_id), _key(vault, snapshot_id))


def pin(vault: Vault, snapshot_id: str, who: Actor, why: str = "") -> None:
    """Keep a snapshot for good: an outage is compared with it long after."""
    _row(vault, snapshot_id)
    with vault.change(who, "snapshot.pin", target=snapshot_id, why=why) as db:
        shelf.pin(db, snapshot_id)


def pin_current(vault: Vault, who: Actor, why: str = "") -> str:
    """Keep the snapshot in use for good; returns its id, empty when there is none."""
    if found := current_id(vault):
        pin(vault, found, who, why)
    return found


def last_seen(vault: Vault) -> datetime | None:
    """The latest time that snapshots here bear witness to: a clock behind it went back."""
    times = [time for row in shelf.rows(vault.db) for time in (row.header.created, row.loaded)]
    return from_text(max(times)) if times else None


def _row(vault: Vault, snapshot_id: str) -> shelf.Row:
    for row in shelf.rows(vault.db):
        if row.id == snapshot_id:
            return row
    raise NotFoundError(
        "snapshot.unknown",
        f"This machine holds no snapshot {snapshot_id}.",
        "See 'downtime snapshot list'.",
    )


def _info(row: shelf.Row, in_use: str, now: datetime) -> SnapshotInfo:
    warnings = []
    if now > from_text(row.header.expires):
        age = display.duration(now - from_text(row.header.created))
        warnings.append(f"This snapshot is {age} old and past its time; fetch a newer one.")
    if (from_text(row.header.created) - now).total_seconds() > CLOCK_TOLERANCE_SECONDS:
        warnings.append("This snapshot is dated later than this computer's clock: check the clock.")
    return SnapshotInfo(
        row.id, row.header, row.loaded, row.id == in_use, row.pinned, tuple(warnings), row.sha256
    )


def _path(vault: Vault, snapshot_id: str) -> Path:
    return vault.home.snapshots / f"{snapshot_id}.db"


def _key(vault: Vault, snapshot_id: str) -> bytes:
    return vault.key(f"snapshot:{snapshot_id}")
