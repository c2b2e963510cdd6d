"""Snapshots in quarantine, and what was decided of them."""

from dataclasses import fields
from typing import Any

import orjson
from sqlite_utils import Database

from downtime.fleet.churn_findings import ChurnFinding, ChurnKind
from downtime.fleet.quarantine_model import Door, QuarantineEntry, QuarantineState

_MOST_BITS = 63
"""Of a whole number of SQLite; a longer one is an error there."""
_COLUMNS = tuple(field.name for field in fields(QuarantineEntry))


def select_entries(db: Database) -> list[QuarantineEntry]:
    """All, the newest first."""
    return _select(db, "ORDER BY number DESC")


def find_entry(db: Database, number: int) -> QuarantineEntry | None:
    """One by its number."""
    if number.bit_length() > _MOST_BITS:
        return None
    return next(iter(_select(db, "WHERE number = ?", number)), None)


def find_open_entry(db: Database, door: Door, scope: str) -> QuarantineEntry | None:
    """The one that waits at a door; there is never more than one."""
    where = "WHERE door = ? AND scope = ? AND state = ?"
    return next(iter(_select(db, where, door, scope, QuarantineState.OPEN)), None)


def find_entry_of_bundle(db: Database, bundle: str) -> QuarantineEntry | None:
    """The newest of a sealed file."""
    return next(iter(_select(db, "WHERE bundle = ? ORDER BY number DESC", bundle)), None)


def get_footprint(db: Database, number: int) -> bytes:
    """What the snapshot looks like, as `Footprint.to_bytes`; empty once it was decided."""
    row = db.execute("SELECT body FROM snapshot_quarantine WHERE number = ?", [number]).fetchone()
    return row[0] if row else b""


def save_entry(db: Database, entry: QuarantineEntry, body: bytes) -> int:
    """Keep a new one, or what has changed of one; returns its number."""
    values: dict[str, Any] = {name: getattr(entry, name) for name in _COLUMNS}
    values["findings"] = orjson.dumps([list(finding) for finding in entry.findings]).decode()
    values["released_by_publisher"] = orjson.dumps(dict(entry.released_by_publisher)).decode()
    values["number"] = entry.number or None
    names = (*_COLUMNS, "body")
    places = ", ".join(f":{name}" for name in names)
    row = db.execute(
        f"INSERT OR REPLACE INTO snapshot_quarantine ({', '.join(names)}) VALUES ({places})"
        " RETURNING number",
        values | {"body": body},
    ).fetchone()
    return int(row[0])


def _select(db: Database, where: str, *values: object) -> list[QuarantineEntry]:
    rows = db.execute(f"SELECT {', '.join(_COLUMNS)} FROM snapshot_quarantine {where}", values)
    return [_read_entry(dict(zip(_COLUMNS, row, strict=True))) for row in rows]


def _read_entry(row: dict[str, Any]) -> QuarantineEntry:
    findings = (ChurnFinding(ChurnKind(f[0]), *f[1:]) for f in orjson.loads(row["findings"]))
    return QuarantineEntry(
        **row
        | {
            "door": Door(row["door"]),
            "state": QuarantineState(row["state"]),
            "findings": tuple(findings),
            "released_by_publisher": orjson.loads(row["released_by_publisher"]),
        }
    )
