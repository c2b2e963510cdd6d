"""All SQL on the tables of mutual aid: partners' keys, and what was received from them."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import orjson
from sqlite_utils import Database

from downtime.paper.mutual_aid.model import AidKind, Partner, ReceivedDocument, parse_document
from downtime.paper.mutual_aid.signed_codes import VerifiedDocument
from downtime.vault.database import build_record, insert_record


def insert_partner(db: Database, partner: Partner) -> None:
    """Add a row of keys."""
    insert_record(db, "partner", partner)


def has_partner(db: Database, partner_id: str) -> bool:
    """Whether a row of keys is here."""
    return db.execute("SELECT 1 FROM partner WHERE id = ?", [partner_id]).fetchone() is not None


def fetch_partners(db: Database) -> list[Partner]:
    """All rows of keys, the oldest of each hospital first."""
    rows = db.query("SELECT * FROM partner ORDER BY code, position, added, id")
    return [parse_partner(row) for row in rows]


def next_position(db: Database) -> int:
    """Higher than that of every row that is here."""
    return int(db.execute("SELECT coalesce(max(position), 0) + 1 FROM partner").fetchone()[0])


def partner_row(partner: Partner) -> dict[str, Any]:
    """A row of keys as it travels."""
    return asdict(partner)


def parse_partner(row: Mapping[str, Any]) -> Partner:
    """A row of keys from columns, or from a row that travelled."""
    return build_record(Partner, row)


def insert_received(
    db: Database, verified: VerifiedDocument, partner: str, at: str, by: str, name: str
) -> None:
    """Keep a document once, however often it is scanned."""
    document = verified.document
    db.execute(
        "INSERT OR IGNORE INTO aid_document"
        " (id, kind, hospital, made, content, partner, received, received_by, received_name)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            verified.id, document.kind, document.hospital_code, document.created,
            orjson.dumps(verified.content).decode(), partner, at, by, name,
        ],
    )  # fmt: skip


_COLUMNS = (
    "id", "kind", "hospital", "made", "content", "partner", "received", "received_by",
    "received_name", "arrival",
)  # fmt: skip


def fetch_rows(db: Database) -> Iterator[dict[str, Any]]:
    """Every document as it travels, in the order in which they were received."""
    query = f"SELECT {', '.join(_COLUMNS)} FROM aid_document ORDER BY received, id"
    yield from db.query(query)


def insert_row_if_new(db: Database, row: Mapping[str, Any]) -> bool:
    """Keep a row that travelled; whether it was new."""
    query = (
        f"INSERT OR IGNORE INTO aid_document ({', '.join(_COLUMNS)})"
        f" VALUES ({', '.join('?' * len(_COLUMNS))})"
    )
    return db.execute(query, [row[name] for name in _COLUMNS]).rowcount > 0


def find_received(db: Database, document_id: str) -> ReceivedDocument | None:
    """One document."""
    rows = db.query("SELECT * FROM aid_document WHERE id = ?", [document_id])
    return next((parse_received(row) for row in rows), None)


def fetch_received(db: Database, kind: AidKind) -> list[ReceivedDocument]:
    """All of a kind, the newest first."""
    query = "SELECT * FROM aid_document WHERE kind = ? ORDER BY made DESC, received DESC"
    return [parse_received(row) for row in db.query(query, [kind])]


def fetch_of_arrival(db: Database, arrival: str) -> list[ReceivedDocument]:
    """What came with somebody who was registered here."""
    query = "SELECT * FROM aid_document WHERE arrival = ? ORDER BY made DESC"
    return [parse_received(row) for row in db.query(query, [arrival])]


def set_arrival(db: Database, document_id: str, arrival: str) -> None:
    """Note whom a summary became."""
    db.execute("UPDATE aid_document SET arrival = ? WHERE id = ?", [arrival, document_id])


def parse_received(row: Mapping[str, Any]) -> ReceivedDocument:
    """A document from its columns, or from a row that travelled."""
    names = ("id", "partner", "received", "received_by", "received_name", "arrival")
    fields = {name: str(row[name]) for name in names}
    return ReceivedDocument(document=parse_document(orjson.loads(row["content"])), **fields)
