"""Build a snapshot and put it in one folder, with a pointer to the newest (`transport.folder`)."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from downtime.errors import UserError
from downtime.feeds.model import Reject
from downtime.settings import Settings
from downtime.snapshot import bundle
from downtime.snapshot.build_snapshot import BuiltSnapshot, build_snapshot
from downtime.snapshot.bundle import SealedBundle
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.model import AuditAction
from downtime.snapshot.store.snapshot_index import FIRST_NUMBER, BundleNumber
from downtime.snapshot.update_state import Intake
from downtime.transport.folder import CarrierFolder, Pointer
from downtime.vault import device
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class PublishedSnapshot:
    """A bundle that lies in a folder, and the build of which it is."""

    bundle: Path
    built: BuiltSnapshot

    @property
    def header(self) -> SnapshotHeader:
        """Of the bundle."""
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
) -> PublishedSnapshot:
    """Build, and publish the whole site in `to`; a failure leaves the bundle that lay there."""
    built = build_snapshot(
        vault, settings, paths, actor, reason, above=_read_published_number(vault, to)
    )
    target = built.header.id
    with vault.change(actor, AuditAction.SNAPSHOT_PUBLISH, target=target, reason=reason):
        path = publish_bundle(built.full(), to, settings.snapshot.keep)
    return PublishedSnapshot(path, built)


def _read_published_number(vault: Vault, to: Path) -> BundleNumber:
    """The number of this machine's newest bundle in a folder."""
    public = device.read_own_card(vault.home).public_key
    pointer = CarrierFolder(to).read_pointer()
    if pointer is None:
        return FIRST_NUMBER
    try:
        content = (to / pointer.bundle).read_bytes()
        shown = bundle.verify_bundle(content, {bundle.key_id(public): public})
    except (OSError, UserError):
        return FIRST_NUMBER
    return BundleNumber(shown.epoch, shown.sequence)


def publish_bundle(sealed: SealedBundle, to: Path, keep: int) -> Path:
    """Put a bundle in a folder, point to it, and remove this publisher's oldest ones."""
    folder = CarrierFolder(to)
    path = folder.publish_file(sealed.data, Pointer(sealed.name, sealed.sha256, sealed.created))
    family = sealed.name.split(f"-{sealed.epoch}-{sealed.sequence:06}-")[0]
    folder.remove_oldest(f"{family}-*-{sealed.key[:8]}-*{bundle.SUFFIX}", keep, path)
    return path
