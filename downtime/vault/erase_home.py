"""Destroy a home: what opens it first, overwritten where it lies, then every file.

Without its key slots everything else is noise, also where a disk keeps old copies of overwritten blocks of
*databases*. Whether it keeps old copies of the key files is the disk's secret: that is what full-disk
encryption is for.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from downtime.config import Home
from downtime.vault import keys
from downtime.vault.files import flush_folder

_PASSES = 2


@dataclass(frozen=True, slots=True)
class ErasedHome:
    """What there was, and what could not be removed."""

    key_files: tuple[str, ...]
    files: int
    bytes: int
    remaining: tuple[str, ...]


def erase_home(home: Home) -> ErasedHome:
    """Overwrite and remove the key files, then remove all other files. The vault is closed before."""
    key_files = keys.list_key_files(home)
    names = tuple(str(path.relative_to(home.path)) for path in key_files)
    files = [path for path in home.path.rglob("*") if path.is_file() and not path.is_symlink()]
    size = sum(path.stat().st_size for path in files)
    for path in key_files:
        _overwrite(path)
    shutil.rmtree(home.path, ignore_errors=True)
    remaining = sorted(str(path) for path in home.path.rglob("*")) if home.path.exists() else []
    return ErasedHome(names, len(files), size, tuple(remaining))


def _overwrite(path: Path) -> None:
    """In place: a new file would lie elsewhere on the disk and leave the old bytes where they are."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        for _ in range(_PASSES):
            file.seek(0)
            file.write(os.urandom(size))
            file.flush()
            os.fsync(file.fileno())
    path.unlink()
    flush_folder(path.parent)
