"""Accesses as they travel to the records station: nothing that was reviewed anywhere is asked again."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import sqlite_utils

from downtime.accounts.store import break_glass as store

ACCESS_TABLE = "break_glass"


def export_accesses(db: sqlite_utils.Database) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every access as a row for a bundle; what checks its PIN stays here."""
    for access in store.fetch_accesses(db):
        yield ACCESS_TABLE, asdict(access)


def merge_access(db: sqlite_utils.Database, row: Mapping[str, Any]) -> bool:
    """Take over an access of a bundle, in the caller's transaction; whether anything of it was new."""
    return store.merge_access(db, store.parse_access(row))
