"""The SQL of lists of pages that are destroyed (`page_destruction`, `destroyed_page`)."""

from collections.abc import Iterable

from sqlite_utils import Database

from downtime.returns.retention.model import Destruction, DestructionState, KeptPage
from downtime.vault.database import build_record, insert_record


def fetch_destructions(db: Database, outage: str) -> list[Destruction]:
    """All lists of an outage, the oldest first."""
    rows = db.query("SELECT * FROM page_destruction WHERE outage = ? ORDER BY id", [outage])
    return [build_record(Destruction, row) for row in rows]


def find_proposed(db: Database, outage: str) -> Destruction | None:
    """The list of an outage that waits for a second person."""
    lists = fetch_destructions(db, outage)
    return next((item for item in lists if item.state == DestructionState.PROPOSED), None)


def next_id(db: Database) -> int:
    """The number of the next list."""
    return int(db.execute("SELECT coalesce(max(id), 0) + 1 FROM page_destruction").fetchone()[0])


def save_destruction(db: Database, destruction: Destruction) -> None:
    """Insert a list, or replace what was said of it before."""
    insert_record(db, "page_destruction", destruction, replace=True)


def delete_proposed(db: Database, outage: str) -> None:
    """A new proposal takes the place of one that waits; the audit keeps both."""
    query = "DELETE FROM page_destruction WHERE outage = ? AND state = ?"
    db.execute(query, [outage, DestructionState.PROPOSED])


def save_pages(db: Database, destruction: int, pages: Iterable[KeptPage]) -> None:
    """Keep what remains of pages: whose they were, and their digest."""
    for page in pages:
        insert_record(db, "destroyed_page", page, destruction=destruction)


def fetch_pages(db: Database, destruction: int) -> list[KeptPage]:
    """What remains of the pages of a list."""
    query = (
        "SELECT serial, page, box_page, sha256, bytes FROM destroyed_page WHERE destruction = ?"
        " ORDER BY serial, page, box_page"
    )
    return [KeptPage(**row) for row in db.query(query, [destruction])]
