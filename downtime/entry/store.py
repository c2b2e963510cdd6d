"""The SQL of entries, and of what an entry said before it was sent back."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import orjson
from sqlite_utils import Database

from downtime.entry.model import DRAFT, VERIFIED, Entry


def fetch(db: Database, serial: str) -> Entry | None:
    """The entry of a form, None while nobody has keyed it."""
    row = next(db.query("SELECT * FROM entry WHERE serial = ?", [serial]), None)
    return _entry(row) if row else None


def in_state(db: Database, *states: str) -> Iterator[Entry]:
    """All entries in any of these states, by serial."""
    marks = ", ".join("?" * len(states))
    query = f"SELECT * FROM entry WHERE state IN ({marks}) ORDER BY serial"  # noqa: S608
    return (_entry(row) for row in db.query(query, states))


def save(db: Database, entry: Entry) -> None:
    """Insert or replace the present row of an entry."""
    row = asdict(entry) | {"answers": orjson.dumps(dict(entry.answers)).decode()}
    db["entry"].upsert(row, pk="serial")  # type: ignore[union-attr]


def keep_past(db: Database, entry: Entry, at: str, by: str, reason: str) -> None:
    """Keep what an entry said before it was sent back; nothing keyed is ever thrown away."""
    db["entry_past"].insert(  # type: ignore[union-attr]
        {
            "serial": entry.serial,
            "until": at,
            "state": entry.state,
            "answers": orjson.dumps(dict(entry.answers)).decode(),
            "transcriber": entry.transcriber,
            "verifier": entry.verifier,
            "sent_back_by": by,
            "reason": reason,
        }
    )


def past(db: Database, serial: str) -> list[dict[str, Any]]:
    """What an entry said before, oldest first."""
    rows = db.query("SELECT * FROM entry_past WHERE serial = ? ORDER BY until, rowid", [serial])
    return [{**row, "answers": orjson.loads(row["answers"])} for row in rows]


def figures(db: Database, outage: str) -> dict[str, int]:
    """How many forms of an outage were ever entered, are verified now, and were ever sent back."""
    row = next(
        db.query(
            "SELECT count(*) AS entered, coalesce(sum(state = ?), 0) AS verified,"
            " coalesce(sum(corrections > 0), 0) AS sent_back"
            " FROM entry WHERE outage = ? AND (state <> ? OR corrections > 0)",
            [VERIFIED, outage, DRAFT],
        )
    )
    return dict(row)


def _entry(row: dict[str, Any]) -> Entry:
    return Entry(**{**row, "answers": orjson.loads(row["answers"])})
