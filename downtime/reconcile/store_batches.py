"""The SQL of decisions in bulk, and of what was decided about each item before."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields

import orjson
from sqlite_utils import Database

from downtime.reconcile.store import Decided, ItemRow, decided_json, decided_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One decision about many items; `undone` is empty while it stands."""

    id: str
    outage: str
    decision: str
    reason: str
    filter: Mapping[str, str]
    items: int
    decided: str
    decided_by: str
    decided_by_name: str
    undone: str = ""
    undone_by_name: str = ""
    undone_reason: str = ""


_COLUMNS = tuple(f.name for f in fields(Batch))
_SAVE = (
    f"INSERT OR REPLACE INTO item_batch ({', '.join(_COLUMNS)})"  # noqa: S608
    f" VALUES ({', '.join('?' * len(_COLUMNS))})"
)


def save(db: Database, batch: Batch) -> None:
    """Insert or replace a decision in bulk."""
    row = {name: getattr(batch, name) for name in _COLUMNS}
    row["filter"] = orjson.dumps(dict(batch.filter)).decode()
    db.execute(_SAVE, list(row.values()))


def fetch(db: Database, condition: str, *values: object) -> Iterator[Batch]:
    """Decisions in bulk that meet an SQL condition of this room's own, newest first."""
    query = f"SELECT * FROM item_batch WHERE {condition} ORDER BY decided DESC, id"  # noqa: S608
    for row in db.query(query, values):
        yield Batch(**{**row, "filter": orjson.loads(row["filter"])})


def keep_before(db: Database, batch: str, rows: Iterable[ItemRow]) -> None:
    """Keep what was decided about these items until now."""
    db.conn.executemany(
        "INSERT INTO item_before (batch, key, decided) VALUES (?, ?, ?)",
        ((batch, row.key, decided_json(row)) for row in rows),
    )


def before(db: Database, batch: str) -> dict[str, Decided]:
    """Key of each item of a decision in bulk to what was decided about it before."""
    rows = db.conn.execute("SELECT key, decided FROM item_before WHERE batch = ?", (batch,))
    return {row[0]: decided_of(row[1]) for row in rows}
