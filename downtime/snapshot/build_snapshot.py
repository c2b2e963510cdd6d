"""Build a snapshot of feeds and seal it; who carries it where is decided elsewhere."""

import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import orjson
import sqlite_utils

from downtime.clinical.holders import list_holders
from downtime.clinical.model import Encounter, Location
from downtime.clock import to_text
from downtime.config import Home
from downtime.feeds.model import Finding, FindingKind, Reject
from downtime.ingest.ledger import Ledger
from downtime.settings import Settings
from downtime.snapshot import bundle
from downtime.snapshot.assemble_bundles import (
    ScopeContent,
    collect_scopes,
    find_changes,
    iterate_frames,
    write_delta,
)
from downtime.snapshot.bundle import SealedBundle
from downtime.snapshot.cut_cells import EVERY_SCOPE, update_cells
from downtime.snapshot.data_quality import FindingTally, check_stays
from downtime.snapshot.expire_days import expire_days
from downtime.snapshot.footprint import Footprint
from downtime.snapshot.garbage_collection import collect_garbage_seldom
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.lost_messages import LEDGER, continue_numbers, list_lost
from downtime.snapshot.model import AuditAction
from downtime.snapshot.pack_segments import pack_segments
from downtime.snapshot.payload import write_payload
from downtime.snapshot.row_layout import from_row
from downtime.snapshot.state_files import hold_build, open_state, restore_lost_state
from downtime.snapshot.store import (
    cell_tables,
    future_times,
    publisher_state,
    quarantined_lists,
    snapshot_index,
)
from downtime.snapshot.store.cell_tables import PublishedState
from downtime.snapshot.store.snapshot_index import FIRST_NUMBER, BundleNumber
from downtime.snapshot.update_state import NO_OUTAGE, Intake, update_state
from downtime.vault import device
from downtime.vault.database import transaction
from downtime.vault.device import Device
from downtime.vault.machines import list_recipients, list_scopes
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
    build: int = 0
    """Which build of its state it is."""

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
    with hold_build(vault.home), collect_garbage_seldom(), Ledger(vault, settings) as ledger:
        restore_lost_state(vault)
        continue_numbers(vault, ledger, actor)
        with open_state(vault, vault.home.state_file) as state_db:
            intake = update_state(vault, settings, ledger, state_db, paths, down)
            build = _cut(state_db, settings, now)
            header = replace(
                _describe_state(vault, state_db, settings, now, number, key),
                held=dict(down),
                released=tuple(released),
            )
            scopes = list_scopes(vault.home)
            contents, footprint = collect_scopes(state_db, scopes)
            parts = _assemble(state_db, header, contents)
            bundles = tuple(_seal(vault.home, this, *part) for part in parts)
            expire_days(vault, settings, ledger)
    header = contents[0].complete(header)
    seconds = time.perf_counter() - started
    return BuiltSnapshot(header, bundles, intake, footprint, seconds, build)


def confirm_published(vault: Vault, built: BuiltSnapshot) -> None:
    """Let the next delta begin at a build that was published.

    Without it the next one begins at the last that was; a laptop that lacks that one takes the full
    bundle.
    """
    content = {sealed.scope: sealed.content for sealed in built.bundles if sealed.base is None}
    number = BundleNumber(built.header.epoch, built.header.sequence)
    with hold_build(vault.home), open_state(vault, vault.home.state_file) as db, transaction(db):
        if cell_tables.get_build(db) == built.build:
            cell_tables.save_published(db, PublishedState(number, built.build, content))


def _cut(db: sqlite_utils.Database, settings: Settings, now: datetime) -> int:
    """Bring the packed cells and segments up to the state; returns the number of this build."""
    with transaction(db):
        cell_tables.prepare_tables(db)
        build = cell_tables.begin_build(db)
    update_cells(db, settings, now, build)
    pack_segments(db)
    cell_tables.release_cache(db)
    return build


