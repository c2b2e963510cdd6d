"""The SQL of how many pages issued forms have, in the table form_issue."""

from collections.abc import Iterable

from sqlite_utils import Database

from downtime.paper.model import FormState
from downtime.vault.database import json_list


def set_page_counts(db: Database, pages: Iterable[tuple[str, int]]) -> None:
    """Correct the page counts of forms that took continuation pages: (serial, pages)."""
    db.conn.executemany(
        "UPDATE form_issue SET pages = ? WHERE serial = ?", ((n, serial) for serial, n in pages)
    )


def raise_page_count(db: Database, serial: str, pages: int) -> None:
    """A form that took continuation pages once it was printed."""
    query = "UPDATE form_issue SET pages = ? WHERE serial = ? AND pages < ?"
    db.execute(query, [pages, serial, pages])


def fetch_page_counts(db: Database, outage: str, states: Iterable[FormState]) -> dict[str, int]:
    """How many pages each form of an outage has in any of these states, of those that have several."""
    query = (
        "SELECT serial, pages FROM form_issue WHERE outage = ? AND pages > 1"
        " AND state IN (SELECT value FROM json_each(?))"
    )
    return dict(db.conn.execute(query, (outage, json_list(states))))
