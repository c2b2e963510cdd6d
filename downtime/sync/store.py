"""The SQL of bundles that were taken, and of what is known of laptops from them."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlite_utils import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedBundle:
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
class ExcusedLaptop:
    """A laptop of which no bundle is awaited, why, and who said so."""

    device: str
    why: str
    at: str
    by: str
    by_name: str


def fetch_latest_bundles(db: Database) -> dict[str, MergedBundle]:
    """The bundle of each laptop that went furthest, by device code; one taken over goes before."""
    rows = db.query(
        "SELECT * FROM handed_over ORDER BY sha256 IN (SELECT sha256 FROM handed_over_doubt),"
        " sequence"
    )
    return {row["device"]: MergedBundle(**row) for row in rows}


def has_bundle(db: Database, sha256: str) -> bool:
    """Whether this very bundle was taken before."""
    query = "SELECT 1 FROM handed_over WHERE sha256 = ?"
    return db.execute(query, [sha256]).fetchone() is not None


def save_bundle(db: Database, bundle: MergedBundle) -> None:
    """Take note of a bundle; one that was brought before is left as it is."""
    db.table("handed_over").insert(asdict(bundle), ignore=True)


def fetch_audit_hashes(db: Database, laptop: str) -> dict[int, str]:
    """The hashes of a laptop's audit entries as they were handed over, by number."""
    query = "SELECT seq, hash FROM laptop_audit WHERE laptop = ?"
    return {int(row[0]): str(row[1]) for row in db.execute(query, [laptop])}


def save_audit_chain(db: Database, laptop: str, chain: Iterable[Sequence[Any]]) -> None:
    """Keep a laptop's audit chain; entries that are there already are left as they are."""
    db.conn.executemany(
        "INSERT OR IGNORE INTO laptop_audit"
        " (laptop, seq, at, actor, device, action, target, why, hash)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((laptop, *entry) for entry in chain),
    )


def save_person(db: Database, laptop: str, person: str, name: str) -> None:
    """Keep the name of an account of a laptop."""
    db.execute(
        "INSERT OR REPLACE INTO laptop_person (id, laptop, name) VALUES (?, ?, ?)",
        [person, laptop, name],
    )


def fetch_person_names(db: Database) -> dict[str, str]:
    """The names of all accounts of laptops that handed over, by account id."""
    return {row["id"]: row["name"] for row in db.query("SELECT id, name FROM laptop_person")}


def fetch_excused(db: Database) -> dict[str, ExcusedLaptop]:
    """Laptops of which no bundle is awaited, by device code."""
    return {row["device"]: ExcusedLaptop(**row) for row in db.query("SELECT * FROM laptop_excused")}


def save_excused(db: Database, given: ExcusedLaptop) -> None:
    """Await no bundle of a laptop."""
    db.table("laptop_excused").insert(asdict(given), replace=True)


def delete_excused(db: Database, device: str) -> None:
    """Await bundles of a laptop again."""
    db.execute("DELETE FROM laptop_excused WHERE device = ?", [device])
