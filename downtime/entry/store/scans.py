"""The SQL of the tables form_scan and form_scan_page: scanned forms, and pictures of their pages."""

from collections.abc import Iterable
from dataclasses import fields

from sqlite_utils import Database

from downtime.entry.model import ScanInfo
from downtime.vault.database import insert_record

_COLUMNS = ", ".join(f.name for f in fields(ScanInfo))


def save(db: Database, info: ScanInfo, content: bytes) -> None:
    """Insert the scan of a form; its pictures follow."""
    insert_record(db, "form_scan", info, content=content)


def save_pages(db: Database, serial: str, pages: Iterable[tuple[int, int, bytes]]) -> None:
    """Pictures as (width, height, JPEG), from page 1."""
    db.conn.executemany(
        "INSERT INTO form_scan_page (serial, page, width, height, picture) VALUES (?, ?, ?, ?, ?)",
        ((serial, number, *page) for number, page in enumerate(pages, 1)),
    )


def fetch(db: Database, serial: str) -> ScanInfo | None:
    """What is known of a scan without its content."""
    query = f"SELECT {_COLUMNS} FROM form_scan WHERE serial = ?"
    row = next(db.query(query, [serial]), None)
    return ScanInfo(**row) if row else None


def fetch_serials(db: Database) -> set[str]:
    """The forms of which a picture is kept."""
    return {str(row[0]) for row in db.execute("SELECT serial FROM form_scan").fetchall()}


def fetch_content(db: Database, serial: str) -> bytes:
    """The file itself."""
    row = db.execute("SELECT content FROM form_scan WHERE serial = ?", [serial]).fetchone()
    return bytes(row[0])


def fetch_sizes(db: Database, serial: str) -> list[tuple[int, int]]:
    """Width and height of each page's picture."""
    query = "SELECT width, height FROM form_scan_page WHERE serial = ? ORDER BY page"
    return [(int(width), int(height)) for width, height in db.execute(query, [serial]).fetchall()]


def fetch_picture(db: Database, serial: str, page: int) -> bytes | None:
    """The JPEG of a page; None when there is none."""
    query = "SELECT picture FROM form_scan_page WHERE serial = ? AND page = ?"
    row = db.execute(query, [serial, page]).fetchone()
    return bytes(row[0]) if row else None


def delete(db: Database, serial: str) -> None:
    """Remove a scan and its pictures."""
    db.execute("DELETE FROM form_scan_page WHERE serial = ?", [serial])
    db.execute("DELETE FROM form_scan WHERE serial = ?", [serial])
