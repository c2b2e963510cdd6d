"""The SQL of saves: which page in which browser kept a form last, and with which of its saves."""

from sqlite_utils import Database


def fetch_last(db: Database, serial: str) -> tuple[str, int]:
    """The page that kept a form last and the number of its save; empty and 0 while none has."""
    query = "SELECT page, step FROM entry_save WHERE serial = ?"
    row = db.execute(query, [serial]).fetchone()
    return (str(row[0]), int(row[1])) if row else ("", 0)


def save_last(db: Database, serial: str, page: str, step: int) -> None:
    """Note who kept it now."""
    db.execute(
        "INSERT INTO entry_save (serial, page, step) VALUES (?, ?, ?)"
        " ON CONFLICT (serial) DO UPDATE SET page = excluded.page, step = excluded.step",
        [serial, page, step],
    )
