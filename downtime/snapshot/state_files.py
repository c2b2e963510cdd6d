"""The files of the publisher's state, and who may work on them: one build or replay at a time.

`state.db` is the state by all that was ever received; `base.db` the state by what has left the
ledger, from which a replay begins.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlite_utils
from filelock import FileLock, Timeout

from downtime.config import Home
from downtime.errors import ConflictError
from downtime.snapshot.store import cell_tables, held_imports, publisher_state, state_copy
from downtime.vault.database import connect, disable_write_ahead_log, transaction
from downtime.vault.vault import Vault

PURPOSE = "state"
"""Of the key of all these files."""
BUILD_WAIT_SECONDS = 10


@contextmanager
def hold_build(home: Home) -> Iterator[None]:
    """Keep other builds and replays of this home out; ConflictError when one is running."""
    try:
        with FileLock(home.path / ".build.lock", timeout=BUILD_WAIT_SECONDS, mode=0o600):
            yield
    except Timeout:
        raise ConflictError(
            "build.running",
            "Another build or replay of this home is running.",
            "Wait until it has finished.",
        ) from None


@contextmanager
def open_state(vault: Vault, path: Path) -> Iterator[sqlite_utils.Database]:
    """One of the files, made when it is not there; recursive triggers stay off, for speed."""
    connection = connect(path, vault.derive_key(PURPOSE)).conn
    with closing(connection):
        path.chmod(0o600)
        yield sqlite_utils.Database(connection, recursive_triggers=False)


@contextmanager
def open_scratch(
    vault: Vault, path: Path, current: sqlite_utils.Database
) -> Iterator[sqlite_utils.Database]:
    """A state beside `current` with nothing but the base in it; its records have the same ids."""
    path.unlink(missing_ok=True)
    if vault.home.base_file.exists():
        state_copy.copy_state(vault.home.base_file, path, vault.derive_key(PURPOSE))
    with open_state(vault, path) as db:
        with transaction(current), transaction(db):
            publisher_state.prepare_tables(current)
            publisher_state.prepare_tables(db)
            state_copy.copy_identities(current, db)
            held_imports.save_held(db, held_imports.select_held(current))
            cell_tables.forget_cells(db)
        yield db


def restore_lost_state(vault: Vault) -> None:
    """A state that was lost begins with the base: the ledger has only what came after it."""
    home = vault.home
    if home.base_file.exists() and not home.state_file.exists():
        state_copy.copy_state(home.base_file, home.state_file, vault.derive_key(PURPOSE))
        with open_state(vault, home.state_file) as db, transaction(db):
            publisher_state.prepare_tables(db)
            cell_tables.forget_cells(db)


def keep_older_state(vault: Vault, db: sqlite_utils.Database) -> None:
    """What was applied before there was a ledger can never be read again: it is the base."""
    home = vault.home
    if not home.base_file.exists() and state_copy.has_records(db):
        state_copy.copy_state(home.state_file, home.base_file, vault.derive_key(PURPOSE))


def put_in_place(vault: Vault, path: Path, target: Path) -> None:
    """Let a finished file take the place of another; no connection to either may be open."""
    for file in (path, target):
        with open_state(vault, file) as db:
            disable_write_ahead_log(db.conn)
    path.replace(target)
