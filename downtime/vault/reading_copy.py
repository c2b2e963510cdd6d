"""What is read of a vault that cannot be opened where it lies: itself as it is, or a copy in memory.

SQLite opens a database with a write-ahead log on a disk that takes nothing only without the log
(`immutable`), which silently leaves out what stands in a log that is there. So the vault is read in
place when no log lies beside it, and else copied, log included, into a folder that is kept in memory;
both stay encrypted as they are.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

import sqlcipher3
import sqlite_utils

from downtime.errors import LockedError
from downtime.vault import schema
from downtime.vault.database import connect, open_with_key
from downtime.vault.store import salvaged_rows

_MEMORY_FOLDERS = (Path("/dev/shm"), Path("/run/user") / str(getattr(os, "getuid", int)()))  # noqa: S108
_PREFIX = "downtime-reading"
_LOG = "-wal"


class ReadingSource(NamedTuple):
    """The file that is opened to read a vault, and whether it is the vault itself, as it is."""

    path: Path
    is_immutable: bool


def find_source(vault_file: Path, *, is_shared: bool) -> ReadingSource:
    """The vault itself when no log lies beside it, else a copy of both; OSError.

    `is_shared`: another program may write into it, so that only a copy stays as it is.
    """
    log = vault_file.with_name(vault_file.name + _LOG)
    if not is_shared and not (log.exists() and log.stat().st_size):
        return ReadingSource(vault_file, is_immutable=True)
    return ReadingSource(copy_files(vault_file), is_immutable=False)


def copy_files(vault_file: Path) -> Path:
    """A copy of the vault, as encrypted as it is, with what its log holds; OSError.

    The index of the log is made anew when it is opened.
    """
    path = make_memory_folder() / vault_file.name
    for suffix in ("", _LOG):
        source = vault_file.with_name(vault_file.name + suffix)
        if source.exists():
            shutil.copyfile(source, path.with_name(path.name + suffix))
    return path


def copy_connection(source: sqlite_utils.Database, key: bytes, name: str) -> Path:
    """The same of a vault whose file was taken away while this program reads it."""
    path = make_memory_folder() / name
    copy = open_with_key(path, key)
    try:
        source.conn.backup(copy)
    finally:
        copy.close()
    return path


def salvage_rows(vault_file: Path, key: bytes) -> tuple[Path, tuple[str, ...]]:
    """A new vault with each row of a damaged one that can be read; the tables that are not whole.

    The damaged one is not touched. One of which nothing can be read, or that is not there, gives
    empty tables: then all of them are named.
    """
    path = make_memory_folder() / f"salvaged-{vault_file.name}"
    target = connect(path, key)
    salvaged_rows.allow_missing_rows(target)
    target.conn.execute("BEGIN")
    schema.apply_migrations(target, schema.list_migrations(), "")
    names = [name for name in target.table_names() if not name.startswith(("sqlite_", "migration"))]
    source = _open_damaged(vault_file, key)
    if source is None:
        target.conn.execute("COMMIT")
        target.conn.close()
        return path, tuple(names)
    partial = tuple(name for name in names if not salvaged_rows.copy_rows(source, target, name))
    target.conn.execute("COMMIT")
    source.close()
    target.conn.close()
    return path, partial


def _open_damaged(vault_file: Path, key: bytes) -> sqlcipher3.Connection | None:
    try:
        source = open_with_key(copy_files(vault_file), key)
        salvaged_rows.list_names(source)
    except (OSError, LockedError, sqlcipher3.Error):
        return None
    return source


def remove_copy(source: ReadingSource | None) -> None:
    """Remove the folder of a copy; nothing of a vault that is read where it lies."""
    if source:
        remove_folder_of(source.path)


def remove_folder_of(path: Path) -> None:
    """Remove the memory folder in which a file lies."""
    if path.parent.name.startswith(_PREFIX):
        shutil.rmtree(path.parent, ignore_errors=True)


def make_memory_folder() -> Path:
    """A private folder in memory, removed when this program ends; those of dead programs are swept."""
    base = next((f for f in _MEMORY_FOLDERS if f.is_dir() and os.access(f, os.W_OK)), None)
    parent = base or Path(tempfile.gettempdir())
    for leftover in parent.glob(f"{_PREFIX}-*"):
        if not _is_running(leftover.name.split("-")[2]):
            shutil.rmtree(leftover, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}-{os.getpid()}-", dir=parent))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _is_running(pid: str) -> bool:
    return not pid.isdigit() or not Path("/proc").is_dir() or Path("/proc", pid).exists()
