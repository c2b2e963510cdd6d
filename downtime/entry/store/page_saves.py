"""The SQL of the table entry_save: which page of which browser saved a form last."""

from typing import NamedTuple

from sqlite_utils import Database


class LastSave(NamedTuple):
    """The page that saved a form last, and the number of that save; empty and 0 while none has."""

    page: str = ""
    step: int = 0


def fetch(db: Database, serial: str) -> LastSave:
    """The last save of a form."""
    query = "SELECT page, step FROM entry_save WHERE serial = ?"
    row = db.execute(query, [serial]).fetchone()
    return LastSave(*row) if row else LastSave()


def save(db: Database, serial: str, last: LastSave) -> None:
    """Insert or replace the last save of a form."""
    db.execute(
        "INSERT INTO entry_save (serial, page, step) VALUES (?, ?, ?)"
        " ON CONFLICT (serial) DO UPDATE SET page = excluded.page, step = excluded.step",
        [serial, *last],
    )
