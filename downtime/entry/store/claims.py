"""The SQL of entry_claim (who has which form on the screen) and entry_save (which page saved it last)."""

from typing import NamedTuple

from sqlite_utils import Database

from downtime.entry.model import Claim
from downtime.vault.database import build_record, insert_record


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
    insert_record(db, "entry_claim", claim, replace=True)


def delete(db: Database, serial: str) -> None:
    """Free a form."""
    db.execute("DELETE FROM entry_claim WHERE serial = ?", [serial])


def delete_ended(db: Database, now: str) -> None:
    """Remove claims whose time is over."""
    db.execute("DELETE FROM entry_claim WHERE until <= ?", [now])


class LastSave(NamedTuple):
    """The page that saved a form last, and the number of that save; empty and 0 while none has."""

    page: str = ""
    step: int = 0

    @property
    def mark(self) -> str:
        """Which save of which page it was, for a page to hold; empty while there was none."""
        return f"{self.page}:{self.step}" if self.page else ""


def fetch_last_save(db: Database, serial: str) -> LastSave:
    """The last save of a form."""
    query = "SELECT page, step FROM entry_save WHERE serial = ?"
    row = db.execute(query, [serial]).fetchone()
    return LastSave(*row) if row else LastSave()


def save_last(db: Database, serial: str, last: LastSave) -> None:
    """Insert or replace the last save of a form."""
    db.execute(
        "INSERT INTO entry_save (serial, page, step) VALUES (?, ?, ?)"
        " ON CONFLICT (serial) DO UPDATE SET page = excluded.page, step = excluded.step",
        [serial, *last],
    )
