"""Sticks that were put in and hold snapshots of this hospital in our layout: they are offered."""

from collections.abc import Iterator
from contextlib import suppress
from glob import glob
from pathlib import Path
from typing import NamedTuple

from downtime.config import Home
from downtime.errors import InputError, NotFoundError
from downtime.fleet.places import FolderPlace, scope_folder
from downtime.fleet.reach_places import CallThread
from downtime.settings import Settings
from downtime.transport.pointer import MAX_POINTER_BYTES, POINTER, Pointer
from downtime.vault.machines import read_own_machine

LOOK_SECONDS = 1.0
"""A share that hangs must not hold up a page."""
MOST_FOLDERS = 100
SUBFOLDERS = ("", "downtime", "DOWNTIME")


class StickOffer(NamedTuple):
    """A stick, by its label, and what it says that it holds. Nothing of it was checked yet."""

    label: str
    folder: Path
    epoch: int
    sequence: int
    created: str


def find_sticks(home: Home, settings: Settings) -> list[StickOffer]:
    """The sticks with a snapshot for this machine, the newest first; in at most a second."""
    offers: list[StickOffer] = []
    scope = read_own_machine(home).scope
    looking = CallThread(lambda: offers.extend(_look(settings, scope)))
    looking.wait(LOOK_SECONDS)
    return sorted(offers, key=lambda offer: (offer.epoch, offer.sequence), reverse=True)


def require_stick(home: Home, settings: Settings, label: str) -> tuple[StickOffer, FolderPlace]:
    """The stick with a label, as a place; NotFoundError when it is out again."""
    for offer in find_sticks(home, settings):
        if offer.label == label:
            return offer, FolderPlace(path=str(offer.folder))
    raise NotFoundError("stick.gone", "That stick is not there any more.", "Put it in again.")


def _look(settings: Settings, scope: str) -> Iterator[StickOffer]:
    for folder in list(_list_folders(settings))[:MOST_FOLDERS]:
        for name in SUBFOLDERS:
            with suppress(OSError, InputError):
                with (folder / name / scope_folder(scope) / POINTER).open("rb") as file:
                    pointer = Pointer.parse(file.read(MAX_POINTER_BYTES + 1))
                label = folder.name or folder.drive
                yield StickOffer(label, folder / name, *pointer.number, pointer.created)
                break


def _list_folders(settings: Settings) -> Iterator[Path]:
    for pattern in settings.fleet.stick_folders:
        yield from (Path(path) for path in sorted(glob(pattern)) if Path(path).is_dir())
