"""Snapshots in a folder that somebody carries by hand, in the order in which they are opened.

A publisher lets deltas follow a full file. Whoever names the folder means the newest of them.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from downtime.errors import InputError, NotFoundError
from downtime.fleet.delta_chain import follow_full
from downtime.fleet.places import scope_folder
from downtime.snapshot.bundle import SUFFIX
from downtime.transport.pointer import (
    MAX_POINTER_BYTES,
    MAX_RECENT_BYTES,
    POINTER,
    RECENT,
    CarriedFile,
    Pointer,
    parse_recent,
)


@dataclass(frozen=True, slots=True)
class CarriedSnapshots:
    """The files that lead to the newest snapshot of a folder; `warnings` say what is missing there."""

    paths: tuple[Path, ...]
    warnings: tuple[str, ...] = ()


def list_carried(source: Path, scope: str, in_use: tuple[int, int]) -> CarriedSnapshots:
    """What has to be opened of a folder, or of a single file, to have its newest snapshot in use.

    At the top of a place the folder of this machine's own scope is meant. `in_use` is epoch and
    sequence of what is in use: no more is named than leads on from there, and nothing when a delta
    has led there already. NotFoundError when the folder names no newest file.
    """
    if not source.is_dir():
        return CarriedSnapshots((source,))
    folder = source / scope_folder(scope)
    folder = folder if (folder / POINTER).is_file() else source
    pointer = _read_pointer(folder)
    chain = follow_full(pointer, _read_recent(folder))
    newer = [file for file in chain if (pointer.epoch, file.sequence) > in_use]
    if not newer and pointer.number == in_use and chain[-1].base is not None:
        return CarriedSnapshots((), ("The folder's newest snapshot is in use already.",))
    newer = newer or chain[-1:]
    present = list(_take_present(folder, newer))
    return CarriedSnapshots(
        tuple(folder / file.name for file in present or newer[:1]),
        tuple(_warn_missing(pointer, newer, present)),
    )


def _take_present(folder: Path, files: Sequence[CarriedFile]) -> Iterator[CarriedFile]:
    """As far as they lie there without a gap."""
    for file in files:
        if not (folder / file.name).is_file():
            return
        yield file


def _warn_missing(
    pointer: Pointer, files: Sequence[CarriedFile], present: Sequence[CarriedFile]
) -> Iterator[str]:
    if missing := files[len(present) :]:
        yield (
            f"The folder names a newer snapshot, number {pointer.sequence}, and {missing[0].name} is"
            " not there: copy that file, too."
        )
    elif files[-1].sequence != pointer.sequence:
        yield (
            f"The folder names a newer snapshot, number {pointer.sequence}, and not the files that"
            " lead to it: copy the whole folder again."
        )


def _read_pointer(folder: Path) -> Pointer:
    with suppress(OSError, InputError):
        if (folder / POINTER).is_file():  # a named pipe would never end
            with (folder / POINTER).open("rb") as file:
                return Pointer.parse(file.read(MAX_POINTER_BYTES + 1))
    raise NotFoundError(
        "bundle.pointer",
        f"The folder {folder.name} does not say which bundle is the newest.",
        f"Name a file that ends in {SUFFIX}.",
    )


def _read_recent(folder: Path) -> list[CarriedFile]:
    with suppress(OSError, InputError):
        if (folder / RECENT).is_file():
            with (folder / RECENT).open("rb") as file:
                return parse_recent(file.read(MAX_RECENT_BYTES + 1))
    return []
