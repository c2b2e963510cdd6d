"""All SQL on the tables of the shelf: versions, the files that are kept, the words of their pages."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from sqlite_utils import Database

from downtime.paper.shelf.model import ShelfVersion
from downtime.vault.database import build_record, insert_record, json_list

MOST_HITS = 60


class PageHit(NamedTuple):
    """A page that holds all the words."""

    version: str
    page: int
    excerpt: str


def has_version(db: Database, version_id: str) -> bool:
    """Whether a version is here."""
    query = "SELECT 1 FROM shelf_version WHERE id = ?"
    return db.execute(query, [version_id]).fetchone() is not None


def has_file(db: Database, sha256: str) -> bool:
    """Whether a file is here."""
    query = "SELECT 1 FROM shelf_file WHERE sha256 = ?"
    return db.execute(query, [sha256]).fetchone() is not None


def insert_version(db: Database, version: ShelfVersion, texts: Sequence[str]) -> None:
    """Add a version with the words of its pages, of which the first is page 1."""
    insert_record(db, "shelf_version", version)
    title = f"{version.title} {version.owner} {version.kind.display_name}"
    db.conn.executemany(
        "INSERT INTO shelf_page (text, version, page) VALUES (?, ?, ?)",
        [(text, version.id, page) for page, text in enumerate((title, *texts))],
    )


def insert_file(db: Database, sha256: str, content: bytes) -> None:
    """Keep a file once, however many versions name it."""
    db.execute(
        "INSERT OR IGNORE INTO shelf_file (sha256, content) VALUES (?, ?)", [sha256, content]
    )


def fetch_versions(db: Database) -> list[ShelfVersion]:
    """All versions of all documents, oldest first."""
    rows = db.query("SELECT * FROM shelf_version ORDER BY document, position, added, id")
    return [build_record(ShelfVersion, row) for row in rows]


def next_position(db: Database) -> int:
    """The position of the next version here."""
    query = "SELECT coalesce(max(position), 0) + 1 FROM shelf_version"
    return int(db.execute(query).fetchone()[0])


def fetch_file(db: Database, sha256: str) -> bytes:
    """A file that is kept; empty when there is none."""
    row = db.execute("SELECT content FROM shelf_file WHERE sha256 = ?", [sha256]).fetchone()
    return bytes(row[0]) if row else b""


def fetch_texts(db: Database, version_id: str) -> list[str]:
    """The words of the pages of a version, in their order, without its title."""
    query = "SELECT text FROM shelf_page WHERE version = ? AND page > 0 ORDER BY page"
    return [str(row[0]) for row in db.execute(query, [version_id])]


def search_pages(db: Database, query: str, versions: Iterable[str]) -> list[PageHit]:
    """The pages of these versions that a full-text query meets, the best first."""
    rows = db.execute(
        "SELECT version, page, snippet(shelf_page, 0, '', '', ' … ', 24) FROM shelf_page"
        " WHERE shelf_page MATCH ? AND version IN (SELECT value FROM json_each(?))"
        " ORDER BY rank LIMIT ?",
        [query, json_list(versions), MOST_HITS],
    )
    return [PageHit(str(row[0]), int(row[1]), str(row[2])) for row in rows]


def version_row(version: ShelfVersion) -> dict[str, Any]:
    """A version as it travels."""
    return asdict(version)


def parse_version(row: Mapping[str, Any]) -> ShelfVersion:
    """A version from a row that travelled; ValueError, KeyError, TypeError when it is none."""
    return build_record(ShelfVersion, row)
