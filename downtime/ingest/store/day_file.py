"""One day of the ledger: its tables, its arrival numbers, and the raw bytes.

Nothing random is indexed while the day is being written: of a million messages, an index of
patients or digests would touch a page for each. Repetitions are found by the time that a message
bears, in whose order messages come; patients and message numbers are indexed when the day is over.
"""

import errno
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import sqlcipher3
import sqlite_utils

from downtime.feeds.model import Outcome
from downtime.vault.database import connect, disable_write_ahead_log, transaction
from downtime.vault.files import flush_folder

_TABLES = (
    "CREATE TABLE day (next INTEGER NOT NULL, newest_stamp INTEGER NOT NULL)",
    "CREATE TABLE dictionary (content BLOB NOT NULL)",
    "CREATE TABLE term (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)",
    "CREATE TABLE message (arrival INTEGER PRIMARY KEY, source INTEGER,"
    " name INTEGER, number INTEGER, line INTEGER, stamp INTEGER, digest BLOB, received TEXT,"
    " released_from INTEGER, released_as INTEGER, sender INTEGER, control_id TEXT, kind INTEGER,"
    " system INTEGER, sent TEXT, outcome INTEGER, reason INTEGER, findings INTEGER)",
    "CREATE INDEX message_stamp ON message (stamp, digest) WHERE stamp IS NOT NULL",
    "CREATE TABLE block (first INTEGER PRIMARY KEY, count INTEGER NOT NULL, body BLOB NOT NULL)",
    "CREATE TABLE document (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, stamp INTEGER,"
    " digest BLOB NOT NULL, source TEXT, format TEXT, name TEXT, number INTEGER, modified TEXT,"
    " released_from INTEGER NOT NULL, body BLOB NOT NULL)",
    "CREATE INDEX document_stamp ON document (stamp)",
    "CREATE TABLE person (id INTEGER PRIMARY KEY, identifiers TEXT NOT NULL UNIQUE)",
    "CREATE TABLE subject (arrival INTEGER, person INTEGER, PRIMARY KEY (arrival, person))"
    " WITHOUT ROWID",
)
_PROGRESS = "CREATE TABLE IF NOT EXISTS reading (next INTEGER NOT NULL)"
"""All messages below this number are read. A day without it was written when all were read at once."""
_SEARCH_INDEXES = (
    "CREATE INDEX IF NOT EXISTS message_control ON message (control_id)",
    "CREATE INDEX IF NOT EXISTS subject_person ON subject (person)",
)

_REJECTED = f"coalesce((SELECT id FROM term WHERE text = '{Outcome.REJECTED}'), 0)"


class DocumentRow(NamedTuple):
    """What is no HL7 message: its messages have arrival numbers from `first` to `last`."""

    first: int
    last: int
    stamp: int
    digest: bytes
    source: str
    format: str
    name: str
    number: int
    modified: str
    released_from: int
    body: bytes


class Repetition(NamedTuple):
    """What was received before: its arrival number, and whether all of it was rejected then."""

    arrival: int
    was_rejected: bool


class BlockRow(NamedTuple):
    """Raw messages with consecutive arrival numbers from `first`."""

    first: int
    size: int
    body: bytes


def create_day(path: Path, key: bytes, next_arrival: int) -> None:
    """Make the file of a day; only its owner may read it (0600).

    It stands under its name once it is whole: who looks at the days meanwhile, in this program or
    another, finds none or all of it.
    """
    unfinished = path.with_name(f".{path.name}")
    unfinished.unlink(missing_ok=True)
    db = connect(unfinished, key)
    with closing(db.conn):
        with transaction(db):
            for statement in (*_TABLES, _PROGRESS):
                db.conn.execute(statement)
            db.conn.execute("INSERT INTO day VALUES (?, -1)", (next_arrival,))
            db.conn.execute("INSERT INTO reading VALUES (?)", (next_arrival,))
        disable_write_ahead_log(db.conn)
    unfinished.replace(path)
    flush_folder(path.parent)


def open_day(path: Path, key: bytes) -> sqlite_utils.Database:
    """The file of a day; FileNotFoundError when it has left the ledger."""
    if not path.exists():
        raise FileNotFoundError(errno.ENOENT, "That day has left the ledger", path.name)
    return connect(path, key)


def get_next_unread(db: sqlite_utils.Database) -> int:
    """The number below which every message of the day is read."""
    try:
        row = db.conn.execute("SELECT next FROM reading").fetchone()
    except sqlcipher3.OperationalError:
        row = None
    return int(row[0]) if row else get_next_arrival(db)


def save_next_unread(db: sqlite_utils.Database, number: int) -> None:
    """All messages below this number are read."""
    db.conn.execute(_PROGRESS)
    if not db.conn.execute("UPDATE reading SET next = ?", (number,)).rowcount:
        db.conn.execute("INSERT INTO reading VALUES (?)", (number,))


def get_next_arrival(db: sqlite_utils.Database) -> int:
    """The arrival number that the next message takes."""
    return int(db.conn.execute("SELECT next FROM day").fetchone()[0])


