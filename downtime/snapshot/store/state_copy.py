"""Copies of the publisher's state: whole, or only that by which its records keep their ids."""

from contextlib import closing
from pathlib import Path

import sqlite_utils

from downtime.clinical.identifiers import Identifier
from downtime.snapshot.store import link_tables
from downtime.vault.database import disable_write_ahead_log, open_with_key
from downtime.vault.files import flush_file, flush_folder


def copy_state(source: Path, target: Path, key: bytes) -> None:
    """Copy a state whole; `target` gets its name once all of it is on the disk (0600)."""
    aside = target.with_name(f".{target.name}.tmp")
    aside.unlink(missing_ok=True)
    with (
        closing(open_with_key(source, key)) as original,
        closing(open_with_key(aside, key)) as copy,
    ):
        aside.chmod(0o600)
        original.backup(copy)
        disable_write_ahead_log(copy)
    flush_file(aside)
    aside.replace(target)
    flush_folder(target.parent)


def copy_identities(source: sqlite_utils.Database, target: sqlite_utils.Database) -> None:
    """Let records of `target` have the ids that they have in `source`."""
    salt = source.conn.execute("SELECT value FROM setting WHERE name = 'salt'").fetchone()
    target.conn.execute("UPDATE setting SET value = ? WHERE name = 'salt'", tuple(salt))
    people = source.conn.execute("SELECT anchor, id FROM person").fetchall()
    target.conn.executemany("INSERT OR REPLACE INTO person VALUES (?, ?)", map(tuple, people))
    link_tables.save_people(target, (Identifier.parse(anchor) for anchor, _ in people))


def has_records(db: sqlite_utils.Database) -> bool:
    """Whether anything was ever applied."""
    return db.conn.execute("SELECT 1 FROM record LIMIT 1").fetchone() is not None
