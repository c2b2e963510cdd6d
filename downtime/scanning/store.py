"""The SQL of the tables scan_batch, scan_file, scan_page and scan_picture."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields

from sqlite_utils import Database

from downtime.scanning.model import HOMELESS, BatchPage, BatchSource, PageOutcome, ScanBatch
from downtime.vault.database import insert_record

_PAGE_COLUMNS = ", ".join(f.name for f in fields(BatchPage))
_BATCH_COLUMNS = ", ".join(f.name for f in fields(ScanBatch))
_TRAY = f"({', '.join('?' * len(HOMELESS))})"


def next_batch_number(db: Database) -> int:
    """The number of the next batch, from 1."""
    return int(db.execute("SELECT count(*) FROM scan_batch").fetchone()[0]) + 1


def save_batch(db: Database, batch: ScanBatch) -> None:
    """Insert a batch."""
    insert_record(db, "scan_batch", batch)


def fetch_batch(db: Database, batch_id: str) -> ScanBatch | None:
    """A batch by its id."""
    return next(_batches(db, "WHERE id = ?", [batch_id]), None)


def fetch_batches(db: Database) -> list[ScanBatch]:
    """All batches, the newest first."""
    return list(_batches(db, "ORDER BY started DESC, id DESC", []))


def fetch_open_batch(db: Database, name: str, source: BatchSource, owner: str) -> ScanBatch | None:
    """A batch of that name, source and owner that was not read to its end."""
    condition = "WHERE name = ? AND owner = ? AND source = ? AND ended = '' ORDER BY started DESC"
    return next(_batches(db, condition, [name, owner, source]), None)


def fetch_last_batch(db: Database, name: str, source: BatchSource, owner: str) -> ScanBatch | None:
    """The newest batch of that name, source and owner, read to its end or not."""
    condition = "WHERE name = ? AND owner = ? AND source = ? ORDER BY started DESC, id DESC"
    return next(_batches(db, condition, [name, owner, source]), None)


def _batches(db: Database, condition: str, values: Sequence[str]) -> Iterator[ScanBatch]:
    query = f"SELECT {_BATCH_COLUMNS} FROM scan_batch {condition}"
    for row in db.query(query, values):
        yield ScanBatch(**row | {"source": BatchSource(row["source"])})


def set_ended(db: Database, batch_id: str, at: str) -> None:
    """Note when all files of a batch were read; empty while more are to come."""
    db.execute("UPDATE scan_batch SET ended = ? WHERE id = ?", [at, batch_id])


def add_repeated(db: Database, batch_id: str) -> None:
    """Count a file that was read before."""
    db.execute("UPDATE scan_batch SET repeated = repeated + 1 WHERE id = ?", [batch_id])


def save_file(
    db: Database, batch_id: str, sha256: str, name: str, content: bytes | None = None
) -> None:
    """Note that a file belongs to a batch, and what a browser sent of it."""
    db.execute(
        "INSERT INTO scan_file (sha256, batch, name, content) VALUES (?, ?, ?, ?)",
        [sha256, batch_id, name, content],
    )


def fetch_file(db: Database, sha256: str) -> tuple[str, bool] | None:
    """The batch of a file, and whether it was read to its end; None for a new one."""
    query = "SELECT batch, is_read FROM scan_file WHERE sha256 = ?"
    row = db.execute(query, [sha256]).fetchone()
    return (str(row[0]), bool(row[1])) if row else None


def fetch_waiting_files(db: Database, batch_id: str) -> list[tuple[str, str]]:
    """Digest and name of each file that a browser sent and that is not read yet."""
    query = (
        "SELECT sha256, name FROM scan_file WHERE batch = ? AND content IS NOT NULL ORDER BY rowid"
    )
    return [(str(sha256), str(name)) for sha256, name in db.execute(query, [batch_id]).fetchall()]


def fetch_file_content(db: Database, sha256: str) -> bytes:
    """What a browser sent."""
    row = db.execute("SELECT content FROM scan_file WHERE sha256 = ?", [sha256]).fetchone()
    return bytes(row[0])


def set_file_read(db: Database, sha256: str) -> None:
    """Each page of a file has its outcome: what was sent is needed no longer."""
    query = "UPDATE scan_file SET is_read = 1, content = NULL WHERE sha256 = ?"
    db.execute(query, [sha256])


def next_page_number(db: Database, batch_id: str) -> int:
    """The number of a batch's next page, from 1."""
    query = "SELECT coalesce(max(number), 0) FROM scan_page WHERE batch = ?"
    return int(db.execute(query, [batch_id]).fetchone()[0]) + 1


