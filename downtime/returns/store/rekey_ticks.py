"""The SQL of ticks on re-key worklists (`rekey_tick`)."""

from typing import Any, NamedTuple

from sqlite_utils import Database

from downtime.returns.model import (
    Channel,
    MessageState,
    Tick,
)
from downtime.vault.database import insert_record


class LineCount(NamedTuple):
    """How many lines the worklists of a system have, and how many of them are done."""

    system: str
    lines: int
    done: int


def list_ticks(db: Database, outage: str) -> dict[str, Tick]:
    """The ticks that stand, by control ID."""
    rows = db.query(
        "SELECT t.control_id, t.number, t.ticked, t.ticked_by, t.ticked_by_name FROM rekey_tick AS t"
        " JOIN outbox AS o ON o.control_id = t.control_id WHERE o.outage = ? AND t.unticked = ''",
        [outage],
    )
    return {row["control_id"]: Tick(**row) for row in rows}


def insert_tick(db: Database, tick: Tick) -> None:
    """Record a tick; a second one of the same line is an error."""
    insert_record(db, "rekey_tick", tick)


def close_tick(
    db: Database, control_id: str, at: str, person_id: str, person_name: str, reason: str
) -> None:
    """Close the tick that stands: when, by whom and why; what it said is kept."""
    db.conn.execute(
        "UPDATE rekey_tick SET unticked = ?, unticked_by = ?, unticked_by_name = ?, reason = ?"
        " WHERE control_id = ? AND unticked = ''",
        [at, person_id, person_name, reason, control_id],
    )


def list_closed_ticks(db: Database, control_id: str) -> list[dict[str, Any]]:
    """Every tick of a line that was taken back, oldest first."""
    query = "SELECT * FROM rekey_tick WHERE control_id = ? AND unticked <> '' ORDER BY id"
    return [dict(row) for row in db.query(query, [control_id])]


def count_lines(db: Database, outage: str) -> list[LineCount]:
    """Lines and how many of them are done, by system."""
    query = (
        "SELECT system, count(*), sum(state = ?) FROM outbox"
        " WHERE outage = ? AND channel = ? AND state <> ? GROUP BY system ORDER BY system"
    )
    values = [MessageState.ACKNOWLEDGED, outage, Channel.WORKLIST, MessageState.RESOLVED]
    return [LineCount(*row) for row in db.execute(query, values)]
