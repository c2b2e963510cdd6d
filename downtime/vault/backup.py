"""A checked copy of the vault, encrypted as the vault is, kept in the home's `backups`."""

from pathlib import Path

import sqlcipher3
import sqlite_utils

from downtime.vault.database import disable_write_ahead_log, open_with_key
from downtime.vault.files import flush_file, flush_folder, make_private_folder
from downtime.vault.store import tables
from downtime.vault.vault import Vault

BACKUPS = "vault-*.db"


class BackupError(Exception):
    """The copy is not what the vault holds."""


def back_up_vault(vault: Vault, db: sqlite_utils.Database) -> Path:
    """Copy the vault while the caller's transaction on `db` keeps every writer away.

    The copy is opened again with the key and compared before it gets its name: BackupError,
    sqlcipher3.Error or OSError when it is not whole, and then nothing is left of it.
    """
    folder = vault.home.backups_folder
    make_private_folder(folder)
    path = _choose_name(folder, vault.now())
    aside = path.with_name(f".{path.name}.tmp")
    for leftover in folder.glob(".vault-*.db.tmp*"):  # of a program that was killed meanwhile
        leftover.unlink()
    try:
        _copy(vault, aside)
        _check_copy(vault, aside, db)
        flush_file(aside)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    flush_folder(folder)
    return path


def delete_old_backups(vault: Vault, keep: int) -> None:
    """Keep the newest ones only."""
    for path in sorted(vault.home.backups_folder.glob(BACKUPS))[:-keep]:
        path.unlink()


def _choose_name(folder: Path, now: str) -> Path:
    """By time, so that they stand in their order."""
    moment = "".join(character for character in now if character.isalnum())
    number = 1
    while (path := folder / f"vault-{moment}-{number}.db").exists():
        number += 1
    return path


def _copy(vault: Vault, path: Path) -> None:
    key = vault.derive_key("vault")
    source = open_with_key(vault.home.vault_file, key, read_only=True)
    copy = open_with_key(path, key)
    path.chmod(0o600)
    try:
        source.backup(copy)
        disable_write_ahead_log(copy)  # one file, nothing beside it
    finally:
        copy.close()
        source.close()


def _check_copy(vault: Vault, path: Path, db: sqlite_utils.Database) -> None:
    copy = open_with_key(path, vault.derive_key("vault"), read_only=True)
    try:
        copy.row_factory = sqlcipher3.Row
        if not tables.is_intact(copy) or tables.fetch_contents(copy) != tables.fetch_contents(
            db.conn
        ):
            raise BackupError
    finally:
        copy.close()
