"""The SQL of downtime numbers that two laptops gave to two people (`handed_over_clash`)."""

from collections.abc import Iterable
from dataclasses import asdict

from sqlite_utils import Database

from downtime.sync.model import (
    DuplicateNumber,
)
from downtime.vault.database import build_record


def save_duplicate_numbers(db: Database, numbers: Iterable[DuplicateNumber]) -> None:
    """Note each once, however often it is brought; what was settled stays so."""
    db.conn.executemany(
        "INSERT OR IGNORE INTO handed_over_clash"
        " (number, digest, device, taken, kind, title, ward, issued_name, what)"
        " VALUES (:number, :digest, :device, :noticed, :kind, :title, :ward, :issued_name, '')",
        map(asdict, numbers),
    )


def fetch_duplicate_numbers(db: Database) -> list[DuplicateNumber]:
    """All that were found, settled or not, oldest first."""
    query = (
        "SELECT *, taken AS noticed, what AS kept_description, why AS reason FROM handed_over_clash"
        " ORDER BY taken, number, digest"
    )
    return [build_record(DuplicateNumber, row) for row in db.query(query)]


def settle_duplicate_number(
    db: Database, number: str, reason: str, at: str, by: str, name: str
) -> int:
    """Note what became of what is open under a number; how many were open."""
    cursor = db.conn.execute(
        "UPDATE handed_over_clash SET settled = ?, settled_by = ?, settled_name = ?, why = ?"
        " WHERE number = ? AND settled = ''",
        [at, by, name, reason, number],
    )
    return int(cursor.rowcount)