def has_page(db: Database, sha256: str, place: int) -> bool:
    """Whether that page of that file has its outcome."""
    query = "SELECT 1 FROM scan_page WHERE sha256 = ? AND place = ?"
    return db.execute(query, [sha256, place]).fetchone() is not None


def count_file_pages(db: Database, sha256: str) -> int:
    """How many pages of a file have their outcome: they are read in their order."""
    query = "SELECT count(*) FROM scan_page WHERE sha256 = ?"
    return int(db.execute(query, [sha256]).fetchone()[0])


def save_page(db: Database, page: BatchPage, picture: bytes = b"") -> None:
    """Insert a page, with its picture where it lies with no form."""
    insert_record(db, "scan_page", page)
    if picture:
        save_picture(db, page.id, picture)


def save_picture(db: Database, page_id: str, picture: bytes) -> None:
    """Keep the picture of a page that lies with no form."""
    db.execute("INSERT INTO scan_picture (id, picture) VALUES (?, ?)", [page_id, picture])


def fetch_picture(db: Database, page_id: str) -> bytes | None:
    """The picture of a page that lies with no form."""
    row = db.execute("SELECT picture FROM scan_picture WHERE id = ?", [page_id]).fetchone()
    return bytes(row[0]) if row else None


def fetch_first_backs(db: Database) -> list[str]:
    """Empty backs whose pictures are not made small yet."""
    query = (
        "SELECT i.id FROM scan_picture i JOIN scan_page p ON p.id = i.id"
        " WHERE i.recoded = '' AND p.outcome = ? ORDER BY i.id"
    )
    return [str(row[0]) for row in db.execute(query, [PageOutcome.BLANK]).fetchall()]


def fetch_settled_pictures(db: Database, outage: str) -> list[str]:
    """Pages of an outage that need no home and of which a picture is kept: backs, copies, put aside."""
    query = (
        "SELECT i.id FROM scan_picture i JOIN scan_page p ON p.id = i.id"
        f" WHERE p.outage = ? AND p.outcome NOT IN {_TRAY} ORDER BY i.id"
    )
    return [str(row[0]) for row in db.execute(query, [outage, *HOMELESS]).fetchall()]


def save_small_back(db: Database, page_id: str, picture: bytes, at: str) -> None:
    """Keep the small picture of an empty back in place of the one that was read."""
    db.execute(
        "UPDATE scan_picture SET picture = ?, recoded = ? WHERE id = ?", [picture, at, page_id]
    )


def delete_picture(db: Database, page_id: str) -> None:
    """Remove the picture of a page that has come to its form."""
    db.execute("DELETE FROM scan_picture WHERE id = ?", [page_id])


def fetch_page(db: Database, page_id: str) -> BatchPage | None:
    """A page by its id."""
    return next(_pages(db, "WHERE id = ?", [page_id]), None)


def fetch_pages(db: Database, batch_id: str, outcome: PageOutcome) -> list[BatchPage]:
    """The pages of a batch with one outcome, in the order in which they were read."""
    return list(_pages(db, "WHERE batch = ? AND outcome = ? ORDER BY number", [batch_id, outcome]))


def fetch_tray(db: Database, outage: str | None = None) -> list[BatchPage]:
    """Pages without a home, the oldest first: of one outage, or all."""
    condition = f"WHERE outcome IN {_TRAY}"
    values: list[str] = [*HOMELESS]
    if outage is not None:
        condition, values = f"{condition} AND outage = ?", [*values, outage]
    return list(_pages(db, f"{condition} ORDER BY read, batch, number", values))


