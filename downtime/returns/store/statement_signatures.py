"""The SQL of the signatures under completeness statements."""

from dataclasses import asdict

from sqlite_utils import Database

from downtime.returns.model import Lead, Signature
from downtime.vault.database import build_record


def list_signatures(db: Database, outage: str) -> list[Signature]:
    """Every signature ever given for an outage's statement, oldest first."""
    rows = db.query("SELECT * FROM statement_signature WHERE outage = ? ORDER BY signed", [outage])
    return [build_record(Signature, row | {"role": Lead(row["role"])}) for row in rows]


def insert_signature(db: Database, signature: Signature) -> None:
    """Record a signature; a second one of the same role under the same facts is an error."""
    db["statement_signature"].insert(asdict(signature))  # type: ignore[union-attr]
