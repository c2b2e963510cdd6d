"""What a publisher has published, laid out as at every place: files first, the pointer last.

The folder of the site lies at the top, those of wards under `wards/`. Carrying it on is another
step (`carry_outbox`), so that a place that was off gets at its next run what it lacks.
"""

import hashlib
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import orjson

from downtime.config import Home
from downtime.errors import InputError
from downtime.fleet import machine_list
from downtime.fleet.places import scope_folder
from downtime.fleet.retention import choose_kept
from downtime.fleet_settings import FleetSettings
from downtime.settings import Settings
from downtime.snapshot.bundle import SUFFIX, SealedBundle
from downtime.transport.folder_address import FolderAddress, FolderKind
from downtime.transport.local_carrier import LocalCarrier
from downtime.transport.pointer import (
    POINTER,
    RECENT,
    CarriedFile,
    Pointer,
    parse_recent,
    write_recent,
)
from downtime.vault.files import make_private_folder
from downtime.vault.machines import list_scopes

MACHINES = "machines/machines.json"
_INDEX = "kept.json"
"""Names of our files in a folder, of full ones with the times of their snapshots; not carried."""


class PublishedFolder(NamedTuple):
    """One folder of the outbox: `folder` is its name at a place, with a `/` behind it."""

    folder: str
    path: Path
    pointer: Pointer
    recent: list[CarriedFile]

    @property
    def carried_names(self) -> list[str]:
        """What has to lie at a place so that every machine can follow, the pointer's own last."""
        pointed = [file.name for file in (self.pointer.full, self.pointer.delta) if file]
        return list(dict.fromkeys([*(file.name for file in self.recent), *pointed]))

    @property
    def kept_names(self) -> set[str]:
        """All bundles that are here."""
        return {path.name for path in self.path.glob(f"*{SUFFIX}")}


def put_in_outbox(home: Home, settings: Settings, bundles: Iterable[SealedBundle]) -> Path:
    """Publish the bundles of a build for all places; returns the newest file of the whole site."""
    if not home.outbox_folder.exists():
        make_private_folder(home.outbox_folder)
    return put_in_folder(home, home.outbox_folder, settings, bundles)


def put_in_folder(
    home: Home, root: Path, settings: Settings, bundles: Iterable[SealedBundle]
) -> Path:
    """The same in any folder, which is made when it is missing.

    Whoever follows a pointer finds whole files at every moment.
    """
    machines = _put_list(home, root)
    if root == home.outbox_folder:
        _remove_gone_scopes(home)
    by_scope = sorted(bundles, key=lambda bundle: (bundle.scope, bundle.base is None))
    newest = root
    # The site last: `bundles` are sorted by scope, and its scope is empty.
    for scope, group in reversed([(s, list(g)) for s, g in groupby(by_scope, lambda b: b.scope)]):
        newest = _put_scope(root / scope_folder(scope), settings.fleet, group, machines)
    return newest


def _remove_gone_scopes(home: Home) -> None:
    """What was published for wards that no machine reads together any more."""
    wanted = {home.outbox_folder / scope_folder(scope) for scope in list_scopes(home)}
    for path in home.outbox_folder.glob("wards/*"):
        if path not in wanted:
            shutil.rmtree(path)


def _put_list(home: Home, root: Path) -> str:
    """The list of machines beside the snapshots; returns its SHA-256, empty without a list."""
    root.mkdir(parents=True, exist_ok=True)
    content = machine_list.read_list_bytes(home)
    if content is None:
        return ""
    _open_folder(root).replace_file(MACHINES, content)
    return hashlib.sha256(content).hexdigest()


def _open_folder(path: Path) -> LocalCarrier:
    return LocalCarrier(FolderAddress(kind=FolderKind.LOCAL, path=str(path)))


