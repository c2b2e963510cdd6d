"""The SQL of outages and downtime numbers."""

from typing import Any

from sqlite_utils import Database

from downtime.outage.model import CLOSED, Outage, SystemOutage


def fetch(db: Database, condition: str, *values: str) -> list[Outage]:
    """Outages that meet an SQL condition of this room's own, newest first."""
    query = f"SELECT * FROM outage WHERE {condition} ORDER BY opened DESC, id DESC"  # noqa: S608
    return [_outage(db, row) for row in db.query(query, values)]


def _outage(db: Database, row: dict[str, Any]) -> Outage:
    systems = db.query(
        "SELECT name, declared, ended FROM outage_system WHERE outage = ? ORDER BY declared, rowid",
        [row["id"]],
    )
    return Outage(
        **{**row, "drill": bool(row["drill"])},
        systems=tuple(SystemOutage(**system) for system in systems),
    )


def next_id(db: Database, day: str) -> str:
    """`2026-11-02-1`, the next free one of a day."""
    taken = db.execute("SELECT count(*) FROM outage WHERE id LIKE ? || '-%'", [day]).fetchone()[0]
    return f"{day}-{taken + 1}"


def insert(db: Database, outage: Outage) -> None:
    db.table("outage").insert(
        {
            "id": outage.id,
            "drill": int(outage.drill),
            "state": outage.state,
            "snapshot": outage.snapshot,
            "opened": outage.opened,
            "closed": "",
        }
    )


def set_state(db: Database, outage_id: str, state: str, at: str) -> None:
    db.table("outage").update(outage_id, {"state": state, "closed": at if state == CLOSED else ""})


def start_system(db: Database, outage_id: str, name: str, at: str) -> None:
    db.table("outage_system").insert(
        {"outage": outage_id, "name": name, "declared": at, "ended": ""}
    )


def end_system(db: Database, outage_id: str, name: str, at: str) -> None:
    db.execute(
        "UPDATE outage_system SET ended = ? WHERE outage = ? AND name = ? AND ended = ''",
        [at, outage_id, name],
    )


def last_position(db: Database, device: str) -> int:
    """How many downtime numbers of a device's block are given out."""
    query = "SELECT coalesce(max(position), 0) FROM downtime_number WHERE substr(number, 2, 2) = ?"
    return int(db.execute(query, [device]).fetchone()[0])


def insert_numbers(db: Database, numbers: list[tuple[str, int]], at: str, by: str) -> None:
    db.table("downtime_number").insert_all(
        {"number": number, "position": position, "issued": at, "issued_by": by}
        for number, position in numbers
    )
