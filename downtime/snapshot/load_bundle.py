"""Take a bundle from a file or folder; if anything fails, the snapshot before stays in use."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from downtime.config import Home
from downtime.errors import NotFoundError, UntrustedError
from downtime.settings import Settings
from downtime.snapshot.bundle import SUFFIX, SealedBundle
from downtime.snapshot.local_snapshots import SnapshotInfo
from downtime.snapshot.open_bundle import AsideSnapshot, open_aside, verify_bundle_file
from downtime.snapshot.put_in_use import put_in_use, store_sealed
from downtime.transport.folder import CarrierFolder
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def receive_bundle(home: Home, settings: Settings, source: Path) -> SealedBundle:
    """Check a bundle, or the one that a folder points to, and keep it sealed: works while locked."""
    sealed = read_verified(home, settings, source)
    store_sealed(home, sealed)
    return sealed


def load_bundle(
    vault: Vault, settings: Settings, source: Path, actor: Actor, reason: str = ""
) -> SnapshotInfo:
    """Put a bundle in use: a file, or a folder with a pointer to the newest one.

    UntrustedError when it was altered or cut short, is older than one seen before, has a number
    seen with another content or far above the last, comes from another hospital or an unknown
    machine, or was not sealed for this one. An expired bundle is loaded, with a warning.
    """
    sealed = read_verified(vault.home, settings, source)
    aside = open_verified(vault, settings, sealed)
    return put_in_use(vault, settings, aside, actor, reason)


def open_verified(vault: Vault, settings: Settings, sealed: SealedBundle) -> AsideSnapshot:
    """Open a bundle beside what is in use; its file is not kept when it is refused."""
    with _remove_when_refused(vault.home, sealed):
        return open_aside(vault, settings, sealed)


def read_verified(home: Home, settings: Settings, source: Path) -> SealedBundle:
    """Check a bundle, or the one that a folder points to: works while locked."""
    path = _find_newest(source) if source.is_dir() else source
    return verify_bundle_file(home, settings, path)


def _find_newest(folder: Path) -> Path:
    pointer = CarrierFolder(folder).read_pointer()
    if pointer is None:
        raise NotFoundError(
            "bundle.pointer",
            f"The folder {folder.name} does not say which bundle is the newest.",
            f"Name a file that ends in {SUFFIX}.",
        )
    return folder / pointer.bundle


@contextmanager
def _remove_when_refused(home: Home, sealed: SealedBundle) -> Iterator[None]:
    try:
        yield
    except UntrustedError:
        (home.bundles_folder / sealed.name).unlink(missing_ok=True)
        raise
