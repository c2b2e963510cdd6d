"""The SQL of when an outage was compared (`comparison`)."""

from sqlite_utils import Database

from downtime.reconcile.model import ComparisonRun
from downtime.vault.database import build_record


def save_run(db: Database, run: ComparisonRun) -> None:
    """Record that a comparison was run."""
    db.table("comparison").insert(run._asdict())


def fetch_runs(db: Database, outage: str) -> list[ComparisonRun]:
    """Every comparison of an outage, oldest first."""
    rows = db.query("SELECT * FROM comparison WHERE outage = ? ORDER BY at, rowid", [outage])
    return [build_record(ComparisonRun, row) for row in rows]


def fetch_last_run(db: Database, outage: str) -> ComparisonRun | None:
    """The last comparison of an outage."""
    query = "SELECT * FROM comparison WHERE outage = ? ORDER BY at DESC, rowid DESC LIMIT 1"
    row = next(db.query(query, [outage]), None)
    return build_record(ComparisonRun, row) if row else None
