"""The SQL of counted stocks."""

from sqlite_utils import Database

from downtime.paper.endurance.model import StockCount, StockKind
from downtime.vault.database import build_record, insert_record


def insert_count(db: Database, count: StockCount) -> None:
    insert_record(db, "stock_count", count)


def fetch_latest(db: Database) -> dict[StockKind, StockCount]:
    """What was counted last of each kind."""
    counts = (
        build_record(StockCount, row)
        for row in db.query("SELECT * FROM stock_count ORDER BY rowid")
    )
    return {count.kind: count for count in counts}
