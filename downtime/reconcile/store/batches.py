"""The SQL of decisions in bulk, and of what was decided about each item before."""

from collections.abc import Iterable, Iterator
from dataclasses import fields

import orjson
from sqlite_utils import Database

from downtime.reconcile.model import BulkDecision, DecisionRecord, Decision, StoredItem
from downtime.reconcile.store.items import encode_decision, decode_decision

_COLUMNS = tuple(f.name for f in fields(BulkDecision))
_SAVE = (
    f"INSERT OR REPLACE INTO item_batch ({', '.join(_COLUMNS)})"  # noqa: S608
    f" VALUES ({', '.join('?' * len(_COLUMNS))})"
)


def save_bulk_decision(db: Database, batch: BulkDecision) -> None:
    """Insert or replace a decision in bulk."""
    row = {name: getattr(batch, name) for name in _COLUMNS}
    row["filter"] = orjson.dumps(dict(batch.filter)).decode()
    db.execute(_SAVE, list(row.values()))


def fetch(db: Database, condition: str, *values: object) -> Iterator[BulkDecision]:
    """Decisions in bulk that meet an SQL condition of this room's own, newest first."""
    query = f"SELECT * FROM item_batch WHERE {condition} ORDER BY decided DESC, id"  # noqa: S608
    for row in db.query(query, values):
        yield BulkDecision(
            **{**row, "decision": Decision(row["decision"]), "filter": orjson.loads(row["filter"])}
        )


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
