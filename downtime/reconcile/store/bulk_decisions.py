"""The SQL of decisions in bulk (`item_batch`), and of what was decided before (`item_before`)."""

from collections.abc import Iterable
from dataclasses import asdict

import orjson
from sqlite_utils import Database

from downtime.reconcile.model import (
    BulkDecision,
    DecisionRecord,
    StoredItem,
)
from downtime.reconcile.store.items import decode_decision, encode_decision
from downtime.vault.database import build_record


def save_bulk_decision(db: Database, batch: BulkDecision) -> None:
    """Insert or replace a decision in bulk."""
    row = asdict(batch) | {"filter": orjson.dumps(dict(batch.filter)).decode()}
    db.table("item_batch").upsert(row, pk="id")


def fetch_bulk_decision(db: Database, batch_id: str) -> BulkDecision | None:
    """One decision in bulk."""
    row = next(db.query("SELECT * FROM item_batch WHERE id = ?", [batch_id]), None)
    return build_record(BulkDecision, row) if row else None


def fetch_bulk_decisions(db: Database, outage: str) -> list[BulkDecision]:
    """The decisions in bulk of an outage, newest first."""
    query = "SELECT * FROM item_batch WHERE outage = ? ORDER BY decided DESC, id"
    return [build_record(BulkDecision, row) for row in db.query(query, [outage])]


def save_previous_decisions(db: Database, batch: str, rows: Iterable[StoredItem]) -> None:
    """Keep what was decided about these items until now."""
    db.conn.executemany(
        "INSERT INTO item_before (batch, key, decided) VALUES (?, ?, ?)",
        ((batch, row.key, encode_decision(row)) for row in rows),
    )


def fetch_previous_decisions(db: Database, batch: str) -> dict[str, DecisionRecord]:
    """Key of each item of a decision in bulk to what was decided about it before."""
    rows = db.conn.execute("SELECT key, decided FROM item_before WHERE batch = ?", (batch,))
    return {row[0]: decode_decision(row[1]) for row in rows}
