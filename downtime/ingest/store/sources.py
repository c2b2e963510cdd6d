"""The SQL of sources: how each does, and up to where it has been read."""

from collections.abc import Iterable
from dataclasses import asdict

from sqlite_utils import Database

from downtime.ingest.sources.health import HealthReport, SourceState
from downtime.ingest.sources.model import SourceKind


def save_health(db: Database, reports: Iterable[HealthReport]) -> None:
    """Keep these reports in place of those before them."""
    db.table("ingest_source").upsert_all(map(asdict, reports), pk="name")


def list_health(db: Database) -> list[HealthReport]:
    """How every source did when the service last said so, by name."""
    return [
        HealthReport(**row | {"kind": SourceKind(row["kind"]), "state": SourceState(row["state"])})
        for row in db.query("SELECT * FROM ingest_source ORDER BY name")
    ]


def save_position(db: Database, name: str, position: str) -> None:
    """Remember up to where a source has been read, in its own words."""
    db.table("ingest_position").upsert({"name": name, "position": position}, pk="name")


def fetch_position(db: Database, name: str) -> str:
    """Up to where a source has been read; empty before the first time."""
    row = db.execute("SELECT position FROM ingest_position WHERE name = ?", [name]).fetchone()
    return row[0] if row else ""