def save_next_arrival(db: sqlite_utils.Database, number: int) -> None:
    """Let the next message take this number."""
    db.conn.execute("UPDATE day SET next = ?", (number,))


def count_messages(db: sqlite_utils.Database) -> int:
    """How many messages the day holds, HL7 and documents."""
    row = db.conn.execute(
        "SELECT (SELECT coalesce(sum(count), 0) FROM block) + (SELECT count(*) FROM document)"
    ).fetchone()
    return int(row[0])


def get_newest_stamp(db: sqlite_utils.Database) -> int:
    """The highest stamp of its messages: those with a higher one are not in it. -1 without any."""
    return int(db.conn.execute("SELECT newest_stamp FROM day").fetchone()[0])


def save_progress(db: sqlite_utils.Database, next_arrival: int, newest_stamp: int) -> None:
    """Take note of what was kept: the number that comes next, and the highest stamp."""
    db.conn.execute("UPDATE day SET next = ?, newest_stamp = ?", (next_arrival, newest_stamp))


def find_repeated(db: sqlite_utils.Database, stamp: int, digest: bytes) -> Repetition | None:
    """The HL7 message with this stamp and digest."""
    row = db.conn.execute(
        f"SELECT arrival, outcome = {_REJECTED} FROM message WHERE stamp = ? AND digest = ?"
        " ORDER BY arrival DESC LIMIT 1",
        (stamp, digest),
    ).fetchone()
    return Repetition(row[0], bool(row[1])) if row else None


def find_document(db: sqlite_utils.Database, stamp: int, digest: bytes) -> Repetition | None:
    """The document with this stamp and digest."""
    row = db.conn.execute(
        "SELECT first, NOT EXISTS (SELECT 1 FROM message WHERE arrival BETWEEN first AND last"
        f" AND outcome <> {_REJECTED}) FROM document WHERE stamp = ? AND digest = ?"
        " ORDER BY first DESC LIMIT 1",
        (stamp, digest),
    ).fetchone()
    return Repetition(row[0], bool(row[1])) if row else None


def insert_blocks(db: sqlite_utils.Database, blocks: Sequence[BlockRow]) -> None:
    """Keep raw messages."""
    db.conn.executemany("INSERT INTO block VALUES (?, ?, ?)", blocks)


def insert_documents(db: sqlite_utils.Database, documents: Sequence[DocumentRow]) -> None:
    """Keep documents."""
    db.conn.executemany(f"INSERT INTO document VALUES ({', '.join('?' * 11)})", documents)


def select_blocks(db: sqlite_utils.Database, after: int) -> Iterator[BlockRow]:
    """Blocks with messages after an arrival number, in order."""
    return map(
        BlockRow._make,
        db.conn.execute(
            "SELECT first, count, body FROM block WHERE first >= coalesce((SELECT max(first)"
            " FROM block WHERE first <= ?), 0) AND first + count - 1 > ? ORDER BY first",
            (after, after),
        ),
    )


def get_block(db: sqlite_utils.Database, arrival: int) -> BlockRow | None:
    """The block that holds a message; None when it came in a document, or never."""
    row = db.conn.execute(
        "SELECT first, count, body FROM block WHERE first <= ? ORDER BY first DESC LIMIT 1",
        (arrival,),
    ).fetchone()
    block = BlockRow._make(row) if row else None
    return block if block and arrival < block.first + block.size else None


def select_documents(db: sqlite_utils.Database, after: int) -> Iterator[DocumentRow]:
    """Documents with numbers after an arrival number, in order."""
    rows = db.conn.execute(
        "SELECT * FROM document WHERE first >= coalesce((SELECT max(first) FROM document"
        " WHERE first <= ?), 0) AND last > ? ORDER BY first",
        (after, after),
    )
    return map(DocumentRow._make, rows)


def get_document(db: sqlite_utils.Database, arrival: int) -> DocumentRow | None:
    """The document that holds a message; None when it came as HL7, or never."""
    row = db.conn.execute(
        "SELECT * FROM document WHERE first <= ? ORDER BY first DESC LIMIT 1", (arrival,)
    ).fetchone()
    document = DocumentRow._make(row) if row else None
    return document if document and arrival <= document.last else None


def get_dictionary(db: sqlite_utils.Database) -> bytes | None:
    """The day's dictionary, empty when its messages had too little in common; None before it is made."""
    row = db.conn.execute("SELECT content FROM dictionary").fetchone()
    return bytes(row[0]) if row else None


def save_dictionary(db: sqlite_utils.Database, content: bytes) -> None:
    """Let blocks use this dictionary from now on; there is one a day, whoever is first."""
    db.conn.execute(
        "INSERT INTO dictionary SELECT ? WHERE NOT EXISTS (SELECT 1 FROM dictionary)", (content,)
    )


def index_for_search(db: sqlite_utils.Database) -> None:
    """Make a day that is over quick to search."""
    for statement in _SEARCH_INDEXES:
        db.conn.execute(statement)
