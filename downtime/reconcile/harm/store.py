"""The SQL of the harm review: findings, when they were looked for, and what people said of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from sqlite_utils import Database

from downtime.reconcile.harm.model import HarmFinding, decode_finding

REVIEWED, EXPLAINED = "reviewed", "explained"
"""What was said of a finding: its degree of harm by a clinician, or how a request was closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmReview:
    """One thing that somebody said of a finding; all are kept, the last of each way counts."""

    outage: str
    finding: str
    digest: str
    way: str
    outcome: str
    note: str
    person: str
    person_name: str
    at: str


@dataclass(frozen=True, slots=True)
class ReviewedFinding:
    """A finding with what was last said of it and still holds."""

    finding: HarmFinding
    reviewed: HarmReview | None
    explained: HarmReview | None

    @property
    def is_open(self) -> bool:
        """Whether it keeps the books open."""
        return self.finding.needs and not (self.reviewed or self.explained)


@dataclass(frozen=True, slots=True)
class HarmRun:
    """One search: when, which recovered snapshot, which comparison, how many findings."""

    outage: str
    at: str
    snapshot: str
    compared: str
    findings: int
    figures: dict[str, Any]


def compare_with_stored(
    db: Database, outage: str, found: Iterable[HarmFinding]
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Keys of the findings that are held and hold no longer, and the rows that are new or other."""
    now = {
        f.key: (
            f.key, outage, f.kind, f.state, f.ward, int(f.needs), f.digest,
            orjson.dumps(f.encode()).decode(),
        )
        for f in found
    }  # fmt: skip
    rows = db.conn.execute("SELECT * FROM harm_finding WHERE outage = ?", (outage,))
    held = {row[0]: tuple(row) for row in rows}
    return sorted(held.keys() - now.keys()), [r for key, r in now.items() if held.get(key) != r]


def delete_findings(db: Database, outage: str, keys: Iterable[str]) -> None:
    """Forget findings that hold no longer."""
    db.conn.executemany(
        "DELETE FROM harm_finding WHERE outage = ? AND key = ?", ((outage, key) for key in keys)
    )


def save_findings(db: Database, rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert or replace findings, as `differing` gave them."""
    db.conn.executemany("INSERT OR REPLACE INTO harm_finding VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def save_run(db: Database, run: HarmRun) -> None:
    db.execute(
        "INSERT INTO harm_run VALUES (?, ?, ?, ?, ?, ?)",
        [run.outage, run.at, run.snapshot, run.compared, run.findings,
         orjson.dumps(run.figures).decode()],
    )  # fmt: skip


def fetch_last_run(db: Database, outage: str) -> HarmRun | None:
    """The last search of an outage."""
    query = "SELECT * FROM harm_run WHERE outage = ? ORDER BY at DESC, rowid DESC LIMIT 1"
    row = next(db.query(query, [outage]), None)
    return HarmRun(**{**row, "figures": orjson.loads(row["figures"])}) if row else None


def save_review(db: Database, review: HarmReview) -> None:
    columns = tuple(HarmReview.__dataclass_fields__)
    db.execute(
        f"INSERT INTO harm_review ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",  # noqa: S608
        [getattr(review, name) for name in columns],
    )


_SELECT = "SELECT f.body, f.digest, f.key FROM harm_finding f WHERE f.outage = :outage"


def fetch_findings(
    db: Database, outage: str, *, kind: str = "", state: str = ""
) -> list[ReviewedFinding]:
    """Findings by kind, ward and time, with what was said of them; every filter given applies."""
    given = {"kind": kind, "state": state}
    used = {name: value for name, value in given.items() if value}
    where = "".join(f" AND f.{name} = :{name}" for name in used)
    said = _said(db, outage)
    found = db.query(f"{_SELECT}{where} ORDER BY f.ward, f.key", {**used, "outage": outage})
    return [
        ReviewedFinding(
            decode_finding(orjson.loads(row["body"])),
            said.get((row["key"], row["digest"], REVIEWED)),
            said.get((row["key"], row["digest"], EXPLAINED)),
        )
        for row in found
    ]


def fetch_by_keys(db: Database, outage: str, keys: Iterable[str]) -> list[HarmFinding]:
    """Findings by their keys, those that are there."""
    query = f"{_SELECT} AND f.key IN (SELECT value FROM json_each(:keys))"  # noqa: S608
    found = db.query(query, {"outage": outage, "keys": orjson.dumps(list(keys)).decode()})
    return [decode_finding(orjson.loads(row["body"])) for row in found]


def _said(db: Database, outage: str) -> dict[tuple[str, str, str], HarmReview]:
    found = db.query("SELECT * FROM harm_review WHERE outage = ? ORDER BY at, rowid", [outage])
    return {(row["finding"], row["digest"], row["way"]): HarmReview(**row) for row in found}


def fetch_reviews(db: Database, outage: str, key: str) -> list[HarmReview]:
    """All that was ever said of one finding, oldest first."""
    query = "SELECT * FROM harm_review WHERE outage = ? AND finding = ? ORDER BY at, rowid"
    return [HarmReview(**row) for row in db.query(query, [outage, key])]


_OPEN = (
    "FROM harm_finding f WHERE f.outage = ? AND f.needs AND NOT EXISTS (SELECT 1 FROM harm_review r"
    " WHERE r.outage = f.outage AND r.finding = f.key AND r.digest = f.digest)"
)


def fetch_open_keys(db: Database, outage: str) -> dict[str, list[str]]:
    """Keys of the findings that keep the books open, by kind."""
    found: dict[str, list[str]] = {}
    for kind, key in db.execute(f"SELECT f.kind, f.key {_OPEN} ORDER BY f.kind, f.key", [outage]):
        found.setdefault(kind, []).append(key)
    return found


def count_findings(db: Database, outage: str) -> list[dict[str, Any]]:
    """How many findings of each kind and state there are, how many reviewed, and still open."""
    said = (
        "EXISTS (SELECT 1 FROM harm_review r WHERE r.outage = f.outage AND r.finding = f.key"
        " AND r.digest = f.digest{})"
    )
    reviewed, anything = said.format(" AND r.way = 'reviewed'"), said.format("")
    query = (
        f"SELECT f.kind, f.state, count(*) AS findings, sum({reviewed}) AS reviewed,"  # noqa: S608
        f" sum(f.needs AND NOT {anything}) AS open FROM harm_finding f WHERE f.outage = ?"
        " GROUP BY f.kind, f.state ORDER BY f.kind, f.state"
    )
    return [dict(row) for row in db.query(query, [outage])]


def count_outcomes(db: Database, outage: str) -> dict[str, int]:
    """How many findings have been given each degree of harm."""
    found: dict[str, int] = {}
    for row in fetch_findings(db, outage):
        if row.reviewed:
            found[row.reviewed.outcome] = found.get(row.reviewed.outcome, 0) + 1
    return found
