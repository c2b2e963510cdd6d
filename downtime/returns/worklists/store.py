"""The SQL of ticks on worklists; the lines themselves are messages of the outbox."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlite_utils import Database

from downtime.returns.states import ACKNOWLEDGED, RESOLVED, WORKLIST


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Who keyed a line and when, with the number that the live system gave it."""

    control_id: str
    number: str
    ticked: str
    ticked_by: str
    ticked_by_name: str


def ticks(db: Database, outage: str) -> dict[str, Tick]:
    """The ticks that stand, by control ID."""
    rows = db.query(
        "SELECT t.control_id, t.number, t.ticked, t.ticked_by, t.ticked_by_name FROM rekey_tick AS t"
        " JOIN outbox AS o ON o.control_id = t.control_id WHERE o.outage = ? AND t.unticked = ''",
        [outage],
    )
    return {row["control_id"]: Tick(**row) for row in rows}


def insert(db: Database, tick: Tick) -> None:
    """Record a tick; a second one of the same line is an error."""
    db["rekey_tick"].insert(asdict(tick))  # type: ignore[union-attr]


def take_back(db: Database, control_id: str, by: Mapping[str, str]) -> None:
    """Close the tick that stands: `unticked`, `unticked_by`, `unticked_by_name`, `reason`."""
    db.conn.execute(
        "UPDATE rekey_tick SET unticked = :unticked, unticked_by = :unticked_by,"
        " unticked_by_name = :unticked_by_name, reason = :reason"
        " WHERE control_id = :control_id AND unticked = ''",
        {**by, "control_id": control_id},
    )


def past(db: Database, control_id: str) -> list[dict[str, Any]]:
    """Every tick of a line that was taken back, oldest first."""
    query = "SELECT * FROM rekey_tick WHERE control_id = ? AND unticked <> '' ORDER BY id"
    return [dict(row) for row in db.query(query, [control_id])]


def counts(db: Database, outage: str) -> list[dict[str, Any]]:
    """Lines and how many of them are done, by system."""
    query = (
        "SELECT system, count(*) AS lines, sum(state = ?) AS done FROM outbox"
        " WHERE outage = ? AND channel = ? AND state <> ? GROUP BY system ORDER BY system"
    )
    return [dict(row) for row in db.query(query, [ACKNOWLEDGED, outage, WORKLIST, RESOLVED])]
