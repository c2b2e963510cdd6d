"""The SQL of the table entry_claim: who has which form on the screen."""

from dataclasses import astuple

from sqlite_utils import Database

from downtime.entry.model import Claim
from downtime.vault.database import build_record


def fetch(db: Database, serial: str, now: str) -> Claim | None:
    """Who has a form, None when nobody has or their time is over."""
    query = "SELECT * FROM entry_claim WHERE serial = ? AND until > ?"
    row = next(db.query(query, [serial, now]), None)
    return build_record(Claim, row) if row else None


def fetch_all(db: Database, now: str) -> list[Claim]:
    """Every claim that has not ended."""
    rows = db.query("SELECT * FROM entry_claim WHERE until > ?", [now])
    return [build_record(Claim, row) for row in rows]


def save(db: Database, claim: Claim) -> None:
    """Insert or replace the claim of a form."""
    db.execute(
        "INSERT OR REPLACE INTO entry_claim (serial, person, name, since, until, minutes)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        list(astuple(claim)),
    )


def delete(db: Database, serial: str) -> None:
    """Free a form."""
    db.execute("DELETE FROM entry_claim WHERE serial = ?", [serial])


def delete_ended(db: Database, now: str) -> None:
    """Remove claims whose time is over."""
    db.execute("DELETE FROM entry_claim WHERE until <= ?", [now])
