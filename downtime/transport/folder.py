"""A folder that carries sealed files: on this machine, on a share or on a stick.

A file keeps its name and its content for good. The small pointer `latest.json` is replaced last,
so that whoever follows it always finds a whole file.
"""

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import orjson

from downtime.errors import InputError, NotFoundError
from downtime.vault.files import make_private_folder, replace_atomically, write_atomic

POINTER = "latest.json"
READABLE = 0o644


@dataclass(frozen=True, slots=True)
class Pointer:
    """Which file of a folder is the newest."""

    bundle: str
    """Its file name."""
    sha256: str
    created: str
    """UTC text."""

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """From the file `latest.json`; ValueError when it is not one."""
        try:
            values = orjson.loads(content)
            return cls(Path(values["bundle"]).name, values["sha256"], values["created"])
        except (KeyError, TypeError) as error:
            raise ValueError("no pointer") from error


@dataclass(frozen=True, slots=True)
class CarrierFolder:
    """Where sealed files are left by one machine and found by another."""

    path: Path

    def list_files(self, suffix: str) -> list[Path]:
        """The files with this ending, by name."""
        return sorted(self.path.glob(f"*{suffix}"))

    def put_file(self, name: str, parts: Iterable[bytes]) -> Path:
        """Write a file, whole or not at all; NotFoundError when there is no such folder."""
        if not self.path.is_dir():
            raise NotFoundError(
                "handover.folder",
                f"There is no folder {self.path.name}.",
                "Name one that is there.",
            )
        with replace_atomically(self.path / name) as file:
            file.writelines(parts)
        return self.path / name

    def publish_file(self, content: bytes, pointer: Pointer) -> Path:
        """Write a file and point to it; the folder is made when it is missing.

        Sealed files are ciphertext, and other users fetch them: they are readable by all.
        """
        if not self.path.exists():
            make_private_folder(self.path)
        path = self.path / pointer.bundle
        for file, data in ((path, content), (self.path / POINTER, orjson.dumps(asdict(pointer)))):
            write_atomic(file, data)
            file.chmod(READABLE)
        return path

    def read_pointer(self) -> Pointer | None:
        """Which file is the newest; None when the folder does not say so."""
        try:
            return Pointer.parse((self.path / POINTER).read_bytes())
        except (OSError, ValueError):
            return None

    def remove_oldest(self, pattern: str, keep: int, newest: Path) -> None:
        """Of the files of a pattern leave the last `keep` (0: all), and in any case `newest`."""
        files = sorted(self.path.glob(pattern), key=_written)
        for file in files[:-keep] if keep else []:
            if file != newest:
                file.unlink(missing_ok=True)


def _written(path: Path) -> tuple[int, str]:
    return path.stat().st_mtime_ns, path.name


def check_file(path: Path, limit: int, limit_setting: str) -> None:
    """NotFoundError when there is no such sealed file, InputError when it is larger than a setting."""
    try:
        size = path.stat().st_size if path.is_file() else None
    except OSError:
        size = None
    if size is None:
        raise NotFoundError(
            "bundle.missing", f"There is no bundle {path.name}.", "Check the name or the stick."
        )
    if size > limit:
        raise InputError(
            "bundle.too-large",
            f"{path.name} is larger than {limit} bytes, the most that a bundle may have.",
            f"If it is a bundle of this hospital, raise {limit_setting}.",
        )


def read_file(path: Path, limit: int, limit_setting: str) -> bytes:
    """A whole sealed file that `check_file` found right."""
    check_file(path, limit, limit_setting)
    with path.open("rb") as file:
        # As much as it has: asked for the limit, Python takes that much memory at once.
        return file.read(min(os.fstat(file.fileno()).st_size, limit))
