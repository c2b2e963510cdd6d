"""The SQL of the table query_step: what was asked about fields, answered and closed."""

from sqlite_utils import Database

from downtime.entry.queries.model import QueryStep
from downtime.vault.database import build_record, insert_record


def add_step(db: Database, step: QueryStep) -> None:
    """Add what somebody said."""
    insert_record(db, "query_step", step)


def fetch_steps_of_form(db: Database, serial: str) -> list[QueryStep]:
    """All that was said to the questions on one form, in the order of time."""
    query = "SELECT * FROM query_step WHERE serial = ? ORDER BY at, id"
    return [build_record(QueryStep, row) for row in db.query(query, [serial])]


def fetch_steps(db: Database, query_id: str) -> list[QueryStep]:
    """All that was said to one question; none for one that there is not."""
    query = "SELECT * FROM query_step WHERE query = ? ORDER BY at, id"
    return [build_record(QueryStep, row) for row in db.query(query, [query_id])]


def fetch_all_steps(db: Database) -> list[QueryStep]:
    """All that was said to any question."""
    query = "SELECT * FROM query_step ORDER BY at, id"
    return [build_record(QueryStep, row) for row in db.query(query)]
