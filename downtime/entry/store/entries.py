"""The SQL of entries, and of what an entry said before it was sent back."""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

import orjson
from sqlite_utils import Database

from downtime.entry.model import DRAFT, VERIFIED, Entry

_COLUMNS = tuple(f.name for f in fields(Entry))
_SAVE = (
    f"INSERT INTO entry ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
    " ON CONFLICT (serial) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])
)


def fetch(db: Database, serial: str) -> Entry | None:
    """The entry of a form, None while nobody has keyed it."""
    row = next(db.query("SELECT * FROM entry WHERE serial = ?", [serial]), None)
    return _entry(row) if row else None


def find_in_state(db: Database, *states: str) -> Iterator[Entry]:
    """All entries in any of these states, by serial."""
    marks = ", ".join("?" * len(states))
    query = f"SELECT * FROM entry WHERE state IN ({marks}) ORDER BY serial"  # noqa: S608
    return (_entry(row) for row in db.query(query, states))


def stamps_of_outage(db: Database, outage: str, opened: str) -> dict[str, str]:
    """Serials of this outage's entries that are no draft, each with a stamp of its last change.

    `opened` (UTC): paper printed ahead of any outage belongs to it from this event time on; empty
    to leave such paper out.
    """
    ahead = "OR (outage = '' AND event >= ?)" if opened else "OR ? <> ''"
    query = (
        "SELECT serial, changed || ' ' || corrections || ' ' || version FROM entry"  # noqa: S608
        f" WHERE state <> ? AND (outage = ? {ahead})"
    )
    return {row[0]: row[1] for row in db.conn.execute(query, (DRAFT, outage, opened))}


def fetch_many(db: Database, serials: Iterable[str]) -> list[Entry]:
    """The entries of some forms."""
    wanted = orjson.dumps(list(serials)).decode()
    names = ", ".join(_COLUMNS)
    query = f"SELECT {names} FROM entry WHERE serial IN (SELECT value FROM json_each(?))"  # noqa: S608
    rows = db.conn.execute(query, (wanted,))
    return [_entry(dict(zip(_COLUMNS, row, strict=True))) for row in rows]


def save(db: Database, entry: Entry) -> None:
    """Insert or replace the present row of an entry."""
    row = {name: getattr(entry, name) for name in _COLUMNS}
    row["answers"] = orjson.dumps(dict(entry.answers)).decode()
    db.execute(_SAVE, list(row.values()))


def save_past(db: Database, entry: Entry, at: str, by: str, reason: str) -> None:
    """Keep what an entry said before it was sent back; nothing keyed is ever thrown away."""
    db.execute(
        "INSERT INTO entry_past"
        " (serial, until, state, answers, transcriber, verifier, sent_back_by, reason)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            entry.serial, at, entry.state, orjson.dumps(dict(entry.answers)).decode(),
            entry.transcriber, entry.verifier, by, reason,
        ],
    )  # fmt: skip


def fetch_past(db: Database, serial: str) -> list[dict[str, Any]]:
    """What an entry said before, oldest first."""
    rows = db.query("SELECT * FROM entry_past WHERE serial = ? ORDER BY until, rowid", [serial])
    return [{**row, "answers": orjson.loads(row["answers"])} for row in rows]


def find_waiting(
    db: Database,
    waits: str,
    forms: Iterable[str],
    *,
    ward: str = "",
    without: Iterable[str] = (),
    not_by: str = "",
    limit: int = 50,
) -> list[Entry]:
    """Entries of these forms that wait for something, in the order of their events.

    `without` leaves out serials, `not_by` what this person keyed first.
    """
    names, left_out = list(forms), list(without)
    query = (
        f"SELECT * FROM entry WHERE waits = ? AND form IN ({', '.join('?' * len(names))})"  # noqa: S608
        f" AND serial NOT IN ({', '.join('?' * len(left_out))}) AND transcriber <> ?"
        + (" AND ward = ?" if ward else "")
        + " ORDER BY event, serial LIMIT ?"
    )
    values = [waits, *names, *left_out, not_by, *([ward] if ward else []), limit]
    return [_entry(row) for row in db.query(query, values)]


def count_waiting(db: Database) -> list[tuple[str, str, str, int]]:
    """How many entries wait for what: (waits, form, ward, count)."""
    query = (
        "SELECT waits, form, ward, count(*) FROM entry WHERE waits <> '' GROUP BY waits, form, ward"
    )
    return [tuple(row) for row in db.execute(query).fetchall()]


def find_drafts(db: Database, limit: int) -> list[Entry]:
    """The drafts that were changed last."""
    query = "SELECT * FROM entry WHERE state = ? ORDER BY changed DESC LIMIT ?"
    return [_entry(row) for row in db.query(query, [DRAFT, limit])]


def count_figures(db: Database, outage: str, also: Iterable[str] = ()) -> dict[str, int]:
    """How many forms were ever entered, are verified now, and were ever sent back.

    Counted are those of an outage, and of these serials: one printed ahead of it carries none.
    """
    row = next(
        db.query(
            "SELECT count(*) AS entered, coalesce(sum(state = ?), 0) AS verified,"
            " coalesce(sum(corrections > 0), 0) AS sent_back"
            " FROM entry WHERE (outage = ? OR serial IN (SELECT value FROM json_each(?)))"
            " AND (state <> ? OR corrections > 0)",
            [VERIFIED, outage, orjson.dumps(list(also)).decode(), DRAFT],
        )
    )
    return dict(row)


def _entry(row: dict[str, Any]) -> Entry:
    row["answers"] = orjson.loads(row["answers"])
    return Entry(**row)
