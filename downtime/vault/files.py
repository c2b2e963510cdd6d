"""Write small files so that a power cut leaves the old one or the new one, never half of either."""

import os
import shutil
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import BinaryIO

from downtime.errors import InputError, NotFoundError

_DESCRIPTORS = Path("/proc/self/fd")
MAX_SECRET_BYTES = 65_536
MIN_SECRET_CHARACTERS = 16


def write_atomic(path: Path, content: bytes) -> None:
    """Replace `path` in one step, readable by its owner only (0600)."""
    with replace_atomically(path) as file:
        file.write(content)


@contextmanager
def replace_atomically(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` once all of it is written; 0600.

    Written beside it, flushed, renamed, and the folder flushed: measured against cut power, each
    of the four is needed. Until it is whole it has no name where the disk can do that, so that who is
    killed leaves nothing that names patients; what programs left before is swept.
    """
    _sweep_leftovers(path)
    aside = path.with_name(f".{path.name}.{threading.get_native_id()}.{os.getpid()}.tmp")
    handle, is_nameless = _open_aside(aside)
    try:
        with os.fdopen(handle, "w+b" if is_nameless else "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if is_nameless:
                _give_name(file, aside)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def _open_aside(aside: Path) -> tuple[int, bool]:
    """A new file in that folder, and whether it has no name yet (Linux, on most of its disks)."""
    nameless = getattr(os, "O_TMPFILE", 0)
    if nameless and _DESCRIPTORS.is_dir():
        with suppress(OSError):
            return os.open(aside.parent, os.O_RDWR | nameless, 0o600), True
    return os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), False


def _give_name(file: BinaryIO, aside: Path) -> None:
    """Link the file into its folder; where the disk does not do that, write it once more."""
    aside.unlink(missing_ok=True)
    folder = os.open(aside.parent, os.O_RDONLY)
    try:
        source = _DESCRIPTORS / str(file.fileno())
        os.link(source, aside.name, dst_dir_fd=folder, follow_symlinks=True)
    except OSError:
        file.seek(0)
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as named:
            shutil.copyfileobj(file, named)
            named.flush()
            os.fsync(named.fileno())
    finally:
        os.close(folder)


def _sweep_leftovers(path: Path) -> None:
    """Remove what programs that are gone left beside a file; whatever cannot be removed stays."""
    with suppress(OSError):
        for leftover in path.parent.glob(f".{escape(path.name)}.*.tmp"):
            number = leftover.name.split(".")[-2]
            if number.isdecimal() and not is_running(int(number)):
                leftover.unlink(missing_ok=True)


def is_running(number: int) -> bool:
    """Whether a program with this process number runs; True where that cannot be known."""
    if os.name != "posix":
        return True
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True


def flush_file(path: Path) -> None:
    """Make what was written into a file survive a power cut."""
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def flush_folder(folder: Path) -> None:
    """Make renames inside `folder` survive a power cut (Windows does so by itself)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_private_folder(folder: Path) -> None:
    """The folder and its missing parents; the folder itself for its owner only (0700)."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def make_private_file(path: Path) -> None:
    """Let a database be its owner's only (0600): what SQLite writes beside it is as private.

    One that is there is never opened for it: to close a file lets all locks go that this program has
    on it. On a disk that takes no change it stays as it is.
    """
    with suppress(OSError):
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
                path.chmod(0o600)


def read_secret(path: Path) -> str:
    """The stripped text of an unlock file: UTF-8, at most 64 KiB, at least 16 characters.

    InputError when anybody but its owner may read it: such a secret is no secret.
    """
    try:
        with path.open("rb") as file:
            _check_private(path, os.fstat(file.fileno()))
            secret = file.read(MAX_SECRET_BYTES + 1)
    except FileNotFoundError:
        raise NotFoundError(
            "unlock.missing",
            f"There is no unlock file {path}.",
            "Name the right file with --unlock-file.",
        ) from None
    return _check_text(path, secret)


def _check_private(path: Path, status: os.stat_result) -> None:
    if os.name == "posix" and (
        stat.S_IMODE(status.st_mode) & 0o077 or status.st_uid not in (os.getuid(), 0)
    ):
        raise InputError(
            "unlock.readable",
            f"The unlock file {path.name} can be read by others.",
            f"Make it yours alone ('chmod 600 {path.name}'), then consider its secret known and"
            " replace it.",
        )


def _check_text(path: Path, content: bytes) -> str:
    text = content.decode("utf-8", errors="replace").strip()
    if len(content) > MAX_SECRET_BYTES or len(text) < MIN_SECRET_CHARACTERS or "\ufffd" in text:
        raise InputError(
            "unlock.content",
            f"The unlock file {path.name} does not hold one secret of"
            f" {MIN_SECRET_CHARACTERS} characters or more.",
            "Let 'downtime init --unlock-file' write one.",
        )
    return text
