"""The SQL of decisions in bulk (`item_batch`), and of what was decided before (`item_before`)."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

import orjson
from sqlite_utils import Database

from downtime.reconcile.model import BulkDecision, Decision, DecisionRecord, StoredItem
from downtime.reconcile.store.items import decode_decision, encode_decision
from downtime.vault.database import build_record

_COLUMNS = tuple(f.name for f in fields(BulkDecision))
_SAVE = (
    f"INSERT OR REPLACE INTO item_batch ({', '.join(_COLUMNS)})"
    f" VALUES ({', '.join('?' * len(_COLUMNS))})"
)


def save_bulk_decision(db: Database, batch: BulkDecision) -> None:
    """Insert or replace a decision in bulk."""
    row = {name: getattr(batch, name) for name in _COLUMNS}
    row["filter"] = orjson.dumps(dict(batch.filter)).decode()
    db.execute(_SAVE, list(row.values()))


def fetch_bulk_decision(db: Database, batch_id: str) -> BulkDecision | None:
    """One decision in bulk."""
    row = next(db.query("SELECT * FROM item_batch WHERE id = ?", [batch_id]), None)
    return _bulk_decision(row) if row else None


def fetch_bulk_decisions(db: Database, outage: str) -> list[BulkDecision]:
    """The decisions in bulk of an outage, newest first."""
    query = "SELECT * FROM item_batch WHERE outage = ? ORDER BY decided DESC, id"
    return [_bulk_decision(row) for row in db.query(query, [outage])]


def _bulk_decision(row: Mapping[str, Any]) -> BulkDecision:
    values = {"decision": Decision(row["decision"]), "filter": orjson.loads(row["filter"])}
    return build_record(BulkDecision, {**row, **values})


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
