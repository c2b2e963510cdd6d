"""How messages of a day are found again, counted and read once more."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import orjson
import sqlite_utils

from downtime.clinical.identifiers import Identifier
from downtime.feeds.model import Finding, FindingKind, Outcome
from downtime.ingest.model import LedgerEntry, MessageFilter
from downtime.ingest.store.messages import Reading


class KeptMessage(NamedTuple):
    """What is needed to read a raw message again."""

    arrival: int
    source: str
    name: str
    number: int
    line: int
    released_from: int
    received: str


def select_kept(db: sqlite_utils.Database, first: int, count: int) -> Iterator[KeptMessage]:
    """The messages of a block, in order."""
    rows = db.conn.execute(
        "SELECT arrival, s.text, n.text, number, line, released_from, received"
        " FROM message"
        " JOIN term s ON s.id = source JOIN term n ON n.id = name WHERE arrival BETWEEN ? AND ? ORDER BY arrival",
        (first, first + count - 1),
    )
    return map(KeptMessage._make, rows)


_SELECT = (
    "SELECT m.arrival, s.text source, n.text name, m.number, m.line, d.text sender, m.control_id,"
    " k.text kind, y.text system, m.sent, m.received, o.text outcome, r.text reason,"
    " f.text findings, m.released_as, m.released_from FROM message m JOIN term s ON s.id = m.source"
    " JOIN term n ON n.id = m.name JOIN term d ON d.id = m.sender JOIN term k ON k.id = m.kind"
    " JOIN term y ON y.id = m.system JOIN term o ON o.id = m.outcome"
    " JOIN term r ON r.id = m.reason JOIN term f ON f.id = m.findings"
)


def get_newest_received(db: sqlite_utils.Database) -> str:
    """When the newest message of the day was received (UTC); empty without any."""
    row = db.conn.execute("SELECT received FROM message ORDER BY arrival DESC LIMIT 1").fetchone()
    return str(row[0]) if row else ""


def find_newest_of(db: sqlite_utils.Database, source: str) -> tuple[str, str]:
    """When the newest message of a source was received, and made (UTC); empty without any.

    One that was rejected says nothing of how late its source is.
    """
    row = db.conn.execute(
        "SELECT m.received, m.sent FROM message m JOIN term o ON o.id = m.outcome"
        " WHERE m.source = (SELECT id FROM term WHERE text = ?) AND o.text != ?"
        " ORDER BY m.arrival DESC LIMIT 1",
        (source, Outcome.REJECTED),
    ).fetchone()
    return (str(row[0]), str(row[1] or "")) if row else ("", "")


def get_first_arrival(db: sqlite_utils.Database) -> int:
    """The lowest arrival number of the day; 0 without any."""
    row = db.conn.execute("SELECT min(arrival) FROM message").fetchone()
    return row[0] or 0


def get_received(db: sqlite_utils.Database, first: int, last: int) -> str:
    """When the document with these arrival numbers was received."""
    row = db.conn.execute(
        "SELECT received FROM message WHERE arrival BETWEEN ? AND ? LIMIT 1", (first, last)
    ).fetchone()
    return str(row[0]) if row else ""


def get_entry(db: sqlite_utils.Database, arrival: int) -> LedgerEntry | None:
    """One message of this day with its patients; None when it is not of it."""
    row = db.conn.execute(f"{_SELECT} WHERE m.arrival = ?", (arrival,)).fetchone()
    return _build_entry(row, _select_patients(db, arrival)) if row else None


def find_entries(db: sqlite_utils.Database, wanted: MessageFilter, limit: int) -> list[LedgerEntry]:
    """The newest messages of this day that fit, at most `limit`; without their patients."""
    conditions = {
        "m.arrival < ?": wanted.before,
        "m.control_id = ?": wanted.control_id,
        "m.outcome = (SELECT id FROM term WHERE text = ?)": wanted.outcome,
        "m.received >= ?": wanted.since,
        "m.received < ?": wanted.until,
    }
    chosen: dict[str, tuple[object, ...]] = {
        text: (value,) for text, value in conditions.items() if value
    }
    if wanted.kind:
        chosen["m.kind IN (SELECT id FROM term WHERE text = ? OR text LIKE ? || '^%')"] = (
            wanted.kind,
            wanted.kind,
        )
    if wanted.source:
        chosen[
            "(m.source IN (SELECT id FROM term WHERE text = ?) OR m.system IN"
            " (SELECT id FROM term WHERE text = ?))"
        ] = (wanted.source, wanted.source)
    if wanted.identifier:
        chosen[
            "m.arrival IN (SELECT arrival FROM subject WHERE person IN (SELECT id FROM person"
            " WHERE instr(identifiers, json_quote(?) || ']')))"
        ] = (wanted.identifier,)
    where = " AND ".join(["1", *chosen])
    values = [value for texts in chosen.values() for value in texts]
    rows = db.conn.execute(
        f"{_SELECT} WHERE {where} ORDER BY m.arrival DESC LIMIT ?", [*values, limit]
    )
    return [_build_entry(row, ()) for row in rows]


def count_outcomes(db: sqlite_utils.Database) -> dict[tuple[str, Outcome], int]:
    """Messages of this day by source and what became of them."""
    rows = db.conn.execute(
        "SELECT s.text, o.text, count(*) FROM message JOIN term s ON s.id = source"
        " JOIN term o ON o.id = outcome GROUP BY source, outcome"
    )
    return {(source, Outcome(outcome)): count for source, outcome, count in rows}


def count_findings(db: sqlite_utils.Database) -> Counter[tuple[str, FindingKind]]:
    """Findings of this day's messages by system and kind, repetitions in one message included."""
    rows: Iterable[tuple[str, str, int]] = db.conn.execute(
        "SELECT y.text, f.text, count(*) FROM message JOIN term y ON y.id = system"
        " JOIN term f ON f.id = findings WHERE f.text <> '[]' GROUP BY system, findings"
    )
    counts: Counter[tuple[str, FindingKind]] = Counter()
    for system, findings, count in rows:
        for kind, source, *_ in orjson.loads(findings):
            counts[source or system, FindingKind(kind)] += count
    return counts


def iterate_readings(db: sqlite_utils.Database) -> Iterator[tuple[int, Reading]]:
    """What was read of each message of this day, in order of arrival."""
    rows = db.conn.execute(
        "SELECT m.arrival, d.text, m.control_id, k.text, y.text, m.sent, o.text, r.text, f.text"
        " FROM message m JOIN term d ON d.id = m.sender JOIN term k ON k.id = m.kind"
        " JOIN term y ON y.id = m.system JOIN term o ON o.id = m.outcome"
        " JOIN term r ON r.id = m.reason JOIN term f ON f.id = m.findings ORDER BY m.arrival"
    )
    return ((row[0], Reading(*tuple(row)[1:])) for row in rows)


def _select_patients(db: sqlite_utils.Database, arrival: int) -> tuple[Identifier, ...]:
    rows: Iterable[tuple[str]] = db.conn.execute(
        "SELECT identifiers FROM subject JOIN person ON person.id = person WHERE arrival = ?",
        (arrival,),
    )
    patients = [Identifier(*parts) for row in rows for parts in orjson.loads(row[0])]
    return tuple(dict.fromkeys(patients))


def _build_entry(row: Any, identifiers: tuple[Identifier, ...]) -> LedgerEntry:
    findings = tuple(
        Finding(FindingKind(kind), *texts) for kind, *texts in orjson.loads(row["findings"])
    )
    values = dict(row) | {"findings": findings, "outcome": Outcome(row["outcome"])}
    return LedgerEntry(**values, identifiers=identifiers)
