"""What was read of each message of a day.

Words that come again and again (senders, types, reasons, findings) and combinations of a patient's
identifiers are kept once a day and numbered.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson
import sqlite_utils

from downtime.clinical.identifiers import Identifier
from downtime.feeds.model import Change, FeedMessage, Outcome, Reject
from downtime.ingest.model import read_outcome

Identifiers = tuple[Identifier, ...]
_COLUMNS = (
    "arrival, source, name, number, line, stamp, digest, received, released_from,"
    " released_as, sender, control_id, kind, system, sent, outcome, reason, findings"
)
_INSERT = f"INSERT INTO message ({_COLUMNS}) VALUES ({', '.join('?' * 18)})"
_UPDATE = (
    "UPDATE message SET sender = ?, control_id = ?, kind = ?, system = ?, sent = ?,"
    " outcome = ?, reason = ?, findings = ? WHERE arrival = ?"
)
_CACHED = 20_000
"""Numbers that are remembered of one table."""


class Receipt(NamedTuple):
    """How a message came: what does not depend on reading it."""

    arrival: int
    source: str
    name: str
    line: int
    stamp: int | None
    digest: bytes | None
    received: str
    released_from: int = 0


class Reading(NamedTuple):
    """What is read of a message, in words; findings as JSON."""

    sender: str
    control_id: str
    kind: str
    system: str
    sent: str
    outcome: str
    reason: str
    findings: str


class Numbers:
    """The numbers of a day's words and persons; forgotten when a transaction fails."""

    def __init__(self, db: sqlite_utils.Database) -> None:
        self._db = db
        self._terms: dict[str, int] = {}
        self._persons: dict[Identifiers, int] = {}

    def clear(self) -> None:
        """Forget all of them."""
        for cache in (self._terms, self._persons):
            cache.clear()

    def term(self, text: str) -> int:
        """The number of a word."""
        number = self._terms.get(text)
        if number is None:
            number = _number_text(self._db, "term", "text", text)
            _remember(self._terms, text, number)
        return number

    def person(self, identifiers: Identifiers) -> int:
        """The number of a combination of identifiers."""
        number = self._persons.get(identifiers)
        if number is None:
            text = orjson.dumps([list(identifier) for identifier in identifiers]).decode()
            number = _number_text(self._db, "person", "identifiers", text)
            _remember(self._persons, identifiers, number)
        return number


def _remember(cache: dict[Any, int], key: object, number: int) -> None:
    if len(cache) >= _CACHED:
        cache.clear()
    cache[key] = number


def _number_text(db: sqlite_utils.Database, table: str, column: str, text: str) -> int:
    inserted = db.conn.execute(f"INSERT OR IGNORE INTO {table} ({column}) VALUES (?)", (text,))
    if inserted.rowcount:
        return inserted.lastrowid or 0
    row = db.conn.execute(f"SELECT id FROM {table} WHERE {column} = ?", (text,)).fetchone()
    return int(row[0])


def insert_messages(
    db: sqlite_utils.Database,
    numbers: Numbers,
    messages: Sequence[tuple[Receipt, FeedMessage | Reject]],
) -> None:
    """Keep how messages came and what was read of them."""
    rows, subjects, term = [], [], numbers.term
    for receipt, item in messages:
        arrival, source, name, line, stamp, digest, received, released_from = receipt
        reading = _number_reading(numbers, describe_reading(item))
        place = (item.position.number, line)
        rows.append(
            (arrival, term(source), term(name), *place, stamp, digest, received, released_from, 0)
            + reading
        )
        for identifiers in list_patients(item):
            subjects.append((arrival, numbers.person(identifiers)))
    db.conn.executemany(_INSERT, rows)
    db.conn.executemany("INSERT INTO subject VALUES (?, ?)", subjects)


def update_reading(
    db: sqlite_utils.Database,
    numbers: Numbers,
    arrival: int,
    reading: Reading,
    patients: Iterable[Identifiers],
) -> None:
    """Say what is read of a message today, in the place of what was read before."""
    db.conn.execute(_UPDATE, (*_number_reading(numbers, reading), arrival))
    db.conn.execute("DELETE FROM subject WHERE arrival = ?", (arrival,))
    db.conn.executemany(
        "INSERT INTO subject VALUES (?, ?)",
        [(arrival, numbers.person(identifiers)) for identifiers in patients],
    )


