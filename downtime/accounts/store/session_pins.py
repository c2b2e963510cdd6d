"""The SQL of the table `session_pin`: what checks the PIN of a session that is open on this machine."""

from dataclasses import astuple, dataclass

import sqlite_utils

from downtime.vault.database import build_record


@dataclass(frozen=True, slots=True)
class SessionPin:
    """`slot` is what the PIN opens, as JSON."""

    token_hash: str
    slot: str
    wrong_tries: int = 0


def save_pin(db: sqlite_utils.Database, pin: SessionPin) -> None:
    """In place of the session's PIN before; those of sessions that are over go."""
    db.conn.execute(
        "DELETE FROM session_pin WHERE token_hash NOT IN (SELECT token_hash FROM session)"
    )
    db.conn.execute("INSERT OR REPLACE INTO session_pin VALUES (?, ?, ?)", astuple(pin))


def find_pin(db: sqlite_utils.Database, token_hash: str) -> SessionPin | None:
    """The PIN of a session, if it has one."""
    query = "SELECT * FROM session_pin WHERE token_hash = ?"
    row = db.conn.execute(query, (token_hash,)).fetchone()
    return build_record(SessionPin, dict(row)) if row else None


def set_wrong_tries(db: sqlite_utils.Database, token_hash: str, count: int) -> None:
    """Note how often it was wrong in a row."""
    query = "UPDATE session_pin SET wrong_tries = ? WHERE token_hash = ?"
    db.conn.execute(query, (count, token_hash))


def delete_pin(db: sqlite_utils.Database, token_hash: str) -> None:
    """From now on the session asks for the password."""
    db.conn.execute("DELETE FROM session_pin WHERE token_hash = ?", (token_hash,))
