"""The SQL of the table unscanned_page: what was said of pages that will not be scanned."""

from sqlite_utils import Database

from downtime.entry.model import UnscannedPage
from downtime.vault.database import build_record, insert_record


def save(db: Database, page: UnscannedPage) -> None:
    """Keep what was said of a page, in place of what was said before."""
    insert_record(db, "unscanned_page", page, replace=True)


def save_newest(db: Database, page: UnscannedPage) -> None:
    """Keep what another machine said of a page, unless something later is known here."""
    query = "SELECT at, reason FROM unscanned_page WHERE serial = ? AND page = ?"
    row = db.execute(query, [page.serial, page.page]).fetchone()
    if row is None or (str(row[0]), str(row[1])) < (page.at, page.reason):
        save(db, page)


def fetch(db: Database, serial: str) -> list[UnscannedPage]:
    """What was said of pages of a form, in their order."""
    query = "SELECT * FROM unscanned_page WHERE serial = ? ORDER BY page"
    return [build_record(UnscannedPage, row) for row in db.query(query, [serial])]


def fetch_all(db: Database) -> set[tuple[str, int]]:
    """Serial and number of every page of which something was said."""
    rows = db.execute("SELECT serial, page FROM unscanned_page").fetchall()
    return {(str(serial), int(page)) for serial, page in rows}
