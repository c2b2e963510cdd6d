"""The SQL of the tables `code_drift` and `printed_code`: what is known of a person's second factors."""

from dataclasses import dataclass

import sqlite_utils

from downtime.accounts.store import passkeys
from downtime.vault.database import build_record, insert_record

_LIVE = "used = '' AND withdrawn = ''"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeDrift:
    """Of one person, in steps of 30 seconds. `offered_step` is 0 when no code was offered."""

    person: str
    drift: int = 0
    offered_step: int = 0
    offered_offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedCode:
    """One code of a sheet; the code itself is kept nowhere."""

    person: str
    sheet: str
    number: int
    hash: str
    created: str
    created_by: str
    used: str = ""
    withdrawn: str = ""


def fetch_drift(db: sqlite_utils.Database, person: str) -> CodeDrift:
    """What is known; nothing at first."""
    row = db.conn.execute("SELECT * FROM code_drift WHERE person = ?", (person,)).fetchone()
    return build_record(CodeDrift, dict(row)) if row else CodeDrift(person=person)


def save_drift(db: sqlite_utils.Database, drift: CodeDrift) -> None:
    """In place of what was known."""
    db.conn.execute(
        "INSERT INTO code_drift (person, drift, offered_step, offered_offset) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (person) DO UPDATE SET drift = excluded.drift,"
        " offered_step = excluded.offered_step, offered_offset = excluded.offered_offset",
        (drift.person, drift.drift, drift.offered_step, drift.offered_offset),
    )


def insert_code(db: sqlite_utils.Database, code: PrintedCode) -> None:
    """One code of a new sheet."""
    insert_record(db, "printed_code", code)


def find_live_code(db: sqlite_utils.Database, person: str, code_hash: str) -> PrintedCode | None:
    """The code with this hash on a person's sheet that is valid, unless it was used."""
    query = f"SELECT * FROM printed_code WHERE person = ? AND hash = ? AND {_LIVE}"
    row = db.conn.execute(query, (person, code_hash)).fetchone()
    return build_record(PrintedCode, dict(row)) if row else None


def find_live_hash(db: sqlite_utils.Database, person: str) -> str:
    """How one of the codes that a person has left is kept; empty where none is."""
    query = f"SELECT hash FROM printed_code WHERE person = ? AND {_LIVE} LIMIT 1"
    row = db.conn.execute(query, (person,)).fetchone()
    return str(row[0]) if row else ""


def set_code_used(db: sqlite_utils.Database, code: PrintedCode, at: str) -> bool:
    """Note that a code was used; False when it was used before."""
    query = (
        "UPDATE printed_code SET used = ? WHERE person = ? AND sheet = ? AND number = ?"
        f" AND {_LIVE}"
    )
    done = db.conn.execute(query, (at, code.person, code.sheet, code.number))
    return bool(done.rowcount == 1)


def withdraw_codes(db: sqlite_utils.Database, person: str, at: str) -> None:
    """Let no code of a person open anything any more."""
    query = f"UPDATE printed_code SET withdrawn = ? WHERE person = ? AND {_LIVE}"
    db.conn.execute(query, (at, person))


def forget_factors(db: sqlite_utils.Database, person: str, at: str) -> None:
    """The phone is another now, or nobody's: its clock is not known, and sheet and passkeys open nothing."""
    withdraw_codes(db, person, at)
    passkeys.remove_all_passkeys(db, person, at)
    save_drift(db, CodeDrift(person=person))


def count_live_codes(db: sqlite_utils.Database) -> dict[str, int]:
    """How many codes are left, by person."""
    query = f"SELECT person, count(*) FROM printed_code WHERE {_LIVE} GROUP BY person"
    return {row[0]: int(row[1]) for row in db.conn.execute(query)}
