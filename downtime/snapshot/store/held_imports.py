"""Which systems' messages wait in the ledger because an outage of theirs is declared, and since when."""

from collections.abc import Mapping
from typing import NamedTuple

import orjson
import sqlite_utils


class HeldImport(NamedTuple):
    """What a system sent after `since` (UTC), from this arrival number on, is not applied."""

    since: str
    first_arrival: int


def select_held(db: sqlite_utils.Database) -> dict[str, HeldImport]:
    """By system."""
    row = db.conn.execute("SELECT value FROM setting WHERE name = 'held'").fetchone()
    return (
        {system: HeldImport(*values) for system, values in orjson.loads(row[0]).items()}
        if row
        else {}
    )


def save_held(db: sqlite_utils.Database, imports: Mapping[str, HeldImport]) -> None:
    """In place of what was noted before."""
    text = orjson.dumps({system: list(item) for system, item in imports.items()}).decode()
    db.conn.execute("INSERT OR REPLACE INTO setting VALUES ('held', ?)", (text,))
