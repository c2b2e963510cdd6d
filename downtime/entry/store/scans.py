"""The SQL of the tables form_scan and form_scan_page: scanned forms, and pictures of their pages."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import fields

from sqlite_utils import Database

from downtime.entry.model import ScanDoubt, ScanInfo
from downtime.entry.store import page_readings
from downtime.scanning.scan_codes import ScannedPage
from downtime.vault.database import insert_record

_INSERT_PAGE = (
    "INSERT INTO form_scan_page (serial, page, width, height, picture, two_tone, sha256, codes, filed)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_COLUMNS = ", ".join(f.name for f in fields(ScanInfo))


def save(db: Database, info: ScanInfo, content: bytes) -> None:
    """Insert the scan of a form; its pictures follow."""
    insert_record(db, "form_scan", info, content=content, paged=0)


def save_pages(db: Database, serial: str, pages: Iterable[ScannedPage], at: str) -> None:
    """The pictures of a scan, from page 1."""
    db.conn.executemany(
        _INSERT_PAGE,
        (_page_row(serial, number, page, at) for number, page in enumerate(pages, 1)),
    )


def fetch(db: Database, serial: str) -> ScanInfo | None:
    """What is known of a scan without its content, one in doubt too."""
    return next(_fetch(db, "serial = ?", [serial]), None)


def fetch_of_file(db: Database, sha256: str) -> list[ScanInfo]:
    """The scans that are this very file."""
    return list(_fetch(db, "sha256 = ?", [sha256]))


def fetch_in_doubt(db: Database) -> list[ScanInfo]:
    """The scans of which nobody has said yet whose they are."""
    return list(_fetch(db, "doubt <> ''", []))


def _fetch(db: Database, condition: str, values: list[str]) -> Iterator[ScanInfo]:
    query = f"SELECT {_COLUMNS} FROM form_scan WHERE {condition} ORDER BY serial"
    return (ScanInfo(**row | {"doubt": ScanDoubt(row["doubt"])}) for row in db.query(query, values))


def save_doubt(db: Database, serial: str, kind: ScanDoubt) -> None:
    """Note why a scan is in doubt."""
    db.execute("UPDATE form_scan SET doubt = ? WHERE serial = ?", [kind, serial])


def confirm(db: Database, serial: str) -> None:
    """Note that a person said of a scan without a code that it is this form's."""
    query = "UPDATE form_scan SET doubt = '', without_code = 1 WHERE serial = ?"
    db.execute(query, [serial])


def fetch_serials(db: Database) -> set[str]:
    """The forms of which a picture is kept that is theirs beyond doubt."""
    query = "SELECT serial FROM form_scan WHERE doubt = ''"
    return {str(row[0]) for row in db.execute(query).fetchall()}


def fetch_content(db: Database, serial: str) -> bytes:
    """The file itself; empty where the pages came one by one, or only small pictures are kept."""
    row = db.execute("SELECT content FROM form_scan WHERE serial = ?", [serial]).fetchone()
    return bytes(row[0])


def add_page(db: Database, info: ScanInfo, number: int, page: ScannedPage, at: str) -> None:
    """Lay one more page with the scan of a form; `info` is what is known of it then."""
    if info.pages == 1:
        insert_record(db, "form_scan", info, content=b"", paged=1)
    else:
        _update(db, info)
    db.execute(_INSERT_PAGE, _page_row(info.serial, number, page, at))


def _page_row(
    serial: str, number: int, page: ScannedPage, at: str
) -> tuple[str | int | bytes, ...]:
    return (
        serial, number, page.width, page.height, page.picture, int(page.is_two_tone), page.sha256,
        " ".join(page.codes), at,
    )  # fmt: skip


def fetch_page_digests(db: Database, serial: str) -> dict[int, str]:
    """The SHA-256 of each page's picture as it was taken in, by its number."""
    query = "SELECT page, sha256, picture FROM form_scan_page WHERE serial = ? ORDER BY page"
    rows = db.execute(query, [serial]).fetchall()
    return {
        int(n): str(digest) or hashlib.sha256(bytes(pic)).hexdigest() for n, digest, pic in rows
    }


def note_small(db: Database, serial: str, page: int, at: str) -> None:
    """Note that the picture of a page came small already."""
    query = "UPDATE form_scan_page SET recoded = ? WHERE serial = ? AND page = ?"
    db.execute(query, [at, serial, page])


def _update(db: Database, info: ScanInfo) -> None:
    db.execute(
        "UPDATE form_scan SET sha256 = ?, bytes = ?, pages = ?, codes = ?, without_code = ?"
        " WHERE serial = ?",
        [info.sha256, info.bytes, info.pages, info.codes, info.without_code, info.serial],
    )


def is_paged(db: Database, serial: str) -> bool:
    """Whether its pages came one by one, each under its printed number, and not as one file."""
    query = "SELECT paged FROM form_scan WHERE serial = ?"
    row = db.execute(query, [serial]).fetchone()
    return bool(row and row[0])


def fetch_page_numbers(db: Database) -> Iterator[tuple[str, set[int]]]:
    """Serial and the scanned pages of each form whose pages came one by one, in the order of serials."""
    query = (
        "SELECT serial, group_concat(page) FROM form_scan_page WHERE serial IN"
        " (SELECT serial FROM form_scan WHERE doubt = '' AND paged = 1)"
        " GROUP BY serial ORDER BY serial"
    )
    for serial, pages in db.execute(query).fetchall():
        yield str(serial), set(map(int, str(pages).split(",")))


