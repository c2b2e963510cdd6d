"""The SQL of how outages were closed and opened again (`outage_closing`)."""

from dataclasses import asdict

import orjson
from sqlite_utils import Database

from downtime.returns.statement.closing_model import Closing, ClosingState
from downtime.vault.database import build_record


def fetch_closings(db: Database, outage: str) -> list[Closing]:
    """Every closing of an outage, oldest first; those that were only proposed are among them."""
    rows = db.query("SELECT * FROM outage_closing WHERE outage = ? ORDER BY id", [outage])
    return [build_record(Closing, row) for row in rows]


def find_in_state(db: Database, outage: str, state: ClosingState) -> Closing | None:
    """The last closing of an outage that is in a state."""
    closings = [closing for closing in fetch_closings(db, outage) if closing.state == state]
    return closings[-1] if closings else None


def next_id(db: Database) -> int:
    """The number of the next one."""
    return int(db.execute("SELECT coalesce(max(id), 0) + 1 FROM outage_closing").fetchone()[0])


def save_closing(db: Database, closing: Closing) -> None:
    """Insert a closing, or replace what was said of it before."""
    row = asdict(closing) | {
        "open_kinds": orjson.dumps(dict(closing.open_kinds)).decode(),
        "unsigned": orjson.dumps(closing.unsigned).decode(),
    }
    db.table("outage_closing").insert(row, pk="id", replace=True)