def _put_scope(
    path: Path, settings: FleetSettings, bundles: list[SealedBundle], machines: str
) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    folder, before = _open_folder(path), read_folder(path)
    full = next((bundle for bundle in bundles if bundle.base is None), None)
    delta = next((bundle for bundle in bundles if bundle.base is not None), None)
    recent = _extend_recent(before, delta, settings)
    if delta and delta.is_empty and before and _is_reached(before.pointer, recent, delta):
        full = None  # nothing has changed: the full one that lies there, and small deltas, will do
    for bundle in filter(None, (full, delta)):
        folder.write_file(bundle.name, bundle.iterate_parts())
    newest = delta or full
    if newest is None:
        raise ValueError("no bundle")
    pointed = _describe(full) if full else before and before.pointer.full
    if pointed is None:
        raise ValueError("a delta needs the full bundle before it")
    pointer = Pointer(
        newest.epoch,
        newest.sequence,
        newest.created,
        pointed,
        _describe(delta) if delta else None,
        machines,
    )
    published = PublishedFolder("", path, pointer, recent)
    _remove_surplus(path, folder, settings, published, newest.created)
    folder.replace_file(RECENT, write_recent(recent))
    folder.replace_file(POINTER, pointer.to_bytes())
    return path / (full or newest).name


def _describe(bundle: SealedBundle) -> CarriedFile:
    digest = hashlib.sha256()
    for part in bundle.iterate_parts():
        digest.update(part)
    return CarriedFile(bundle.name, digest.hexdigest(), bundle.size, bundle.sequence, bundle.base)


def _extend_recent(
    before: PublishedFolder | None, delta: SealedBundle | None, settings: FleetSettings
) -> list[CarriedFile]:
    """The deltas that lead without a gap to the newest snapshot."""
    if delta is None:
        return []
    chain = [_describe(delta)]
    known = before.recent if before and before.pointer.epoch == delta.epoch else []
    for file in reversed(known):
        if file.sequence == chain[0].base and len(chain) < settings.max_chain:
            chain.insert(0, file)
    return chain


def _is_reached(pointer: Pointer, recent: list[CarriedFile], delta: SealedBundle) -> bool:
    """Whether the deltas lead from the full file of a pointer to a new delta."""
    bases = {file.base for file in recent}
    return pointer.epoch == delta.epoch and pointer.full.sequence in bases


def _remove_surplus(
    path: Path,
    folder: LocalCarrier,
    settings: FleetSettings,
    newest: PublishedFolder,
    created: str,
) -> None:
    """Remove what is kept no longer, except what the pointer of a moment ago still names.

    Only what was put there from here is ever removed: others may use the folder as well.
    """
    before, ours = read_folder(path), _read_index(path)
    ours |= {file.name: "" for file in newest.recent}
    ours[newest.pointer.full.name] = ours.get(newest.pointer.full.name, created)
    full = {name: moment for name, moment in ours.items() if moment}
    wanted = choose_kept(full, settings) | set(newest.carried_names)
    wanted |= set(before.carried_names) if before else set()
    folder.replace_file(
        _INDEX, orjson.dumps({name: moment for name, moment in ours.items() if name in wanted})
    )
    for name in ours.keys() - wanted:
        folder.remove_file(name)


def _read_index(path: Path) -> dict[str, str]:
    """The times of the full files here; of deltas an empty text."""
    with suppress(OSError, ValueError, AttributeError):
        index = orjson.loads((path / _INDEX).read_bytes())
        return {str(name): str(moment) for name, moment in index.items()}
    return {}


def read_folder(path: Path, folder: str = "") -> PublishedFolder | None:
    """What a folder of the outbox publishes; None when it has no readable pointer."""
    try:
        pointer = Pointer.parse((path / POINTER).read_bytes())
        recent = parse_recent((path / RECENT).read_bytes())
    except (OSError, InputError):
        return None
    return PublishedFolder(folder, path, pointer, recent)


def list_published(home: Home) -> Iterator[PublishedFolder]:
    """The folders of the outbox, that of the site last: it is the largest."""
    root = home.outbox_folder
    names = [f"wards/{path.name}/" for path in sorted(root.glob("wards/*")) if path.is_dir()]
    for folder in (*names, ""):
        if published := read_folder(root / folder, folder):
            yield published
