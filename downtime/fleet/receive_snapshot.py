"""Open a bundle, hold it against those before it on this machine, and put it in use; or keep it back.

Each laptop asks for itself: a publisher that somebody took over could say that all is well. While a
snapshot is in quarantine the last good one stays in use. Its sealed file is kept, and opened again
once a person has released it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from downtime.clock import from_text, to_text
from downtime.errors import ConflictError
from downtime.fleet import policies
from downtime.fleet.carried_folder import list_carried
from downtime.fleet.churn_findings import ChurnFinding
from downtime.fleet.exchange_list import take_list_beside
from downtime.fleet.footprint_history import make_row, remember_snapshot
from downtime.fleet.highest_list import note_list
from downtime.fleet.known_time import begin_known_time
from downtime.fleet.machine_state import note_machine_state
from downtime.fleet.quarantine_model import Door, QuarantineEntry, QuarantineState
from downtime.fleet.quarantine_snapshot import (
    believe_snapshot,
    check_snapshot,
    find_release,
    quarantine_snapshot,
)
from downtime.fleet.store import footprints, quarantine_entries
from downtime.settings import Settings
from downtime.snapshot import local_snapshots
from downtime.snapshot.footprint import Footprint
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.load_bundle import open_verified, read_verified
from downtime.snapshot.local_snapshots import SnapshotInfo
from downtime.snapshot.open_bundle import discard
from downtime.snapshot.put_in_use import put_in_use, store_sealed
from downtime.snapshot.store import snapshot_index
from downtime.snapshot.update_state import NO_OUTAGE
from downtime.vault.database import transaction
from downtime.vault.machines import find_keys, read_own_machine
from downtime.vault.model import Actor, MachineRole
from downtime.vault.vault import Vault

_KEPT_BACK = (QuarantineState.OPEN, QuarantineState.REJECTED)


@dataclass(frozen=True, slots=True)
class ReceivedSnapshot:
    """A snapshot that is in use now, or waits in quarantine (or was rejected there)."""

    info: SnapshotInfo | None
    quarantine: QuarantineEntry | None = None
    warnings: tuple[str, ...] = ()

    def require_info(self) -> SnapshotInfo:
        """The snapshot that is in use now; ConflictError while it waits in quarantine."""
        if self.info is None:
            raise ConflictError(
                "quarantine.kept-back",
                "This snapshot changed too much to be used unseen: it is in quarantine.",
                "Look at it with 'downtime quarantine list', or on the page Snapshots.",
            )
        return self.info


def receive_snapshot(
    vault: Vault,
    settings: Settings,
    source: Path,
    actor: Actor,
    reason: str = "",
    *,
    down: Mapping[str, str] = NO_OUTAGE,
) -> ReceivedSnapshot:
    """Put a bundle in use, when it is plausible: a file, or the newest of a folder, deltas included.

    `down` is each system whose outage is declared here, with the time of its loss (UTC).
    UntrustedError as `open_aside`, and for other wards than those of this machine. What the machine
    holds now is known while it is locked, too.
    """
    take_list_beside(vault.home, source)
    note_list(vault)
    scope = read_own_machine(vault.home).scope
    carried = list_carried(source, scope, read_number_in_use(vault))
    received = _receive_each(vault, settings, carried.paths, actor, reason, down)
    note_machine_state(vault, settings, down)
    return replace(received, warnings=(*received.warnings, *carried.warnings))


def read_number_in_use(vault: Vault) -> tuple[int, int]:
    """Epoch and sequence of the snapshot in use.

    Zeros when it is not of the wards of this machine, or its publisher is believed no more: the numbers
    of the next one have nothing to do with it.
    """
    for info in local_snapshots.list_snapshots(vault)[:1]:
        is_believed = info.header.key in find_keys(vault.home, MachineRole.PUBLISHER)
        if is_believed and info.header.scope == read_own_machine(vault.home).scope:
            return info.header.epoch, info.header.sequence
    return 0, 0


def _receive_each(
    vault: Vault,
    settings: Settings,
    paths: Sequence[Path],
    actor: Actor,
    reason: str,
    down: Mapping[str, str],
) -> ReceivedSnapshot:
    """In their order, until one is kept back; what was put in use before that stays in use."""
    received = ReceivedSnapshot(next(iter(local_snapshots.list_snapshots(vault)), None))
    for path in paths:
        received = _receive(vault, settings, path, actor, reason, down)
        if received.info is None:
            break
    return received


def _receive(
    vault: Vault,
    settings: Settings,
    source: Path,
    actor: Actor,
    reason: str,
    down: Mapping[str, str],
) -> ReceivedSnapshot:
    sealed = read_verified(vault.home, settings, source)
    if entry := _find_kept_back(vault, sealed.name):
        return ReceivedSnapshot(None, entry)
    _check_scope(vault, sealed.scope)
    aside = open_verified(vault, settings, sealed)
    header = aside.header
    try:
        footprint = aside.snapshot.read_footprint()
        _remember_in_use(vault, settings, header.scope)
        created = limit_created(vault, Door.LAPTOP, header.scope, header.created)
        dated = replace(header, created=created)
        findings = check_snapshot(vault, settings, Door.LAPTOP, dated, footprint)
        if findings and not _is_believed(vault, settings, header):
            discard(aside)
            store_sealed(vault.home, sealed)
            entry = _quarantine(vault, settings, header, footprint, findings, actor, sealed.name)
            return ReceivedSnapshot(None, entry)
    except BaseException:
        discard(aside)
        raise
    info = put_in_use(vault, settings, aside, actor, reason)
    begin_known_time(vault.home, settings, vault.clock, header.created)
    believe_snapshot(vault, settings, Door.LAPTOP, dated, footprint)
    return ReceivedSnapshot(info, None, (*info.warnings, *_warn_of_down(header, down)))


def _check_scope(vault: Vault, scope: str) -> None:
    in_use = next((info.header.scope for info in local_snapshots.list_snapshots(vault)[:1]), None)
    policies.check_scope(scope, read_own_machine(vault.home), in_use)


def _find_kept_back(vault: Vault, name: str) -> QuarantineEntry | None:
    """What is known of a bundle that lies in quarantine: it need not be opened at every pull."""
    entry = quarantine_entries.find_entry_of_bundle(vault.db, name)
    return entry if entry and entry.state in _KEPT_BACK else None


def limit_created(vault: Vault, door: Door, scope: str, created: str) -> str:
    """When a snapshot was made (UTC), no later than this machine's own clock lets it be.

    The longer two are apart, the more patients may have gone: a date in the future would let all go.
    A clock that was behind at the last load is trusted for the time since; one that went back is not.
    """
    entry = next(iter(snapshot_index.list_entries(vault.db)), None)
    last = footprints.find_last(vault.db, door, scope)
    now = vault.clock()
    if door is Door.PUBLISHER:
        return min(created, max(to_text(now), last.created if last else ""))
    if entry is None or last is None or now < (loaded := from_text(entry.loaded)):
        return created
    behind = max(from_text(last.created) - loaded, timedelta())
    return min(created, to_text(now + behind))


def _remember_in_use(vault: Vault, settings: Settings, scope: str) -> None:
    """What is in use counts, also where a crash or an older program has not noted how it looks."""
    current = local_snapshots.get_current_id(vault)
    if not current or footprints.find_footprint(vault.db, Door.LAPTOP, scope, current):
        return
    with local_snapshots.open_snapshot(vault, current) as snapshot:
        if snapshot.header.scope != scope:
            return
        row = make_row(current, snapshot.header.created, snapshot.read_footprint())
    with transaction(vault.db) as db:
        remember_snapshot(db, Door.LAPTOP, scope, row, settings.churn)


def _is_believed(vault: Vault, settings: Settings, header: SnapshotHeader) -> bool:
    """Whether this site's laptops take what a person released at the publisher."""
    is_released = bool(find_release(vault, Door.LAPTOP, header))
    return settings.churn.believe_publisher_release and is_released


def _quarantine(
    vault: Vault,
    settings: Settings,
    header: SnapshotHeader,
    footprint: Footprint,
    findings: list[ChurnFinding],
    actor: Actor,
    name: str,
) -> QuarantineEntry:
    return quarantine_snapshot(
        vault, settings, Door.LAPTOP, header, footprint, findings, actor, name
    )


def _warn_of_down(header: SnapshotHeader, down: Mapping[str, str]) -> list[str]:
    """Data of a system that is declared down here, from after its loss."""
    return [
        f"{system} is declared down here, and this snapshot holds data of it from after that:"
        " mark it as restored, or have the outage declared at the publisher."
        for system, since in down.items()
        if header.systems.get(system, "") > since and system not in header.held
    ]
