"""Renew the data key of a home so that a cut at any moment still leaves it able to open.

1. `keys.remove_slot` writes one file: the slot is gone, every other slot opens the present data key
   and the next one. Nothing on the disk is re-encrypted yet.
2. `hold_databases` takes every database for itself, by leaving the write-ahead log, which SQLite refuses
   while anybody else has the file open. If one cannot be had, nothing has changed: try later.
3. `rekey_databases` re-encrypts them one by one, each in one SQLite transaction, and the device's secrets by
   one rename. After a cut some are under the present key and some under the next: each tells by
   itself, because it opens with one of the two, so step 2 and 3 are simply done again.
4. The folders are flushed, so that no rollback journal can come back, and the key file with only
   the next data key is written while the databases are still held.

A snapshot or a backup that opens with neither key is left as it is.
The device's own identities stay the same; a machine that may have been copied needs a new card.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlcipher3

from downtime.config import Home
from downtime.errors import LockedError
from downtime.vault import device
from downtime.vault.database import disable_write_ahead_log, open_with_key
from downtime.vault.files import flush_folder
from downtime.vault.slots import derive_key

BUSY_MILLISECONDS = 500


@dataclass(frozen=True, slots=True)
class HeldDatabase:
    """A database that nobody else has open, and the journal mode it goes back to."""

    connection: sqlcipher3.Connection
    purpose: str
    journal_mode: str
    renewed: bool


def list_databases(home: Home) -> Iterator[tuple[Path, str]]:
    """Every encrypted database of a home with the purpose of its key."""
    yield home.vault_file, "vault"
    if home.state_file.exists():
        yield home.state_file, "state"
    if home.base_file.exists():
        yield home.base_file, "state"
    for path in sorted(home.ingest_folder.glob("[!.]*.db")):
        yield path, "ingest"
    for path in sorted(home.snapshots_folder.glob("[!.]*.db")):
        yield path, f"snapshot:{path.stem}"
    for path in sorted(home.backups_folder.glob("[!.]*.db")):
        yield path, "vault"


@contextmanager
def hold_databases(
    home: Home, current: bytes, following: bytes
) -> Iterator[list[HeldDatabase] | None]:
    """All databases, held against everybody else until the block ends; None when one is in use."""
    with ExitStack() as stack:
        held_databases = []
        try:
            for path, purpose in list_databases(home):
                if held_database := _open_with_either_key(
                    path, purpose, current, following, needed=path == home.vault_file
                ):
                    stack.callback(held_database.connection.close)
                    _lock_for_rotation(held_database.connection)
                    held_databases.append(held_database)
        except sqlcipher3.OperationalError:
            for held_database in held_databases:
                _restore_journal_mode(held_database)
            yield None
            return
        yield held_databases


def rekey_databases(
    home: Home, held_databases: list[HeldDatabase], current: bytes, following: bytes
) -> None:
    """Put whatever is under the present data key under the following one."""
    for held_database in held_databases:
        if not held_database.renewed:
            key = derive_key(following, held_database.purpose).hex()
            held_database.connection.execute(f"PRAGMA rekey = \"x'{key}'\"").fetchall()
        _restore_journal_mode(held_database)
    device.rewrap_private_keys(home, current, following)
    for folder in (
        home.path,
        home.snapshots_folder,
        *(folder for folder in (home.backups_folder, home.ingest_folder) if folder.exists()),
    ):  # else a cut could bring a finished journal back
        flush_folder(folder)


def _open_with_either_key(
    path: Path, purpose: str, current: bytes, following: bytes, *, needed: bool
) -> HeldDatabase | None:
    for data_key in (following, current):
        try:
            connection = open_with_key(path, derive_key(data_key, purpose))
        except LockedError:
            continue
        mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
        return HeldDatabase(connection, purpose, mode, data_key == following)
    if needed:
        raise LockedError(
            "vault.key",
            f"{path.name} opens with none of this home's keys, or is damaged.",
            "Restore it from its last backup together with the keys folder.",
        )
    return None


def _lock_for_rotation(connection: sqlcipher3.Connection) -> None:
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    disable_write_ahead_log(connection)
    connection.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute("COMMIT")


def _restore_journal_mode(held_database: HeldDatabase) -> None:
    held_database.connection.execute(
        f"PRAGMA journal_mode = {held_database.journal_mode}"
    ).fetchall()
