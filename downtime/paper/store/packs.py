"""The SQL of packs: what was printed together, and what has become of it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from sqlite_utils import Database

from downtime.paper.model import Pack, PackKind, PackState
from downtime.vault.database import build_record

_NEWEST_FIRST = "ORDER BY issued_at DESC, id DESC"
_OF_DEVICE = "substr(id, 1, 3) = ? || '-'"


def next_pack_number(db: Database, device: str) -> int:
    """The number of the next pack of a device."""
    query = f"SELECT count(*) FROM pack WHERE {_OF_DEVICE}"
    return int(db.execute(query, [device]).fetchone()[0]) + 1


def insert_pack(db: Database, pack: Pack) -> None:
    row = asdict(pack) | {"wards": "\n".join(pack.wards), "drill": int(pack.drill)}
    db.table("pack").insert(row)


def finish_pack(db: Database, pack_id: str, pages: int, checksum: str) -> None:
    """A pack was printed and delivered."""
    query = "UPDATE pack SET state = ?, pages = ?, checksum = ? WHERE id = ?"
    db.execute(query, [PackState.PRINTED, pages, checksum, pack_id])


def set_failure(db: Database, pack_id: str, state: PackState, failure: str) -> None:
    """Why nobody got a pack, or the pack that was printed instead."""
    db.execute("UPDATE pack SET state = ?, failure = ? WHERE id = ?", [state, failure, pack_id])


def find_pack(db: Database, pack_id: str) -> Pack | None:
    rows = db.query("SELECT * FROM pack WHERE id = ?", [pack_id])
    return next(map(_read_pack, rows), None)


def fetch_packs(db: Database, outage: str | None = None) -> list[Pack]:
    """Packs of one outage, or all, newest first."""
    if outage is None:
        return [_read_pack(row) for row in db.query(f"SELECT * FROM pack {_NEWEST_FIRST}")]
    query = f"SELECT * FROM pack WHERE outage = ? {_NEWEST_FIRST}"
    return [_read_pack(row) for row in db.query(query, [outage])]


def fetch_ahead(db: Database, since: str, until: str) -> list[Pack]:
    """Packs that were printed outside of any outage in this time (UTC), and that somebody got."""
    query = (
        "SELECT * FROM pack WHERE outage = '' AND NOT drill AND state = ?"
        f" AND issued_at BETWEEN ? AND ? {_NEWEST_FIRST}"
    )
    return [_read_pack(row) for row in db.query(query, [PackState.PRINTED, since, until])]


def set_outage(db: Database, pack_id: str, outage: str) -> None:
    """Put a pack and its forms into an outage."""
    db.execute("UPDATE pack SET outage = ? WHERE id = ?", [outage, pack_id])
    db.execute("UPDATE form_issue SET outage = ? WHERE pack = ?", [outage, pack_id])


def fetch_failed(db: Database, device: str) -> list[Pack]:
    """Packs of a device that failed and were not printed anew, newest first."""
    query = f"SELECT * FROM pack WHERE state = ? AND {_OF_DEVICE} {_NEWEST_FIRST}"
    return [_read_pack(row) for row in db.query(query, [PackState.FAILED, device])]


def fetch_interrupted(db: Database, device: str, before: str) -> list[Pack]:
    """Packs of a device that began before a time and are still printing."""
    query = f"SELECT * FROM pack WHERE state = ? AND issued_at < ? AND {_OF_DEVICE}"
    return [_read_pack(row) for row in db.query(query, [PackState.PRINTING, before, device])]


def fetch_of_job(db: Database, job: str, states: Iterable[PackState]) -> list[Pack]:
    """Packs that were printed in the course of a job and are in one of these states."""
    wanted = set(states)
    packs = map(_read_pack, db.query(f"SELECT * FROM pack WHERE job = ? {_NEWEST_FIRST}", [job]))
    return [pack for pack in packs if pack.state in wanted]


def _read_pack(row: dict[str, Any]) -> Pack:
    row |= {"wards": tuple(row["wards"].split("\n")), "drill": bool(row["drill"])}
    row |= {"kind": PackKind(row["kind"]), "state": PackState(row["state"])}
    return build_record(Pack, row)


# Rows that another machine wrote


def fetch_pack_row(db: Database, pack_id: str) -> dict[str, Any]:
    """One pack as stored."""
    return next(db.query("SELECT * FROM pack WHERE id = ?", [pack_id]))


def update_progress(db: Database, row: Mapping[str, Any]) -> None:
    """Take over what has become of a pack."""
    db.execute(
        "UPDATE pack SET state = :state, pages = :pages, checksum = :checksum, failure = :failure"
        " WHERE id = :id",
        {name: row[name] for name in ("id", "state", "pages", "checksum", "failure")},
    )


def set_local_outage(db: Database, origin: str, outage: str) -> None:
    """Put the packs of a laptop's outage under another one here."""
    db.execute("UPDATE pack SET outage = ? WHERE origin = ?", [outage, origin])
