"""The SQL of the tables entry and entry_past: what forms say now, and what they said before."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

import orjson
from sqlite_utils import Database

from downtime.entry.model import (
    Emptiness,
    Entry,
    EntryState,
    PastEntry,
    PastState,
    Task,
)
from downtime.entry.paper_kind import PaperKind
from downtime.vault.database import build_record, insert_record, json_list, to_plain

_COLUMNS = tuple(f.name for f in fields(Entry))
_SAVE = (
    f"INSERT INTO entry ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
    " ON CONFLICT (serial) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])
)


_ANSWERS = (
    "SELECT e.serial, e.form, e.event, e.entered, e.author, e.author_role, e.transcriber, e.answers,"
    " e.emptiness"
    " FROM json_each(?) AS wanted CROSS JOIN entry AS e ON e.serial = wanted.value"
    " ORDER BY wanted.key"
)


class EntryAnswers(NamedTuple):
    """What a comparison reads of an entry; the columns in the order in which they are read."""

    serial: str
    form: str
    event: str
    entered: str
    author: str
    author_role: str
    transcriber: str
    answers: str
    """JSON text."""
    emptiness: str


class WaitingCount(NamedTuple):
    """How many entries of a form and ward wait for the same task."""

    task: Task
    form: str
    ward: str
    n: int


def fetch_entry(db: Database, serial: str) -> Entry | None:
    """The entry of a form, None while nobody has keyed it."""
    row = next(db.query("SELECT * FROM entry WHERE serial = ?", [serial]), None)
    return parse_entry(row) if row else None


def find_in_state(db: Database, *states: EntryState) -> Iterator[Entry]:
    """All entries in any of these states, by serial."""
    placeholders = ", ".join("?" * len(states))
    query = f"SELECT * FROM entry WHERE state IN ({placeholders}) ORDER BY serial"
    return (parse_entry(row) for row in db.query(query, states))


def find_serials_changed_since(db: Database, state: EntryState, since: str) -> list[str]:
    """Serials of the entries in a state that changed after a time (UTC text)."""
    query = "SELECT serial FROM entry WHERE state = ? AND changed > ? ORDER BY serial"
    return [row[0] for row in db.conn.execute(query, (state, since))]


def fetch_states(db: Database) -> dict[str, EntryState]:
    """Serial of every entry to its state."""
    rows = db.conn.execute("SELECT serial, state FROM entry")
    return {row[0]: EntryState(row[1]) for row in rows}


class EntryTimes(NamedTuple):
    """When what a form says happened, when it was keyed, and when it was verified (UTC text)."""

    event: str
    entered: str
    verified: str
    outage: str


def fetch_times(db: Database) -> dict[str, EntryTimes]:
    """Serial of every entry that is no draft to its times."""
    query = "SELECT serial, event, entered, verified, outage FROM entry WHERE state <> ?"
    rows = db.conn.execute(query, (EntryState.DRAFT,))
    return {serial: EntryTimes(*times) for serial, *times in rows}


def stamps_of_outage(db: Database, outage: str, window: tuple[str, str]) -> dict[str, str]:
    """Serials of this outage's entries that are no draft, each with a stamp of its last change.

    Paper printed ahead of any outage belongs to it when its event lies in the `window` (UTC, without
    its end).
    """
    query = (
        "SELECT serial, changed || ' ' || corrections || ' ' || version FROM entry"
        " WHERE state <> ? AND (outage = ? OR (outage = '' AND event >= ? AND event < ?))"
    )
    return {row[0]: row[1] for row in db.conn.execute(query, (EntryState.DRAFT, outage, *window))}


def find_serials_of_forms(db: Database, outage: str, forms: Iterable[str]) -> list[str]:
    """Serials of the entries of some forms in an outage, drafts left out."""
    query = (
        "SELECT serial FROM entry WHERE outage = ? AND state <> ?"
        " AND form IN (SELECT value FROM json_each(?)) ORDER BY serial"
    )
    rows = db.conn.execute(query, (outage, EntryState.DRAFT, json_list(forms)))
    return [row[0] for row in rows]


def find_entered(db: Database, serials: Iterable[str]) -> list[str]:
    """Those of these serials whose entry is no draft."""
    query = (
        "SELECT serial FROM entry WHERE state <> ?"
        " AND serial IN (SELECT value FROM json_each(?)) ORDER BY serial"
    )
    rows = db.conn.execute(query, (EntryState.DRAFT, json_list(serials)))
    return [row[0] for row in rows]


def fetch_answers(db: Database, serials: Sequence[str]) -> Iterator[EntryAnswers]:
    """What a comparison reads of the entries of some forms, in their order."""
    rows = db.conn.execute(_ANSWERS, (json_list(serials),))
    return (EntryAnswers(*row) for row in rows)


def save_entry(db: Database, entry: Entry) -> None:
    """Insert or replace the present row of an entry."""
    row = {name: getattr(entry, name) for name in _COLUMNS}
    row["answers"] = orjson.dumps(dict(entry.answers)).decode()
    row["confirmations"] = orjson.dumps(entry.confirmations, default=to_plain).decode()
    row["sample_keys"] = json_list(entry.sample_keys)
    row["read_answers"] = orjson.dumps(dict(entry.read_answers)).decode()
    db.execute(_SAVE, list(row.values()))


def save_past(
    db: Database,
    entry: Entry,
    at: str,
    by: str,
    reason: str,
    state: EntryState | PastState | None = None,
) -> None:
    """Keep what an entry said before it was sent back; nothing keyed is ever thrown away."""
    past = PastEntry(
        serial=entry.serial, until=at, state=state or entry.state, answers=entry.answers,
        transcriber=entry.transcriber, verifier=entry.verifier, sent_back_by=by, reason=reason,
        confirmations=entry.confirmations,
    )  # fmt: skip
    insert_record(db, "entry_past", past)


def find_typists(db: Database, serial: str) -> set[str]:
    """Who typed a version of an entry that was taken on or sent back; not who keyed it blind."""
    rows = db.execute(
        "SELECT DISTINCT transcriber FROM entry_past WHERE serial = ? AND state <> ?",
        [serial, PastState.SECOND_KEYING],
    )
    return {row[0] for row in rows.fetchall()}


def fetch_past(db: Database, serial: str) -> list[PastEntry]:
    """What an entry said before, oldest first."""
    query = "SELECT * FROM entry_past WHERE serial = ? ORDER BY until, rowid"
    return [build_record(PastEntry, row) for row in db.query(query, [serial])]


def find_waiting(
    db: Database,
    task: Task,
    forms: Iterable[str],
    kind: PaperKind,
    *,
    ward: str = "",
    without: Iterable[str] = (),
    not_by: str = "",
    limit: int = 50,
) -> list[Entry]:
    """Entries of these forms that wait for a task, in the order of their events.

    `without` leaves out serials, `not_by` what this person keyed first.
    """
    where, values = _waiting(task, forms, kind, ward, without, not_by)
    query = f"SELECT * FROM entry WHERE {where} ORDER BY event, serial LIMIT ?"
    return [parse_entry(row) for row in db.query(query, [*values, limit])]


def count_waiting_for(
    db: Database, task: Task, forms: Iterable[str], kind: PaperKind, *, ward: str = "",
    not_by: str = "",
) -> int:  # fmt: skip
    """How many of these there are."""
    where, values = _waiting(task, forms, kind, ward, (), not_by)
    return int(db.execute(f"SELECT count(*) FROM entry WHERE {where}", values).fetchone()[0])


def _of_kind(kind: PaperKind) -> tuple[str, list[str]]:
    """The end of a condition that leaves out real entries or those of drills, and its values."""
    if not kind.is_drill and not kind.drill_serials:
        return "", []  # as a rule: then the index alone answers
    word = "IN" if kind.is_drill else "NOT IN"
    return f" AND serial {word} (SELECT value FROM json_each(?))", [json_list(kind.drill_serials)]


def _waiting(
    task: Task, forms: Iterable[str], kind: PaperKind, ward: str, without: Iterable[str],
    not_by: str,
) -> tuple[str, list[str]]:  # fmt: skip
    names, excluded = list(forms), list(without)
    of_kind, drill_serials = _of_kind(kind)
    where = (
        f"waits = ? AND form IN ({', '.join('?' * len(names))})"
        f" AND serial NOT IN ({', '.join('?' * len(excluded))}) AND transcriber <> ?"
        " AND NOT EXISTS (SELECT 1 FROM entry_past WHERE entry_past.serial = entry.serial"
        " AND entry_past.transcriber = ? AND entry_past.state <> ?)"
        + (" AND ward = ?" if ward else "")
        + of_kind
    )
    typed_by = [not_by, not_by, PastState.SECOND_KEYING]
    values = [task, *names, *excluded, *typed_by, *([ward] if ward else []), *drill_serials]
    return where, values


def count_waiting(db: Database, kind: PaperKind) -> list[WaitingCount]:
    """How many entries wait for each task."""
    of_kind, drill_serials = _of_kind(kind)
    query = (
        f"SELECT waits, form, ward, count(*) FROM entry WHERE waits <> ''{of_kind}"
        " GROUP BY waits, form, ward"
    )
    rows = db.execute(query, drill_serials).fetchall()
    return [WaitingCount(Task(row[0]), *row[1:]) for row in rows]


def find_drafts(db: Database, kind: PaperKind, limit: int) -> list[Entry]:
    """The drafts that were changed last."""
    of_kind, drill_serials = _of_kind(kind)
    query = f"SELECT * FROM entry WHERE state = ?{of_kind} ORDER BY changed DESC LIMIT ?"
    rows = db.query(query, [EntryState.DRAFT, *drill_serials, limit])
    return [parse_entry(row) for row in rows]


def count_figures(db: Database, outage: str, also: Iterable[str] = ()) -> dict[str, int]:
    """How many forms were ever entered, are verified now, were ever sent back, are empty, and have a
    scanner's reading as the second keying of fields.

    Counted are those of an outage, and of these serials: one printed ahead of it carries none.
    """
    query = (
        "SELECT count(*) AS entered, coalesce(sum(state = ?), 0) AS verified,"
        " coalesce(sum(corrections > 0), 0) AS sent_back,"
        " coalesce(sum(emptiness <> ''), 0) AS empty,"
        " coalesce(sum(emptiness = ?), 0) AS empty_confirmed,"
        " coalesce(sum(reading_counts), 0) AS second_read,"
        " coalesce(sum(reading_counts * (SELECT count(*) FROM json_each(read_answers))), 0)"
        " AS second_read_fields"
        " FROM entry WHERE (outage = ? OR serial IN (SELECT value FROM json_each(?)))"
        " AND (state <> ? OR corrections > 0)"
    )
    serials = json_list(also)
    values = [EntryState.VERIFIED, Emptiness.CONFIRMED, outage, serials, EntryState.DRAFT]
    return dict(next(db.query(query, values)))


def count_confirmers(db: Database, outage: str, also: Iterable[str] = ()) -> dict[str, int]:
    """Who confirmed of how many forms that they are empty, by the names that were shown then."""
    query = (
        "SELECT confirmer_name, count(*) FROM entry WHERE emptiness = ?"
        " AND (outage = ? OR serial IN (SELECT value FROM json_each(?)))"
        " GROUP BY confirmer_name ORDER BY confirmer_name"
    )
    rows = db.execute(query, [Emptiness.CONFIRMED, outage, json_list(also)]).fetchall()
    return {str(name): int(forms) for name, forms in rows}


def find_answers(db: Database, link_id: str) -> set[str]:
    """The different answers to one question, as typed."""
    query = "SELECT DISTINCT json_extract(answers, ?) FROM entry"
    return {str(row[0]) for row in db.execute(query, [f'$."{link_id}"']).fetchall() if row[0]}


def move_to_outages(db: Database, outages_by_serial: Mapping[str, str]) -> None:
    """Put entries under another outage."""
    pairs = [(outage, serial) for serial, outage in outages_by_serial.items()]
    db.conn.executemany("UPDATE entry SET outage = ? WHERE serial = ?", pairs)


def parse_entry(row: dict[str, Any]) -> Entry:
    """An entry from its columns, as stored or as another machine sent them."""
    return build_record(Entry, row)
