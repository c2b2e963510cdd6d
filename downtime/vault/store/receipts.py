"""The SQL of the tables `countersignature` and `marks_elsewhere`."""

from typing import Any

import orjson
import sqlite_utils

from downtime.vault.marks import HighWaterMarks, MarkName, NumberBlock, parse_marks

MOST_BLOCKS = 16
"""Of a machine whose marks are kept: one more for each time that its home was copied or put back."""


def save_countersignature(
    db: sqlite_utils.Database,
    machine: str,
    count: int,
    head: str,
    at: str,
    document: dict[str, Any],
) -> bool:
    """Whether it was new."""
    done = db.conn.execute(
        "INSERT INTO countersignature (machine, count, head, at, signature, document)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (machine, count, head, at, document["signature"], orjson.dumps(document).decode()),
    )
    return bool(done.rowcount)


def has_countersignature(db: sqlite_utils.Database, machine: str, count: int, head: str) -> bool:
    """Whether a machine's signature of this entry is kept here."""
    row = db.conn.execute(
        "SELECT 1 FROM countersignature WHERE machine = ? AND count = ? AND head = ?",
        (machine, count, head),
    ).fetchone()
    return row is not None


def list_countersignatures(db: sqlite_utils.Database) -> list[dict[str, Any]]:
    """The documents as they came, in the order of the chain."""
    rows = db.conn.execute("SELECT document FROM countersignature ORDER BY count, machine")
    return [orjson.loads(row[0]) for row in rows]


def save_marks(db: sqlite_utils.Database, high_water: HighWaterMarks, at: str) -> None:
    """Keep the newest ones of a machine, for each of the last blocks that it gave out serials from."""
    block = high_water.numbers.get(MarkName.SERIAL, NumberBlock("", 0)).block
    document = orjson.dumps(high_water.to_json()).decode()
    db.conn.execute(
        "INSERT INTO marks_elsewhere (device, block, generation, document, at)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (device, block) DO UPDATE SET"
        " generation = excluded.generation, document = excluded.document, at = excluded.at"
        " WHERE excluded.generation >= generation",
        (high_water.device, block, high_water.generation, document, at),
    )
    db.conn.execute(
        "DELETE FROM marks_elsewhere WHERE device = ? AND block != ? AND block NOT IN"
        " (SELECT block FROM marks_elsewhere WHERE device = ? AND block != ?"
        " ORDER BY at DESC, generation DESC LIMIT ?)",
        (high_water.device, block, high_water.device, block, MOST_BLOCKS - 1),
    )


def list_marks(db: sqlite_utils.Database, device: str) -> list[HighWaterMarks]:
    """The last marks of a machine, one for each of its blocks: several when its home was copied."""
    rows = db.conn.execute(
        "SELECT document FROM marks_elsewhere WHERE device = ? ORDER BY generation", (device,)
    )
    return [parse_marks(orjson.loads(row[0])) for row in rows]
