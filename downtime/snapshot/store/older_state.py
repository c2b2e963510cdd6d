"""The publisher's state as version 1 kept it, brought over into today's tables; nothing is lost.

There a record named its persons inside its body, files and runs stood where arrival numbers stand
now, and a deletion was compared by when it happened.
"""

from collections.abc import Iterator
from typing import Any

import orjson
import sqlite_utils

from downtime.feeds.model import Operation
from downtime.snapshot.record_state import NEVER, Layer, RecordState, Stamp

BEFORE_ARRIVALS = -1_000_000_000
"""Added to the number of a run: whatever has an arrival number came later."""
_TABLES = ("setting", "record", "mention", "merge", "person", "extract", "system", "delivered")


def set_tables_aside(db: sqlite_utils.Database) -> None:
    """Give the tables of version 1 other names."""
    for table in _TABLES:
        db.conn.execute(f"ALTER TABLE {table} RENAME TO old_{table}")


def copy_tables(db: sqlite_utils.Database) -> None:
    """Fill today's tables from those that were set aside, and remove these."""
    execute = db.conn.execute
    execute("UPDATE setting SET value = o.value FROM old_setting o WHERE o.name = setting.name")
    execute("INSERT INTO mention SELECT id, identifiers, newest, 1 FROM old_mention")
    execute("INSERT INTO person SELECT anchor, id FROM old_person")
    execute("INSERT INTO system SELECT name, newest FROM old_system")
    execute("INSERT INTO extract SELECT type, source, sent, -1, digest FROM old_extract")
    execute("INSERT INTO delivered SELECT '', type FROM old_delivered")
    execute("INSERT OR IGNORE INTO delivered SELECT DISTINCT source, type FROM old_record")
    db.conn.executemany("INSERT INTO record VALUES (?, ?, ?, ?, ?)", _convert_records(db))
    db.conn.executemany(
        "INSERT OR IGNORE INTO identity_change VALUES (?, ?, ?, ?, ?, ?)", _convert_merges(db)
    )
    for table in _TABLES:
        execute(f"DROP TABLE old_{table}")


def _convert_records(db: sqlite_utils.Database) -> Iterator[tuple[Any, ...]]:
    for type_name, source, key, body in db.conn.execute(
        "SELECT type, source, key, body FROM old_record"
    ):
        layers, latest, deleted, mentions = orjson.loads(body)
        if mentions and isinstance(mentions[0], int):
            mentions = [mentions] if mentions[2] else []
        mention = max(mentions)[2] if mentions else 0
        state = _convert_state(layers, latest, deleted)
        yield (
            type_name, source, "" if type_name == "Patient" else key, mention, state.to_json(),
        )  # fmt: skip


def _convert_state(
    layers: list[tuple[list[Any], dict[str, Any]]], latest: list[Any] | None, deleted: Any
) -> RecordState:
    state = RecordState(deleted=_convert_stamp(deleted) if deleted else NEVER)
    if latest and latest[2] >= 0:
        state.apply(Layer(_convert_stamp(latest), {}))
    for stamp, fields in layers:
        state.apply(Layer(_convert_stamp(stamp), fields))
    return state


def _convert_stamp(old: list[Any]) -> Stamp:
    moment, sent, run, _file, number, part, extract = old
    return Stamp(moment, sent or moment, 0, BEFORE_ARRIVALS + run, number * 1000 + part, extract)


def _convert_merges(db: sqlite_utils.Database) -> Iterator[tuple[Any, ...]]:
    for moment, sent, number, person, other in db.conn.execute(
        "SELECT moment, sent, number, survivor, merged FROM old_merge"
    ):
        stamp = Stamp(moment, sent or moment, 0, BEFORE_ARRIVALS, number)
        yield orjson.dumps(list(stamp)).decode(), Operation.MERGE, "", "", person, other
