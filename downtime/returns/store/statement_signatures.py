"""The SQL of signatures under statements (`statement_signature`)."""

from sqlite_utils import Database

from downtime.returns.model import (
    Signature,
)
from downtime.vault.database import build_record, insert_record


def list_signatures(db: Database, outage: str) -> list[Signature]:
    """Every signature ever given for an outage's statement, oldest first."""
    rows = db.query("SELECT * FROM statement_signature WHERE outage = ? ORDER BY signed", [outage])
    return [build_record(Signature, row) for row in rows]


def insert_signature(db: Database, signature: Signature) -> None:
    """Record a signature; a second one of the same role under the same facts is an error."""
    insert_record(db, "statement_signature", signature)