def insert_row_of_document(db: sqlite_utils.Database, arrival: int, number: int) -> None:
    """A row of a document of which nothing was read till now; its reading is to be updated."""
    columns = "source, name, received, released_from"
    db.conn.execute(
        f"INSERT INTO message (arrival, number, line, released_as, {columns})"
        f" SELECT ?1, ?2, 0, 0, {columns} FROM message WHERE arrival >= (SELECT max(first)"
        " FROM document WHERE first <= ?1) ORDER BY arrival LIMIT 1",
        (arrival, number),
    )


def delete_message(db: sqlite_utils.Database, arrival: int) -> None:
    """Forget what was read of a document as a whole, once its rows are read."""
    db.conn.execute("DELETE FROM message WHERE arrival = ?", (arrival,))
    db.conn.execute("DELETE FROM subject WHERE arrival = ?", (arrival,))


def describe_reading(item: FeedMessage | Reject) -> Reading:
    """What is read of a message, in words."""
    origin = item.origin
    if isinstance(item, Reject):
        kind, system, sent, reason, findings = origin.kind, "", origin.sent, describe(item), "[]"
    else:
        kind, system, reason = item.kind, item.source, item.unused
        sent = item.sent or origin.sent  # of one that is not believed what it says
        findings = orjson.dumps(item.findings, default=list).decode() if item.findings else "[]"
    outcome = str(read_outcome(item))
    return Reading(origin.sender, origin.control_id, kind, system, sent, outcome, reason, findings)


def _number_reading(numbers: Numbers, reading: Reading) -> tuple[int | str, ...]:
    sender, control_id, kind, system, sent, outcome, reason, findings = reading
    term = numbers.term
    return (
        term(sender),
        control_id,
        term(kind),
        term(system),
        sent,
        term(outcome),
        term(reason),
        term(findings),
    )


def describe(reject: Reject) -> str:
    """The reason of a reject with the segment concerned."""
    return f"{reject.segment}: {reject.reason}" if reject.segment else reject.reason


def list_patients(item: FeedMessage | Reject) -> set[Identifiers]:
    """Every combination of identifiers that a message gives for a person."""
    if isinstance(item, Reject):
        return set()
    patients: set[Identifiers] = set()
    last: Identifiers = ()
    for part in item.content:
        for change in (part,) if isinstance(part, Change) else part.changes:
            if change.patient is not last:  # most messages name one person in all their changes
                last = change.patient
                patients.add(last)
            if change.merged:
                patients.add(change.merged)
    patients.discard(())
    return patients


def save_outcome(
    db: sqlite_utils.Database, numbers: Numbers, arrival: int, outcome: Outcome, reason: str
) -> None:
    """What became of a message after it was read: quarantine."""
    db.conn.execute(
        "UPDATE message SET outcome = ?, reason = ? WHERE arrival = ?",
        (numbers.term(outcome), numbers.term(reason), arrival),
    )


def select_unread(db: sqlite_utils.Database, first: int, limit: int) -> list[int]:
    """The lowest numbers from `first` on of messages that are kept and not read yet."""
    rows = db.conn.execute(
        "SELECT arrival FROM message WHERE arrival >= ? AND outcome ="
        " (SELECT id FROM term WHERE text = ?) ORDER BY arrival LIMIT ?",
        (first, Outcome.NOT_YET_READ, limit),
    )
    return [row[0] for row in rows]


def count_unread(db: sqlite_utils.Database, first: int) -> Counter[str]:
    """How many messages from `first` on are not read yet, by source."""
    rows = db.conn.execute(
        "SELECT s.text, count(*) FROM message JOIN term s ON s.id = source WHERE arrival >= ?"
        " AND outcome = (SELECT id FROM term WHERE text = ?) GROUP BY source",
        (first, Outcome.NOT_YET_READ),
    )
    return Counter(dict(rows.fetchall()))


def select_quarantined(db: sqlite_utils.Database) -> set[int]:
    """Arrival numbers of the messages that lie in quarantine."""
    rows = db.conn.execute(
        "SELECT arrival FROM message WHERE outcome = (SELECT id FROM term WHERE text = ?)",
        (Outcome.QUARANTINED,),
    )
    return {row[0] for row in rows}


def save_released_as(db: sqlite_utils.Database, arrival: int, released_as: int) -> None:
    """Under which number a quarantined message was released."""
    db.conn.execute("UPDATE message SET released_as = ? WHERE arrival = ?", (released_as, arrival))
