"""A part of the publisher's state that reads as a state of its own.

SQLite looks for a table among the temporary ones first: while a part is chosen, whoever reads the
state reads the records of its mentions only, by the same SQL. What holds for everybody (extracts,
systems, the salt) is read of the whole state as ever, and new persons are written there.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import sqlite_utils

_TABLES = (
    "CREATE TEMP TABLE chosen (mention INTEGER PRIMARY KEY)",
    "CREATE TEMP TABLE record (type TEXT, source TEXT, key TEXT, mention INTEGER, body BLOB,"
    " PRIMARY KEY (type, source, key, mention)) WITHOUT ROWID",
    "CREATE TEMP TABLE mention (id INTEGER PRIMARY KEY, identifiers TEXT, newest TEXT,"
    " has_records INTEGER)",
    "CREATE TEMP TABLE identity_change (stamp TEXT, operation TEXT, source TEXT, key TEXT,"
    " person INTEGER, other INTEGER)",
    "CREATE TEMP TABLE person (anchor TEXT PRIMARY KEY, id TEXT)",
)
_COPIES = (
    "INSERT INTO temp.record SELECT r.* FROM chosen c CROSS JOIN main.record r"
    " ON r.mention = c.mention",
    "INSERT INTO temp.mention SELECT m.* FROM chosen c CROSS JOIN main.mention m"
    " ON m.id = c.mention",
    "INSERT INTO temp.identity_change SELECT * FROM main.identity_change"
    " WHERE person IN chosen OR other IN chosen",
    "INSERT OR IGNORE INTO temp.person SELECT p.* FROM chosen c"
    " CROSS JOIN main.mention_number m ON m.mention = c.mention"
    " CROSS JOIN main.person_number n ON n.number = m.number"
    " CROSS JOIN main.person p ON p.anchor = n.anchor",
)
_NAMES = ("chosen", "record", "mention", "identity_change", "person")


@contextmanager
def parts_of_state(db: sqlite_utils.Database) -> Iterator[None]:
    """While this lasts, the state is what `choose_part` chose."""
    for statement in _TABLES:
        db.conn.execute(statement)
    try:
        yield
    finally:
        for name in _NAMES:
            db.conn.execute(f"DROP TABLE temp.{name}")


def choose_part(db: sqlite_utils.Database, mentions: Iterable[int]) -> None:
    """Let the state be these mentions with all that is known of them; 0 is what names nobody."""
    for name in _NAMES:
        db.conn.execute(f"DELETE FROM temp.{name}")
    db.conn.executemany("INSERT INTO chosen VALUES (?)", ((mention,) for mention in mentions))
    for statement in _COPIES:
        db.conn.execute(statement)


def select_numbers(db: sqlite_utils.Database) -> dict[str, int]:
    """Link number to one of the chosen mentions that have it."""
    rows = db.conn.execute(
        "SELECT n.number, n.mention FROM chosen c CROSS JOIN main.mention_number n"
        " ON n.mention = c.mention"
    )
    return dict(map(tuple, rows))
