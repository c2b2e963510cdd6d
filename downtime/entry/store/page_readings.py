"""The SQL of the table form_page_reading: what the program saw on scanned pages."""

import orjson
from sqlite_utils import Database

from downtime.scanning.page_reading import READER, PageReading, parse_reading


def save(db: Database, serial: str, reading: PageReading, at: str) -> None:
    """Keep what was seen on a page, in place of what was seen before."""
    db.execute(
        "INSERT OR REPLACE INTO form_page_reading (serial, page, reader, reading, read)"
        " VALUES (?, ?, ?, ?, ?)",
        [serial, reading.page_number, READER, orjson.dumps(reading.as_json()).decode(), at],
    )


def fetch(db: Database, serial: str) -> dict[int, PageReading]:
    """What was seen on each page of a form, by its number."""
    query = "SELECT page, reading FROM form_page_reading WHERE serial = ? ORDER BY page"
    rows = db.execute(query, [serial]).fetchall()
    return {int(page): parse_reading(orjson.loads(text)) for page, text in rows}


def fetch_unread(db: Database, serial: str = "") -> list[tuple[str, int]]:
    """Serial and number of kept pages that this version has not read, of one form or of all.

    Not of scans in doubt or without any code. A small picture that was read before it was made small is
    never read again.
    """
    query = """
        SELECT p.serial, p.page FROM form_scan_page p
        JOIN form_scan s ON s.serial = p.serial
        LEFT JOIN form_page_reading r ON r.serial = p.serial AND r.page = p.page
        WHERE s.doubt = '' AND s.codes <> '' AND coalesce(r.reader, 0) < ? AND (? = '' OR p.serial = ?)
            AND (p.recoded = '' OR r.reader IS NULL)
        ORDER BY p.serial, p.page
    """
    rows = db.execute(query, [READER, serial, serial]).fetchall()
    return [(str(serial), int(page)) for serial, page in rows]


def delete(db: Database, serial: str) -> None:
    """Forget what was seen on the pages of a scan that is taken away."""
    db.execute("DELETE FROM form_page_reading WHERE serial = ?", [serial])
