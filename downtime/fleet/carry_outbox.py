"""Carry what was published to a place: what it lacks first, its pointers last, what is old away."""

import hashlib
import re
from collections.abc import Collection, Iterable
from contextlib import suppress

from downtime.config import Home
from downtime.errors import InputError
from downtime.fleet import machine_list
from downtime.fleet.exchange_list import exchange_list
from downtime.fleet.outbox import MACHINES, PublishedFolder, list_published
from downtime.fleet.run_state import PlaceState
from downtime.snapshot.bundle import SUFFIX
from downtime.transport.carrier import PacedCarrier
from downtime.transport.pointer import (
    MAX_POINTER_BYTES,
    POINTER,
    RECENT,
    Pointer,
    write_recent,
)

_OWN_LIST = "own list"
"""Among the versions of a place: the hash of the list here when it was last compared."""
MOST_NAMES = 200_000
"""More names than that are not looked through for old files of ours."""
_HASH = re.compile(rf"-[0-9a-f]{{12}}{re.escape(SUFFIX)}")


def carry_outbox(home: Home, carrier: PacedCarrier, state: PlaceState) -> None:
    """Bring a place up to what was published, the list of machines first; OSError when it fails.

    What was carried before a failure stays and is not carried again.
    """
    carry_list(home, carrier, state)
    outbox = list(list_published(home))
    _remove_gone_scopes(carrier, state, outbox)
    for published in outbox:
        _carry_folder(carrier, published, state)
        if not published.folder:
            pointer = published.pointer
            state.epoch, state.sequence, state.created = *pointer.number, pointer.created


def knows_list(state: PlaceState) -> bool:
    """Whether the list of machines at a place was ever compared with the one here."""
    return _OWN_LIST in state.versions


def carry_list(home: Home, carrier: PacedCarrier, state: PlaceState) -> None:
    """Leave the list of machines at a place, or take the one there if that is the newer one."""
    content = machine_list.read_list_bytes(home)
    if content is None:
        return
    digest = hashlib.sha256(content).hexdigest()
    known = state.versions.get(MACHINES, "") if state.versions.get(_OWN_LIST) == digest else ""
    state.versions[MACHINES] = exchange_list(home, carrier, known)
    content = machine_list.read_list_bytes(home) or content
    state.versions[_OWN_LIST] = hashlib.sha256(content).hexdigest()


def _remove_gone_scopes(
    carrier: PacedCarrier, state: PlaceState, outbox: Collection[PublishedFolder]
) -> None:
    """Nobody reads those wards together any more: the pointer goes first, then what we carried there."""
    for folder in state.carried.keys() - {published.folder for published in outbox}:
        for name in (POINTER, RECENT, *state.carried[folder]):
            with suppress(FileNotFoundError):
                carrier.remove_file(folder + name)
        del state.carried[folder]


def _carry_folder(carrier: PacedCarrier, published: PublishedFolder, state: PlaceState) -> None:
    folder, content = published.folder, published.pointer.to_bytes()
    shown = _read_pointer(carrier, folder)
    if shown == published.pointer:
        return
    known = state.carried.get(folder, [])
    if shown is None or not _is_ours(shown, known):
        # Another stick, an emptied bucket, a place that a rebuilt publisher meets: it is looked at.
        known = _find_ours(carrier, published)
    known = [name for name in known if _is_kept(carrier, published, name)]
    for name in published.carried_names:
        if name not in known:
            with (published.path / name).open("rb") as stream:
                carrier.write_file(folder + name, stream)
            known.append(name)
            state.carried[folder] = known
    carrier.replace_file(folder + RECENT, write_recent(published.recent))
    carrier.replace_file(folder + POINTER, content)
    state.carried[folder] = known


def _is_ours(shown: Pointer, known: Iterable[str]) -> bool:
    return shown.full.name in known and (shown.delta is None or shown.delta.name in known)


def _is_kept(carrier: PacedCarrier, published: PublishedFolder, name: str) -> bool:
    """Whether a file that lies there is one of those that are kept; else it is removed there.

    What the pointer of a moment ago names is kept here as well: nobody fetches what is removed.
    """
    if name in published.kept_names:
        return True
    with suppress(OSError):
        carrier.remove_file(published.folder + name)
    return False


def _find_ours(carrier: PacedCarrier, published: PublishedFolder) -> list[str]:
    """The files there that this publisher has written, whole; anything else is not touched."""
    family = _family(published.pointer.full.name)
    names = []
    for count, name in enumerate(carrier.list_names(published.folder.rstrip("/"))):
        if count == MOST_NAMES:
            break
        if _HASH.search(name) and _family(name) == family:
            names.append(name)
    return [name for name in names if _is_whole(carrier, published, name)]


def _is_whole(carrier: PacedCarrier, published: PublishedFolder, name: str) -> bool:
    path = published.path / name
    return not path.exists() or carrier.has_file(published.folder + name, path.stat().st_size)


def _family(name: str) -> tuple[str, str]:
    """Hospital and publisher's key in the name of a bundle: `DEMO-1-000042-ab12cd34-…`."""
    match = re.fullmatch(r"(.+?)-\d+-\d{6,}-([0-9a-f]{8})-.*", name)
    return (match[1], match[2]) if match else ("", "")


def _read_pointer(carrier: PacedCarrier, folder: str) -> Pointer | None:
    try:
        file = carrier.read_small(folder + POINTER, MAX_POINTER_BYTES)
        return Pointer.parse(file.content) if file else None
    except (FileNotFoundError, InputError):
        return None
