"""The SQL of the table `checkpoint`."""

from dataclasses import astuple

import sqlite_utils

from downtime.vault.model import Checkpoint

_COLUMNS = "count, head, at, device, signature"


def insert_checkpoint(db: sqlite_utils.Database, checkpoint: Checkpoint) -> None:
    db.conn.execute(
        f"INSERT INTO checkpoint ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)",
        astuple(checkpoint),
    )


def fetch_latest(db: sqlite_utils.Database) -> Checkpoint | None:
    """The newest one."""
    row = db.conn.execute(
        f"SELECT {_COLUMNS} FROM checkpoint ORDER BY count DESC LIMIT 1"
    ).fetchone()
    return Checkpoint(*row) if row else None


def list_checkpoints(db: sqlite_utils.Database) -> list[Checkpoint]:
    """All, oldest first."""
    rows = db.conn.execute(f"SELECT {_COLUMNS} FROM checkpoint ORDER BY count")
    return [Checkpoint(*row) for row in rows]
