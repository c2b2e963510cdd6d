"""The SQL of the table `session`: who is signed in on this machine."""

from dataclasses import astuple, dataclass

import sqlite_utils

from downtime.vault.database import build_record


@dataclass(frozen=True, slots=True)
class AccountSessionRow:
    """One session; times are stored text, `token_hash` is the SHA-256 of its token."""

    token_hash: str
    person: str
    device: str
    started: str
    seen: str
    ends: str
    idle_minutes: int
    locked: bool


def add_session(db: sqlite_utils.Database, row: AccountSessionRow) -> None:
    db.conn.execute(
        "INSERT INTO session (token_hash, person, device, started, seen, ends, idle_minutes, locked)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        astuple(row),
    )


def find_session(db: sqlite_utils.Database, token_hash: str) -> AccountSessionRow | None:
    row = db.conn.execute("SELECT * FROM session WHERE token_hash = ?", (token_hash,)).fetchone()
    if row is None:
        return None
    return build_record(AccountSessionRow, {**dict(row), "locked": bool(row["locked"])})


def set_session_seen(db: sqlite_utils.Database, token_hash: str, seen: str) -> None:
    db.conn.execute("UPDATE session SET seen = ? WHERE token_hash = ?", (seen, token_hash))


def set_session_end(db: sqlite_utils.Database, token_hash: str, ends: str) -> None:
    db.conn.execute("UPDATE session SET ends = ? WHERE token_hash = ?", (ends, token_hash))


def set_session_locked(db: sqlite_utils.Database, token_hash: str, *, locked: bool) -> None:
    db.conn.execute("UPDATE session SET locked = ? WHERE token_hash = ?", (locked, token_hash))


def count_sessions(db: sqlite_utils.Database, now: str) -> int:
    return int(db.conn.execute("SELECT count(*) FROM session WHERE ends > ?", (now,)).fetchone()[0])


def delete_session(db: sqlite_utils.Database, token_hash: str) -> None:
    db.conn.execute("DELETE FROM session WHERE token_hash = ?", (token_hash,))


def list_sessions_of(
    db: sqlite_utils.Database, person_id: str, now: str
) -> list[AccountSessionRow]:
    rows = db.conn.execute(
        "SELECT * FROM session WHERE person = ? AND ends > ? ORDER BY started DESC, token_hash",
        (person_id, now),
    )
    return [
        build_record(AccountSessionRow, {**dict(row), "locked": bool(row["locked"])})
        for row in rows
    ]


def delete_other_sessions(db: sqlite_utils.Database, person_id: str, token_hash: str) -> None:
    db.conn.execute(
        "DELETE FROM session WHERE person = ? AND token_hash <> ?", (person_id, token_hash)
    )


def delete_sessions_of(db: sqlite_utils.Database, person_id: str) -> None:
    db.conn.execute("DELETE FROM session WHERE person = ?", (person_id,))


def delete_ended_sessions(db: sqlite_utils.Database, now: str) -> None:
    db.conn.execute("DELETE FROM session WHERE ends <= ?", (now,))
