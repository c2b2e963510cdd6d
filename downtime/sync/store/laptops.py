"""The SQL of what is known of laptops: their audit chains, their people, and those excused."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sqlite_utils import Database

from downtime.sync.model import (
    ExcusedLaptop,
)
from downtime.vault.model import AuditEntry


def fetch_audit_hashes(db: Database, laptop: str) -> dict[int, str]:
    """The hashes of a laptop's audit entries as they were sent before, by number."""
    query = "SELECT seq, hash FROM laptop_audit WHERE laptop = ?"
    return {int(row[0]): str(row[1]) for row in db.execute(query, [laptop])}


def save_audit_chain(db: Database, laptop: str, chain: Iterable[Sequence[Any]]) -> None:
    """Keep a laptop's audit chain; entries that are there already are left as they are."""
    db.conn.executemany(
        "INSERT OR IGNORE INTO laptop_audit"
        " (laptop, seq, at, actor, device, action, target, why, content, hash)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((laptop, *entry[:7], entry[7] if len(entry) > 8 else "", entry[-1]) for entry in chain),
    )


def fetch_audit_entries(db: Database, actor: str, limit: int) -> list[AuditEntry]:
    """The entries of one actor in the chains of all laptops, oldest first."""
    query = (
        "SELECT seq, at, actor, device, action, target, why AS reason FROM laptop_audit"
        " WHERE actor = ? ORDER BY at, seq LIMIT ?"
    )
    return [AuditEntry(**row) for row in db.query(query, [actor, limit])]


def save_person(db: Database, laptop: str, person: str, name: str) -> None:
    """Keep the name of an account of a laptop."""
    row = {"id": person, "laptop": laptop, "name": name}
    db.table("laptop_person").insert(row, replace=True)


def fetch_excused(db: Database) -> dict[str, ExcusedLaptop]:
    """Laptops of which no bundle is awaited, by device code."""
    query = "SELECT device, why AS reason, at, by, by_name FROM laptop_excused"
    return {row["device"]: ExcusedLaptop(**row) for row in db.query(query)}


def save_excused(db: Database, laptop: ExcusedLaptop) -> None:
    """Await no bundle of a laptop."""
    row = asdict(laptop)
    db.table("laptop_excused").insert({"why": row.pop("reason"), **row}, replace=True)


def delete_excused(db: Database, device: str) -> None:
    """Await bundles of a laptop again."""
    db.execute("DELETE FROM laptop_excused WHERE device = ?", [device])
