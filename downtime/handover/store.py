"""The SQL of bundles that were taken, and of what is known of laptops from them."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlite_utils import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """A bundle that was taken: whose, how far its audit chain went, and who took it when (UTC)."""

    sha256: str
    device: str
    sequence: int
    head: str
    created: str
    taken: str
    taken_by: str
    taken_name: str
    checkpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Excused:
    """A laptop of which no bundle is awaited, why, and who said so."""

    device: str
    why: str
    at: str
    by: str
    by_name: str


def latest(db: Database, device: str) -> HandedOver | None:
    """The bundle of a laptop that went furthest."""
    query = "SELECT * FROM handed_over WHERE device = ? ORDER BY sequence DESC LIMIT 1"
    row = next(db.query(query, [device]), None)
    return HandedOver(**row) if row else None


def every_latest(db: Database) -> dict[str, HandedOver]:
    """The same of every laptop, by device code."""
    rows = db.query("SELECT * FROM handed_over ORDER BY sequence")
    return {row["device"]: HandedOver(**row) for row in rows}


def keep(db: Database, bundle: HandedOver) -> None:
    """Take note of a bundle; one that was brought before is left as it is."""
    db.table("handed_over").insert(asdict(bundle), ignore=True)


def hash_at(db: Database, laptop: str, seq: int) -> str:
    """The hash of a laptop's audit entry as it was handed over; empty when it was not."""
    query = "SELECT hash FROM laptop_audit WHERE laptop = ? AND seq = ?"
    row = db.execute(query, [laptop, seq]).fetchone()
    return str(row[0]) if row else ""


def keep_chain(db: Database, laptop: str, chain: Iterable[Sequence[Any]]) -> None:
    """Keep a laptop's audit chain; entries that are there already are left as they are."""
    db.conn.executemany(
        "INSERT OR IGNORE INTO laptop_audit"
        " (laptop, seq, at, actor, device, action, target, why, hash)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((laptop, *entry) for entry in chain),
    )


def keep_person(db: Database, laptop: str, person: str, name: str) -> None:
    """Keep the name of an account of a laptop."""
    db.execute(
        "INSERT OR REPLACE INTO laptop_person (id, laptop, name) VALUES (?, ?, ?)",
        [person, laptop, name],
    )


def names(db: Database) -> dict[str, str]:
    """The names of all accounts of laptops that handed over, by account id."""
    return {row["id"]: row["name"] for row in db.query("SELECT id, name FROM laptop_person")}


def excused(db: Database) -> dict[str, Excused]:
    """Laptops of which no bundle is awaited, by device code."""
    return {row["device"]: Excused(**row) for row in db.query("SELECT * FROM laptop_excused")}


def excuse(db: Database, given: Excused) -> None:
    """Await no bundle of a laptop."""
    db.table("laptop_excused").insert(asdict(given), replace=True)


def expect(db: Database, device: str) -> None:
    """Await bundles of a laptop again."""
    db.execute("DELETE FROM laptop_excused WHERE device = ?", [device])
