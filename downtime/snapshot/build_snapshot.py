"""Build a snapshot of feeds and seal it; who carries it where is decided elsewhere."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlite_utils

from downtime.clinical.holders import list_holders
from downtime.clinical.model import Encounter, EncounterStatus, Location, Record
from downtime.clock import to_text
from downtime.feeds.model import Reject
from downtime.ingest.ledger import Ledger
from downtime.settings import Settings
from downtime.snapshot import bundle
from downtime.snapshot.bundle import SealedBundle
from downtime.snapshot.data_quality import FindingTally, check_stays
from downtime.snapshot.expire_days import expire_days
from downtime.snapshot.footprint import Footprint, FootprintMaker
from downtime.snapshot.garbage_collection import collect_garbage_seldom
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.model import AuditAction
from downtime.snapshot.payload import PackedRows, compress, format_digest, write_payload
from downtime.snapshot.row_layout import COLUMNS, list_rows
from downtime.snapshot.select_records import select_records
from downtime.snapshot.settle_records import settle_records
from downtime.snapshot.state_files import hold_build, open_state, restore_lost_state
from downtime.snapshot.store import publisher_state, snapshot_index
from downtime.snapshot.store.snapshot_index import FIRST_NUMBER, BundleNumber
from downtime.snapshot.update_state import NO_OUTAGE, Intake, update_state
from downtime.vault import device
from downtime.vault.machines import list_recipients
from downtime.vault.model import Actor
from downtime.vault.raise_marks import take_snapshot_number
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class BuiltSnapshot:
    """Sealed bundles of one instant, and what was taken in for them."""

    header: SnapshotHeader
    """Of the bundle of the whole site."""
    bundles: tuple[SealedBundle, ...]
    intake: Intake
    footprint: Footprint
    """What it looks like in short, to be held against those before it."""
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

    def full(self, scope: str = "") -> SealedBundle:
        """The bundle of a scope that needs no other; empty `scope` is the whole site."""
        return next(b for b in self.bundles if b.scope == scope and b.base is None)

    def delta(self, scope: str = "") -> SealedBundle | None:
        """What has changed in a scope since the build before, when there was one."""
        return next((b for b in self.bundles if b.scope == scope and b.base is not None), None)


def build_snapshot(
    vault: Vault,
    settings: Settings,
    paths: Iterable[Path],
    actor: Actor,
    reason: str = "",
    *,
    above: BundleNumber = FIRST_NUMBER,
    down: Mapping[str, str] = NO_OUTAGE,
    released: Sequence[dict[str, str]] = (),
) -> BuiltSnapshot:
    """Keep what the files hold in the ledger, bring the state up to it, cut and seal it.

    Without files it is what the ledger has received meanwhile. Its number is above every one that
    this vault gave, and above the highest that places show: a vault that was put back from a backup
    has forgotten some, and laptops refuse a number that they have seen. Nothing is put anywhere.
    What systems sent that are `down` (name to the time of its loss, UTC) is not taken in after it;
    `released` is said in the header. ConflictError while another build is running.
    """
    started, now = time.perf_counter(), vault.clock()
    this = device.load_device(vault)
    key = bundle.key_id(this.card.public_key)
    with vault.change(actor, AuditAction.SNAPSHOT_BUILD, target=key, reason=reason) as db:
        known = max(snapshot_index.get_last_published(db), above)
        number = BundleNumber(*take_snapshot_number(vault, db, known))
        snapshot_index.save_published(db, number)
    maker = FootprintMaker()
    with hold_build(vault.home), collect_garbage_seldom(), Ledger(vault, settings) as ledger:
        restore_lost_state(vault)
        with open_state(vault, vault.home.state_file) as state_db:
            intake = update_state(vault, settings, ledger, state_db, paths, down)
            header, content = _write_payload(
                state_db,
                settings,
                now,
                number,
                key,
                maker,
                held=dict(down),
                released=tuple(released),
            )
        expire_days(vault, settings, ledger)
    sealed = bundle.seal_bundle(header, content, list_recipients(vault.home), this.sign)
    footprint, seconds = maker.finish(), time.perf_counter() - started
    return BuiltSnapshot(header, (sealed,), intake, footprint, seconds)


def _write_payload(
    state_db: sqlite_utils.Database,
    settings: Settings,
    now: datetime,
    number: BundleNumber,
    key: str,
    maker: FootprintMaker,
    **declared: Any,
) -> tuple[SnapshotHeader, bytes]:
    """The header, with what is `declared`, and the whole content in clear, in memory only."""
    wards, tally = set[str](), FindingTally()
    stays: list[Encounter] = []
    settled = _collect_stays(settle_records(state_db, settings, tally), stays)
    selected = _note_wards(select_records(settled, settings, now), wards)
    packed = PackedRows.pack(list_rows(_note_footprint(selected, maker)))
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
        counts=dict.fromkeys(COLUMNS, 0) | packed.counts,
        content=format_digest(packed.digest),
        unpacked=len(packed.lines),
        columns=COLUMNS,
        **declared,
    )
    return header, write_payload(header, [compress(packed.lines)])


def _note_footprint(records: Iterable[Record], maker: FootprintMaker) -> Iterator[Record]:
    """Pass records on, and take note of each."""
    for record in records:
        maker.add(record)
        yield record


def _note_wards(records: Iterable[Record], wards: set[str]) -> Iterator[Record]:
    """Pass records on, and remember the wards among them."""
    for record in records:
        if isinstance(record, Location | Encounter):
            wards.add(_occupied_ward(record))
        yield record


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