def fetch_tray_names(db: Database) -> Iterator[tuple[str, str, str]]:
    """The form and the codes that name each page of the tray, of any outage, and who scanned its batch."""
    query = (
        "SELECT p.serial, p.codes, b.owner FROM scan_page p JOIN scan_batch b ON b.id = p.batch"
        f" WHERE p.outcome IN {_TRAY}"
    )
    for serial, codes, owner in db.execute(query, [*HOMELESS]):
        yield str(serial), str(codes), str(owner)


def fetch_filed_pages(db: Database, serial: str) -> list[BatchPage]:
    """The pages that lie with a form."""
    return list(_pages(db, "WHERE serial = ? AND outcome = ?", [serial, PageOutcome.FILED]))


def fetch_filed_serials(db: Database, batch_id: str) -> list[str]:
    """The forms with which pages of a batch lie."""
    query = "SELECT DISTINCT serial FROM scan_page WHERE batch = ? AND outcome = ? ORDER BY serial"
    return [str(row[0]) for row in db.execute(query, [batch_id, PageOutcome.FILED]).fetchall()]


def _pages(db: Database, condition: str, values: Sequence[str]) -> Iterator[BatchPage]:
    query = f"SELECT {_PAGE_COLUMNS} FROM scan_page {condition}"
    for row in db.query(query, values):
        yield BatchPage(**row | {"outcome": PageOutcome(row["outcome"])})


def count_outcomes(db: Database, batch_id: str) -> dict[PageOutcome, int]:
    """How many pages of a batch have each outcome; all outcomes are there."""
    query = "SELECT outcome, count(*) FROM scan_page WHERE batch = ? GROUP BY outcome"
    counts = {str(outcome): int(n) for outcome, n in db.execute(query, [batch_id]).fetchall()}
    return {outcome: counts.get(outcome, 0) for outcome in PageOutcome}


def set_filed(db: Database, page_id: str, serial: str, page: int, at: str, name: str) -> None:
    """Note that a person laid a page with a form."""
    db.execute(
        "UPDATE scan_page SET outcome = ?, serial = ?, page = ?, settled = ?, settled_name = ?"
        " WHERE id = ?",
        [PageOutcome.FILED, serial, page, at, name, page_id],
    )


def move_to_outages(db: Database, outages: Mapping[str, str]) -> None:
    """Follow outages of other machines that were put under others here."""
    for table in ("scan_batch", "scan_page"):
        db.conn.executemany(
            f"UPDATE {table} SET outage = ? WHERE outage = ?",
            [(local, origin) for origin, local in outages.items() if local != origin],
        )


def has_homeless_picture(db: Database, sha256: str) -> bool:
    """Whether a page with this very picture lies in the tray."""
    query = f"SELECT 1 FROM scan_page WHERE picture_sha256 = ? AND outcome IN {_TRAY}"
    return db.execute(query, [sha256, *HOMELESS]).fetchone() is not None


def set_copy(db: Database, page_id: str) -> None:
    """Note that a second scan of a page shows nothing else."""
    db.execute("UPDATE scan_page SET outcome = ? WHERE id = ?", [PageOutcome.COPY, page_id])


def set_proposed(db: Database, page_id: str, person: str, name: str, reason: str) -> None:
    """Note who said first that a page is to be put aside, and why."""
    query = "UPDATE scan_page SET proposer = ?, proposer_name = ?, reason = ? WHERE id = ?"
    db.execute(query, [person, name, reason, page_id])


def set_aside(db: Database, page_id: str, at: str, name: str) -> None:
    """Note that a second person said so too."""
    query = "UPDATE scan_page SET outcome = ?, settled = ?, settled_name = ? WHERE id = ?"
    db.execute(query, [PageOutcome.ASIDE, at, name, page_id])


def return_to_tray(db: Database, page_id: str, picture: bytes) -> None:
    """A page was taken away from its form: it has no home again."""
    db.execute(
        "UPDATE scan_page SET outcome = ?, serial = '', page = 0, settled = '', settled_name = ''"
        " WHERE id = ?",
        [PageOutcome.UNREADABLE, page_id],
    )
    save_picture(db, page_id, picture)
