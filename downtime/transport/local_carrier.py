"""A folder of this machine, a share that it has mounted, or a stick."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from downtime.transport.carrier import PASSING, SmallFile
from downtime.transport.folder_address import FolderAddress
from downtime.vault.files import flush_folder

READABLE = 0o644


class LocalCarrier:
    """Never makes the folder itself: where a stick is out, its folder would be on our own disk."""

    block_bytes = 1 << 20

    def __init__(self, address: FolderAddress) -> None:
        self._root = Path(address.path)
        if not self._root.is_dir():
            raise FileNotFoundError
        if address.mounted and not _is_on_another_disk(self._root):
            raise FileNotFoundError

    def read_small(self, name: str, limit: int, known: str) -> SmallFile | None:
        """A file; the time and size of it are its version."""
        with self._open(name) as file:
            status = os.fstat(file.fileno())
            version = f"{status.st_ino}-{status.st_mtime_ns}-{status.st_size}"
            return None if version == known else SmallFile(file.read(limit + 1), version)

    def read_block(self, name: str, offset: int, size: int) -> bytes:
        """A part of a file."""
        with self._open(name) as file:
            file.seek(offset)
            return file.read(size)

    def _open(self, name: str) -> BinaryIO:
        """Of a folder or a pipe in a file's place there is nothing to read; a pipe waits for ever."""
        path = self._root / name
        if not path.is_file():
            raise FileNotFoundError
        return path.open("rb")

    def find_size(self, name: str) -> int | None:
        """How long a file is; None when there is none."""
        with suppress(FileNotFoundError):
            return (self._root / name).stat().st_size
        return None

    def write_file(self, name: str, blocks: Iterable[bytes]) -> None:
        """Write beside its place, flush, and rename.

        Sealed files are ciphertext, and other users fetch them: they are readable by all.
        """
        path = self._root / name
        if path.parent != self._root:
            path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(PASSING + path.name)
        try:
            with aside.open("wb") as file:
                for block in blocks:
                    file.write(block)
                file.flush()
                os.fsync(file.fileno())
            with suppress(OSError):  # vfat knows no permissions
                aside.chmod(READABLE)
            aside.replace(path)
        except BaseException:
            with suppress(OSError):
                aside.unlink(missing_ok=True)
            raise
        flush_folder(path.parent)

    def replace_file(self, name: str, content: bytes) -> None:
        """Write a small file in the place of an older one."""
        self.write_file(name, [content])

    def list_names(self, folder: str) -> Iterator[str]:
        """The names in a folder."""
        with suppress(FileNotFoundError), os.scandir(self._root / folder) as entries:
            yield from (entry.name for entry in entries)

    def remove_file(self, name: str) -> None:
        """Remove a file, which may be gone already."""
        (self._root / name).unlink(missing_ok=True)

    def close(self) -> None:
        """Nothing is open between calls."""


def _is_on_another_disk(folder: Path) -> bool:
    """Whether something is mounted at the folder or above it, other than the root."""
    return any(os.path.ismount(path) for path in (folder, *folder.parents) if path != path.parent)
