"""By which numbers and records the mentions of a state hang together, and which of them changed.

Beside the state's own tables, and written in the same transactions.
"""

from collections.abc import Iterable

import sqlite_utils

from downtime.clinical.identifiers import Identifier
from downtime.snapshot.link_numbers import link_number
from downtime.snapshot.mentions import Mention

_TABLES = (
    "CREATE TABLE changed_mention (mention INTEGER PRIMARY KEY)",
    "CREATE TABLE mention_number (mention INTEGER NOT NULL, number TEXT NOT NULL,"
    " PRIMARY KEY (mention, number)) WITHOUT ROWID",
    "CREATE INDEX mention_number_mention ON mention_number (number)",
    "CREATE TABLE person_number (number TEXT NOT NULL, anchor TEXT NOT NULL,"
    " PRIMARY KEY (number, anchor)) WITHOUT ROWID",
    "CREATE INDEX record_mention ON record (mention)",
)


def create_tables(db: sqlite_utils.Database) -> None:
    """Make the tables, of whatever the state holds already."""
    for statement in _TABLES:
        db.conn.execute(statement)


def save_mentions(db: sqlite_utils.Database, mentions: Iterable[Mention]) -> None:
    """Remember the numbers of mentions."""
    db.conn.executemany(
        "INSERT OR IGNORE INTO mention_number VALUES (?, ?)",
        (
            (mention.id, number)
            for mention in mentions
            for number in {link_number(identifier) for identifier in mention.identifiers}
        ),
    )


def save_people(db: sqlite_utils.Database, anchors: Iterable[Identifier]) -> None:
    """Remember under which numbers people may be met."""
    db.conn.executemany(
        "INSERT OR IGNORE INTO person_number VALUES (?, ?)",
        ((link_number(anchor), str(anchor)) for anchor in anchors),
    )


def mark_changed(db: sqlite_utils.Database, mentions: Iterable[int]) -> None:
    """Let what is known of some mentions be settled anew; 0 is what names nobody."""
    db.conn.executemany(
        "INSERT OR IGNORE INTO changed_mention VALUES (?)",
        ((mention,) for mention in sorted(set(mentions))),
    )


def mark_data_set(db: sqlite_utils.Database, type_name: str, source: str) -> None:
    """Let everybody be settled anew of whom a source has such records."""
    db.conn.execute(
        "INSERT OR IGNORE INTO changed_mention"
        " SELECT DISTINCT mention FROM record WHERE type = ? AND source = ?",
        (type_name, source),
    )