def fetch_sizes(db: Database, serial: str) -> dict[int, tuple[int, int]]:
    """Width and height of each page's picture, by its number."""
    query = "SELECT page, width, height FROM form_scan_page WHERE serial = ? ORDER BY page"
    rows = db.execute(query, [serial]).fetchall()
    return {int(page): (int(width), int(height)) for page, width, height in rows}


def fetch_pictures(db: Database, serial: str) -> list[bytes]:
    """The picture of each page, in their order."""
    query = "SELECT picture FROM form_scan_page WHERE serial = ? AND destroyed = '' ORDER BY page"
    return [bytes(row[0]) for row in db.execute(query, [serial]).fetchall()]


def fetch_picture(db: Database, serial: str, page: int) -> bytes | None:
    """The picture of a page; None when there is none."""
    query = "SELECT picture FROM form_scan_page WHERE serial = ? AND page = ? AND destroyed = ''"
    row = db.execute(query, [serial, page]).fetchone()
    return bytes(row[0]) if row else None


def is_two_tone(db: Database, serial: str, page: int) -> bool:
    """Whether a page was scanned in black and white only."""
    query = "SELECT two_tone FROM form_scan_page WHERE serial = ? AND page = ?"
    row = db.execute(query, [serial, page]).fetchone()
    return bool(row and row[0])


def fetch_first_pictures(db: Database) -> list[tuple[str, int]]:
    """Serial and number of pages that were read, could be measured, and are not made small yet."""
    query = """
        SELECT p.serial, p.page FROM form_scan_page p
        JOIN form_scan s ON s.serial = p.serial
        JOIN form_page_reading r ON r.serial = p.serial AND r.page = p.page
        WHERE p.recoded = '' AND s.doubt = '' AND r.reading ->> 'gate' IS NULL
        ORDER BY p.serial, p.page
    """
    return [(str(serial), int(page)) for serial, page in db.execute(query).fetchall()]


def save_small(db: Database, serial: str, page: int, picture: bytes, at: str) -> None:
    """Keep a page's small picture in place of the one that was read."""
    query = "UPDATE form_scan_page SET picture = ?, recoded = ? WHERE serial = ? AND page = ?"
    db.execute(query, [picture, at, serial, page])


def fetch_kept_pages(db: Database, serial: str) -> list[int]:
    """The numbers of the pages whose pictures were not destroyed."""
    query = "SELECT page FROM form_scan_page WHERE serial = ? AND destroyed = '' ORDER BY page"
    return [int(row[0]) for row in db.execute(query, [serial]).fetchall()]


def destroy_pictures(db: Database, serial: str, at: str) -> None:
    """Remove the pictures of a form, and its file; that it was scanned, and what was read, stay."""
    db.execute("DELETE FROM form_page_original WHERE serial = ?", [serial])
    db.execute("UPDATE form_scan SET content = x'' WHERE serial = ?", [serial])
    query = "UPDATE form_scan_page SET picture = x'', destroyed = ?, recoded = ? WHERE serial = ?"
    db.execute(query, [at, at, serial])


def save_original(db: Database, serial: str, page: int, picture: bytes) -> None:
    """Keep a page also as it was read."""
    db.execute(
        "INSERT OR REPLACE INTO form_page_original (serial, page, picture) VALUES (?, ?, ?)",
        [serial, page, picture],
    )


def fetch_original(db: Database, serial: str, page: int) -> bytes | None:
    """A page as it was read, where the site keeps that beside the small picture."""
    query = "SELECT picture FROM form_page_original WHERE serial = ? AND page = ?"
    row = db.execute(query, [serial, page]).fetchone()
    return bytes(row[0]) if row else None


def drop_file_of_small_pages(db: Database, serial: str) -> None:
    """Forget a file that was attached, once each of its pages has a small picture."""
    db.execute(
        "UPDATE form_scan SET content = x'' WHERE serial = ? AND NOT EXISTS"
        " (SELECT 1 FROM form_scan_page p WHERE p.serial = form_scan.serial AND p.recoded = '')",
        [serial],
    )


def set_filed(db: Database, serial: str, page: int, at: str) -> None:
    """Note when a page came to its form, as whoever entered the form saw it."""
    query = "UPDATE form_scan_page SET filed = ? WHERE serial = ? AND page = ?"
    db.execute(query, [at, serial, page])


def fetch_filed(db: Database, serial: str) -> dict[int, str]:
    """When each page came to its form, by its number."""
    query = "SELECT page, filed FROM form_scan_page WHERE serial = ?"
    return {int(page): str(at) for page, at in db.execute(query, [serial]).fetchall()}


def take_away(db: Database, serial: str, at: str) -> None:
    """Remove a scan, its pictures, and what was seen on them; that there was one is kept."""
    db.execute("INSERT OR IGNORE INTO scan_taken_away (serial, at) VALUES (?, ?)", [serial, at])
    _delete(db, serial)


def _delete(db: Database, serial: str) -> None:
    page_readings.delete(db, serial)
    db.execute("DELETE FROM form_page_original WHERE serial = ?", [serial])
    db.execute("DELETE FROM form_scan_page WHERE serial = ?", [serial])
    db.execute("DELETE FROM form_scan WHERE serial = ?", [serial])
