"""The SQL of the tables unscanned_page and late_page: what was said of pages that a statement asks about."""

from collections.abc import Iterator

from sqlite_utils import Database

from downtime.entry.model import EntryState, PageAnswer, PageQuestion
from downtime.vault.database import build_record, insert_record


def save(db: Database, question: PageQuestion, answer: PageAnswer) -> None:
    """Keep what was said of a page, in place of what was said before."""
    insert_record(db, question, answer, replace=True)


def save_newest(db: Database, question: PageQuestion, answer: PageAnswer) -> None:
    """Keep what another machine said of a page, unless something later is known here."""
    query = f"SELECT at, reason FROM {question} WHERE serial = ? AND page = ?"
    row = db.execute(query, [answer.serial, answer.page]).fetchone()
    if row is None or (str(row[0]), str(row[1])) < (answer.at, answer.reason):
        save(db, question, answer)


def fetch_unscanned(db: Database, serial: str) -> list[PageAnswer]:
    """What was said of pages of a form that will not be scanned, in their order."""
    query = "SELECT * FROM unscanned_page WHERE serial = ? ORDER BY page"
    return [build_record(PageAnswer, row) for row in db.query(query, [serial])]


def fetch_unscanned_numbers(db: Database) -> set[tuple[str, int]]:
    """Serial and number of every page that will not be scanned, as somebody said."""
    rows = db.execute("SELECT serial, page FROM unscanned_page").fetchall()
    return {(str(serial), int(page)) for serial, page in rows}


def was_taken_away(db: Database, serial: str) -> bool:
    """Whether a scan was taken away from a form after it had been entered."""
    query = "SELECT 1 FROM scan_taken_away t JOIN entry e USING (serial) WHERE serial = ? AND t.at > e.entered"
    return db.execute(query, [serial]).fetchone() is not None


def fetch_later(db: Database, serial: str = "") -> Iterator[tuple[str, int, bool]]:
    """Pages that came after their form was entered, of one form or of all: serial, number, whether looked at.

    Looked at since it came: a page that is taken away and scanned anew is new.
    """
    query = """
        SELECT p.serial, p.page, coalesce(l.at, '') >= p.filed FROM form_scan_page p
        JOIN form_scan s ON s.serial = p.serial
        JOIN entry e ON e.serial = p.serial
        LEFT JOIN late_page l ON l.serial = p.serial AND l.page = p.page
        WHERE s.doubt = '' AND e.state <> ? AND p.filed > e.entered AND (? = '' OR p.serial = ?)
        ORDER BY p.serial, p.page
    """
    rows = db.execute(query, [EntryState.DRAFT, serial, serial]).fetchall()
    for number, page, is_seen in rows:
        yield str(number), int(page), bool(is_seen)
