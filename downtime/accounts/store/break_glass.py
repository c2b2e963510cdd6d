"""The SQL of the tables `break_glass` and `ward_code`."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import sqlite_utils

from downtime.accounts.break_glass.model import BreakGlassAccess, ReviewVerdict, WardCode
from downtime.vault.database import build_record, insert_record

_END = ("ended", "ended_by")
_REVIEW = ("verdict", "reviewed", "reviewed_by", "reviewed_name", "note")


def insert_access(db: sqlite_utils.Database, access: BreakGlassAccess, pin: str) -> None:
    """A new access, with what checks its PIN."""
    insert_record(db, "break_glass", access, pin=pin)


def find_access(db: sqlite_utils.Database, access_id: str) -> BreakGlassAccess | None:
    """An access by its id."""
    return _find(db, "id", access_id)


def find_access_of(db: sqlite_utils.Database, person: str) -> BreakGlassAccess | None:
    """The access of an account; each has one, with an account of its own."""
    return _find(db, "person", person)


def find_access_by_username(db: sqlite_utils.Database, username: str) -> BreakGlassAccess | None:
    """An access by the user name that was made for it."""
    return _find(db, "username", username)


def fetch_pin(db: sqlite_utils.Database, access_id: str) -> str:
    """What checks the PIN of an access."""
    row = db.conn.execute("SELECT pin FROM break_glass WHERE id = ?", (access_id,)).fetchone()
    return str(row[0]) if row else ""


def fetch_accesses(db: sqlite_utils.Database) -> list[BreakGlassAccess]:
    """All accesses, newest first."""
    rows = db.query("SELECT * FROM break_glass ORDER BY started DESC, id")
    return [build_record(BreakGlassAccess, row) for row in rows]


def count_unreviewed(db: sqlite_utils.Database, now: str) -> int:
    """How many are over and nobody has reviewed."""
    query = "SELECT count(*) FROM break_glass WHERE reviewed = '' AND (ends <= :now OR ended <> '')"
    return int(db.conn.execute(query, {"now": now}).fetchone()[0])


def set_end(db: sqlite_utils.Database, access_id: str, at: str, by: str) -> None:
    """Note that an access was ended before its time."""
    query = "UPDATE break_glass SET ended = ?, ended_by = ? WHERE id = ? AND ended = ''"
    db.conn.execute(query, (at, by, access_id))


def set_limit(db: sqlite_utils.Database, access_id: str, ends: str) -> None:
    """Note that the time of an access ends at another time of the clock."""
    db.conn.execute("UPDATE break_glass SET ends = ? WHERE id = ?", (ends, access_id))


def set_review(
    db: sqlite_utils.Database,
    access_id: str,
    verdict: ReviewVerdict,
    at: str,
    by: str,
    name: str,
    note: str,
) -> None:
    """Note what a reviewer said."""
    db.conn.execute(
        "UPDATE break_glass SET verdict = ?, reviewed = ?, reviewed_by = ?, reviewed_name = ?,"
        " note = ? WHERE id = ? AND reviewed = ''",
        (verdict, at, by, name, note, access_id),
    )


def merge_access(db: sqlite_utils.Database, access: BreakGlassAccess) -> bool:
    """Take over what another machine holds of an access; whether anything of it was new.

    An end and a review that are here already stay as they are.
    """
    known = find_access(db, access.id)
    if known is None:
        insert_access(db, access, "")
        return True
    row, changed = asdict(access), False
    for first, columns in (("ended", _END), ("reviewed", _REVIEW)):
        if row[first] and not getattr(known, first):
            changes = ", ".join(f"{name} = :{name}" for name in columns)
            values = {name: row[name] for name in (*columns, "id")}
            db.conn.execute(f"UPDATE break_glass SET {changes} WHERE id = :id", values)
            changed = True
    return changed


def parse_access(row: Mapping[str, Any]) -> BreakGlassAccess:
    """An access from a row that travelled; KeyError, TypeError, ValueError when it is none."""
    access = build_record(BreakGlassAccess, row)
    if not all(isinstance(value, str) for value in asdict(access).values()):
        raise TypeError("text")
    return access


def insert_code(db: sqlite_utils.Database, code: WardCode) -> None:
    """A new code, whose label was never used."""
    insert_record(db, "ward_code", code)


def find_code(db: sqlite_utils.Database, label: str) -> WardCode | None:
    """A code by the label on its envelope."""
    row = db.conn.execute("SELECT * FROM ward_code WHERE label = ?", (label,)).fetchone()
    return build_record(WardCode, dict(row)) if row else None


def fetch_codes(db: sqlite_utils.Database) -> list[WardCode]:
    """All codes, by label."""
    return [
        build_record(WardCode, row) for row in db.query("SELECT * FROM ward_code ORDER BY label")
    ]


def set_code_used(db: sqlite_utils.Database, label: str, at: str, access: str) -> None:
    """Note that an envelope was opened."""
    query = "UPDATE ward_code SET used = ?, access = ? WHERE label = ?"
    db.conn.execute(query, (at, access, label))


def set_code_withdrawn(db: sqlite_utils.Database, label: str, at: str) -> None:
    """Note that a code opens nothing any more."""
    db.conn.execute("UPDATE ward_code SET withdrawn = ? WHERE label = ?", (at, label))


def _find(db: sqlite_utils.Database, column: str, value: str) -> BreakGlassAccess | None:
    query = f"SELECT * FROM break_glass WHERE {column} = ?"
    row = db.conn.execute(query, (value,)).fetchone()
    return build_record(BreakGlassAccess, dict(row)) if row else None
