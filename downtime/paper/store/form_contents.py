"""The SQL of what was printed on forms and lists."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlite_utils import Database

from downtime.paper.model import FormState


class ListContent(NamedTuple):
    """The digest of what a list says, and which records its copy held (see `superseded_pages`); empty if not kept."""

    digest: str
    records: str


def insert_contents(db: Database, rows: Iterable[tuple[str, str, str]]) -> None:
    """Keep what was printed: (serial, digest, the values as JSON or empty)."""
    db.conn.executemany("INSERT INTO form_content (serial, digest, body) VALUES (?, ?, ?)", rows)


def fetch_content(db: Database, serial: str) -> str:
    """The values of a printed form as JSON; empty when they were not kept."""
    query = "SELECT body FROM form_content WHERE serial = ?"
    return next((str(row["body"]) for row in db.query(query, [serial])), "")


def find_digest(db: Database, serial: str) -> str:
    """The digest of what was printed on a form; empty when it was not kept."""
    query = "SELECT digest FROM form_content WHERE serial = ?"
    return next((str(row["digest"]) for row in db.query(query, [serial])), "")


def fetch_list_contents(db: Database, form: str, *, drill: bool) -> dict[str, ListContent]:
    """By serial, what issued copies of a list say."""
    query = (
        "SELECT c.serial, c.digest, c.body FROM form_content c JOIN form_issue f ON f.serial = c.serial"
        " WHERE f.form = ? AND f.drill = ? AND f.state = ?"
    )
    rows = db.execute(query, [form, int(drill), FormState.ISSUED])
    return {serial: ListContent(digest, body) for serial, digest, body in rows}
