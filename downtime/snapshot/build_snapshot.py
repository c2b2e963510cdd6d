"""Build a snapshot of feeds, seal it, and publish it in the folder from which laptops fetch it.

How it lies in that folder is said in `transport.folder`.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import sqlite_utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from downtime.clinical.holders import list_holders
from downtime.clinical.model import Encounter, EncounterStatus, Location, Record
from downtime.clock import to_text
from downtime.errors import UserError
from downtime.feeds.model import Reject
from downtime.ingest.ledger import Ledger
from downtime.settings import Settings
from downtime.snapshot import bundle
from downtime.snapshot.bundle import PayloadWriter, SealedBundle
from downtime.snapshot.data_quality import FindingTally, check_stays
from downtime.snapshot.expire_days import expire_days
from downtime.snapshot.garbage_collection import collect_garbage_seldom
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.model import AuditAction
from downtime.snapshot.select_records import select_records
from downtime.snapshot.settle_records import settle_records
from downtime.snapshot.state_files import hold_build, open_state, restore_lost_state
from downtime.snapshot.store import publisher_state, snapshot_index
from downtime.snapshot.store.snapshot_index import BundleNumber
from downtime.snapshot.update_state import Intake, update_state
from downtime.transport.folder import CarrierFolder, Pointer
from downtime.vault import device
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class BuiltSnapshot:
    """A published bundle, and what was taken in for it."""

    bundle: Path
    header: SnapshotHeader
    intake: Intake
    seconds: float

    @property
    def messages(self) -> int:
        """Messages, rows and resources in all."""
        return self.intake.messages

    @property
    def accepted(self) -> int:
        """Those of which something is used."""
        return self.intake.accepted

    @property
    def rejected(self) -> list[Reject]:
        """Those that cannot be used, and why."""
        return self.intake.rejected


def build_snapshot(
    vault: Vault,
    settings: Settings,
    paths: Iterable[Path],
    to: Path,
    actor: Actor,
    reason: str = "",
) -> BuiltSnapshot:
    """Keep what the files hold in the ledger, bring the state up to it, and publish it in `to`.

    Without files it is what the ledger has received meanwhile. Sealed to this machine and to every
    device card it trusts. A failure before the last step leaves the bundle that was published
    before. ConflictError while another build is running.
    """
    started, now = time.perf_counter(), vault.clock()
    this = device.load_device(vault)
    key = bundle.key_id(this.card.public_key)
    with vault.change(actor, AuditAction.SNAPSHOT_BUILD, target=key, reason=reason) as db:
        number = _choose_number(db, to, key, this.card.public_key)
        snapshot_index.save_published(db, number)
    with hold_build(vault.home), collect_garbage_seldom(), Ledger(vault, settings) as ledger:
        restore_lost_state(vault)
        with open_state(vault, vault.home.state_file) as state_db:
            intake = update_state(vault, settings, ledger, state_db, paths)
            header, content = _write_payload(state_db, settings, now, number, key)
        expire_days(vault, settings, ledger)
    recipients = [card.recipient for card in (this.card, *device.read_trusted_cards(vault.home))]
    sealed = bundle.seal_bundle(header, content, recipients, this.sign)
    with vault.change(actor, AuditAction.SNAPSHOT_PUBLISH, target=header.id, reason=reason):
        path = publish_bundle(sealed, to, settings.snapshot.keep)
    return BuiltSnapshot(path, header, intake, time.perf_counter() - started)


def _choose_number(
    db: sqlite_utils.Database, to: Path, key: str, public: Ed25519PublicKey
) -> BundleNumber:
    """One above the highest that the vault remembers or the folder shows.

    The folder is asked too because a vault that was put back from a backup has forgotten some, and
    laptops refuse a number that they have seen.
    """
    number = max(snapshot_index.get_last_published(db), _read_published_number(to, key, public))
    return BundleNumber(number.epoch, number.sequence + 1)


def _read_published_number(to: Path, key: str, public: Ed25519PublicKey) -> BundleNumber:
    none = BundleNumber(1, 0)
    pointer = CarrierFolder(to).read_pointer()
    if pointer is None:
        return none
    try:
        shown = bundle.verify_bundle((to / pointer.bundle).read_bytes(), {key: public})
    except (OSError, UserError):
        return none
    return BundleNumber(shown.epoch, shown.sequence)


def _write_payload(
    state_db: sqlite_utils.Database,
    settings: Settings,
    now: datetime,
    number: BundleNumber,
    key: str,
) -> tuple[SnapshotHeader, bytes]:
    """The header and the whole content in clear, in memory only."""
    packer, wards, tally = PayloadWriter(), set[str](), FindingTally()
    stays: list[Encounter] = []
    settled = _collect_stays(settle_records(state_db, settings, tally), stays)
    for record in select_records(settled, settings, now):
        packer.add(record)
        if isinstance(record, Location | Encounter):
            wards.add(_occupied_ward(record))
    check_stays(stays, settings, now, tally)
    systems, deliveries = settings.systems, publisher_state.select_deliveries(state_db)
    header = SnapshotHeader(
        hospital=settings.site.code,
        wards=tuple(sorted(wards - {""})),
        epoch=number.epoch,
        sequence=number.sequence,
        created=to_text(now),
        expires=to_text(now + timedelta(hours=settings.snapshot.expires_hours)),
        key=key,
        time_zone=settings.site.time_zone,
        systems=_list_systems(publisher_state.select_newest_times(state_db), settings),
        holds=tuple(sorted(publisher_state.select_delivered_types(state_db))),
        delivered={system: tuple(sorted(types)) for system, types in deliveries.items()},
        holders=list_holders(systems.names, systems.records, systems.holders),
        quality=tally.count_by_source(),
        counts=packer.counts,
    )
    return header, packer.finish(header)


def _collect_stays(records: Iterable[Record], stays: list[Encounter]) -> Iterator[Record]:
    """Pass records on, and remember the stays among them."""
    for record in records:
        if isinstance(record, Encounter):
            stays.append(record)
        yield record


def _occupied_ward(record: Record) -> str:
    """The ward of a bed, or of an inpatient; else empty."""
    if isinstance(record, Encounter) and record.status not in (EncounterStatus.IN_PROGRESS, ""):
        return ""
    return record.ward if isinstance(record, Location | Encounter) else ""


def _list_systems(newest: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """In the order of the settings; a system that sent nothing has no time."""
    names = dict.fromkeys([*settings.systems.names, *sorted(newest)])
    return {name: newest.get(name, "") for name in names}


def publish_bundle(sealed: SealedBundle, to: Path, keep: int) -> Path:
    """Put a bundle in a folder, point to it, and remove this publisher's oldest ones."""
    folder = CarrierFolder(to)
    path = folder.publish_file(sealed.data, Pointer(sealed.name, sealed.sha256, sealed.created))
    family = sealed.name.split(f"-{sealed.epoch}-{sealed.sequence:06}-")[0]
    folder.remove_oldest(f"{family}-*-{sealed.key[:8]}-*{bundle.SUFFIX}", keep, path)
    return path