def _assemble(
    db: sqlite_utils.Database, header: SnapshotHeader, contents: list[ScopeContent]
) -> Iterator[tuple[SnapshotHeader, Iterable[bytes]]]:
    """Header and packed rows of every bundle."""
    published = cell_tables.get_published(db)
    if published and published.number.epoch != header.epoch:
        published = None
    changes = find_changes(db, published, contents[0].size) if published else None
    for content in contents:
        full = content.complete(header)
        yield full, iterate_frames(db, content.scope)
        base = published.content.get(content.scope) if published else None
        if published and changes and base is not None:
            delta = write_delta(full, base, published.number.sequence, changes)
            yield from [delta] if delta else []


def _seal(
    home: Home, this: Device, header: SnapshotHeader, frames: Iterable[bytes]
) -> SealedBundle:
    """A bundle in a file of this disk that has no name, and is gone with whoever holds it."""
    recipients, content = list_recipients(home, header.scope), write_payload(header, frames)
    out = tempfile.TemporaryFile(dir=home.path)  # noqa: SIM115 - open as long as the bundle is used
    return bundle.seal_bundle(header, content, recipients, this.sign, out)


def _describe_state(
    vault: Vault,
    db: sqlite_utils.Database,
    settings: Settings,
    now: datetime,
    number: BundleNumber,
    key: str,
) -> SnapshotHeader:
    """What a header says of the state as a whole."""
    systems, deliveries = settings.systems, publisher_state.select_deliveries(db)
    return SnapshotHeader(
        hospital=settings.site.code,
        wards=tuple(sorted(_list_wards(db))),
        epoch=number.epoch,
        sequence=number.sequence,
        created=to_text(now),
        expires=to_text(now + timedelta(hours=settings.snapshot.expires_hours)),
        key=key,
        time_zone=settings.site.time_zone,
        systems=_list_systems(publisher_state.select_newest_times(db), settings),
        holds=tuple(sorted(publisher_state.select_delivered_types(db))),
        delivered={system: tuple(sorted(types)) for system, types in deliveries.items()},
        holders=list_holders(systems.names, systems.records, systems.holders),
        quality=_count_findings(vault, db, settings, now),
    )


def _count_findings(
    vault: Vault, db: sqlite_utils.Database, settings: Settings, now: datetime
) -> dict[str, dict[str, int]]:
    tally = FindingTally()
    for finding, count in cell_tables.iterate_findings(db):
        tally.add_counts({Finding(FindingKind(finding[0]), *finding[1:]): count})
    stays = (from_row(Encounter, row) for row in cell_tables.iterate_stays(db))
    check_stays(stays, settings, now, tally)
    for system in quarantined_lists.select_waiting(db):
        text = "A list lies in quarantine: what it would replace stays as it was."
        tally.add_counts({Finding(FindingKind.LIST_IMPLAUSIBLE, system, text): 1})
    since = to_text(now - timedelta(days=settings.churn.kept_days))
    for system, count in future_times.count_future_times(db, since[:10]).items():
        text = "A time lies in the future: it is not believed."
        tally.add_counts({Finding(FindingKind.TIME_IN_FUTURE, system, text): count})
    for lost in list_lost(vault, since):
        tally.add_counts({Finding(FindingKind.MESSAGES_LOST, LEDGER, lost.sentence): 1})
    return tally.count_by_source()


def _list_wards(db: sqlite_utils.Database) -> set[str]:
    """The wards that have beds."""
    places = cell_tables.iterate_parts(db, EVERY_SCOPE)
    rows = (
        row for lines in places for line in lines.splitlines() for row in orjson.loads(line)[1:]
    )
    return {from_row(Location, row).ward for row in rows} - {""}


def _list_systems(newest: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """In the order of the settings; a system that sent nothing has no time."""
    names = dict.fromkeys([*settings.systems.names, *sorted(newest)])
    return {name: newest.get(name, "") for name in names}
