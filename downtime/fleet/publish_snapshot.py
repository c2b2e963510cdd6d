"""Build a snapshot, hold it against those before it, and publish it; or keep it in quarantine.

What is in quarantine lies nowhere where a laptop could find it, and the one before stays the newest.
It is not kept either: when a person releases the change, the next build has it, and says by whom.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from downtime.clock import from_text, to_text
from downtime.errors import ConflictError, UserError
from downtime.feeds.model import Reject
from downtime.fleet.outbox import put_in_folder, read_folder
from downtime.fleet.quarantine_model import Door, QuarantineEntry, QuarantineState
from downtime.fleet.quarantine_snapshot import (
    believe_snapshot,
    check_snapshot,
    quarantine_snapshot,
)
from downtime.fleet.store import footprints, quarantine_entries
from downtime.ingest.ledger import Ledger
from downtime.ingest.list_releases import list_released
from downtime.settings import Settings
from downtime.snapshot import bundle
from downtime.snapshot.build_snapshot import BuiltSnapshot, build_snapshot, confirm_published
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.model import AuditAction
from downtime.snapshot.store.snapshot_index import FIRST_NUMBER, BundleNumber
from downtime.snapshot.update_state import NO_OUTAGE, Intake
from downtime.vault import device
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class PublishedSnapshot:
    """What was built, and where it lies, or why it lies nowhere."""

    built: BuiltSnapshot
    bundle: Path | None
    quarantine: QuarantineEntry | None = None

    def require_bundle(self) -> Path:
        """The file that lies there; ConflictError while it waits in quarantine."""
        if self.bundle is None:
            raise ConflictError(
                "quarantine.kept-back",
                "The snapshot changed too much to be published unseen: it is in quarantine.",
                "Look at it with 'downtime quarantine list', or on the page Snapshots.",
            )
        return self.bundle

    @property
    def header(self) -> SnapshotHeader:
        """Of the bundle of the whole site."""
        return self.built.header

    @property
    def intake(self) -> Intake:
        """What was taken in."""
        return self.built.intake

    @property
    def seconds(self) -> float:
        """How long the build took."""
        return self.built.seconds

    @property
    def messages(self) -> int:
        """Messages, rows and resources in all."""
        return self.built.messages

    @property
    def accepted(self) -> int:
        """Those of which something is used."""
        return self.built.accepted

    @property
    def rejected(self) -> list[Reject]:
        """Those that cannot be used, and why."""
        return self.built.rejected


def publish_snapshot(
    vault: Vault,
    settings: Settings,
    paths: Iterable[Path],
    to: Path,
    actor: Actor,
    reason: str = "",
    *,
    down: Mapping[str, str] = NO_OUTAGE,
) -> PublishedSnapshot:
    """Build, and publish in `to` what is plausible; a failure leaves the bundle that lay there.

    `down` is each system whose outage is declared, with the time of its loss (UTC).
    """
    above = _read_published_number(vault, to)
    released = list_releases(vault, settings)
    built = build_snapshot(
        vault, settings, paths, actor, reason, above=above, down=down, released=released
    )
    door, header, footprint = Door.PUBLISHER, built.header, built.footprint
    dated = replace(header, created=_date_by_feeds(vault, header, settings))
    if findings := check_snapshot(vault, settings, door, dated, footprint):
        waiting = replace(header, created=_date_release(vault, header, settings))
        entry = quarantine_snapshot(vault, settings, door, waiting, footprint, findings, actor)
        return PublishedSnapshot(built, None, entry)
    # From the outbox deltas are carried on, one after the other; what a person takes from another
    # folder needs no other file.
    is_carried = to == vault.home.outbox_folder
    bundles = [sealed for sealed in built.bundles if is_carried or sealed.base is None]
    with vault.change(actor, AuditAction.SNAPSHOT_PUBLISH, target=header.id, reason=reason):
        path = put_in_folder(vault.home, to, settings, bundles)
    believe_snapshot(vault, settings, door, dated, footprint)
    if is_carried:
        confirm_published(vault, built)
    return PublishedSnapshot(built, path)


def _date_by_feeds(vault: Vault, header: SnapshotHeader, settings: Settings) -> str:
    """When it was made (UTC): not long after the newest of what systems sent, for the clock may be ahead.

    The longer two snapshots are apart, the more patients may have gone. Where all that was sent lately
    is lost, it is not dated before the last one that was believed: it would be compared with nothing.
    """
    latest = _find_latest_time(header, settings)
    last = footprints.find_last(vault.db, Door.PUBLISHER, header.scope)
    return min(header.created, max(latest, last.created if last else ""))


def _date_release(vault: Vault, header: SnapshotHeader, settings: Settings) -> str:
    """When what waits for a person was made, should it be released: all later ones are held against it.

    By a clock that is ahead it would be later than they are, and they would never be published: then
    it is dated by the newest message, or just after the last one that was believed.
    """
    if header.created <= _find_latest_time(header, settings):
        return header.created
    last = footprints.find_last(vault.db, Door.PUBLISHER, header.scope)
    following = to_text(from_text(last.created) + timedelta(seconds=1)) if last else ""
    return min(header.created, max(*header.systems.values(), following))


def _find_latest_time(header: SnapshotHeader, settings: Settings) -> str:
    """So late it may have been made by what systems sent (UTC)."""
    newest = max(header.systems.values(), default="")
    if not newest:
        return header.created
    return to_text(from_text(newest) + timedelta(hours=settings.churn.silent_hours))


def _read_published_number(vault: Vault, to: Path) -> BundleNumber:
    """The number of this machine's newest bundle in a folder: only its signature is believed."""
    published = read_folder(to)
    if published is None:
        return FIRST_NUMBER
    public = device.read_own_card(vault.home).public_key
    newest = published.pointer.delta or published.pointer.full
    try:
        shown = bundle.verify_bundle(to / newest.name, {bundle.key_id(public): public})
    except (OSError, UserError):
        return FIRST_NUMBER
    return BundleNumber(shown.epoch, shown.sequence)


def list_releases(vault: Vault, settings: Settings) -> list[dict[str, str]]:
    """What was released here of late: every bundle says so, signed."""
    since = to_text(vault.clock() - timedelta(days=settings.churn.kept_days))
    with Ledger(vault, settings) as ledger:
        lists = list_released(vault, ledger, since)
    of_lists = [
        {"snapshot": "", "name": item.name, "reason": item.reason, "time": item.time}
        for item in reversed(lists)
    ]
    return of_lists + [
        {
            "snapshot": entry.snapshot,
            "name": entry.decided_by,
            "reason": entry.reason,
            "time": entry.decided,
        }
        for entry in reversed(quarantine_entries.select_entries(vault.db))
        if entry.door is Door.PUBLISHER
        and entry.state is QuarantineState.RELEASED
        and entry.decided >= since
    ]
