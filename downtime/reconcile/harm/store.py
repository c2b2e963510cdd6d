"""The SQL of the harm review: findings (`harm_finding`), searches (`harm_run`), reviews."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import orjson
from sqlite_utils import Database

from downtime.reconcile.harm.model import (
    Explanation,
    FindingKind,
    Harm,
    HarmFinding,
    HarmReview,
    HarmRun,
    ReviewedFinding,
    ReviewKind,
    decode_finding,
)
from downtime.vault.database import build_record, insert_record, json_list


class FindingRow(NamedTuple):
    """A row of the table."""

    key: str
    outage: str
    kind: str
    state: str
    ward: str
    needs: int
    digest: str
    body: str


def fetch_keys(db: Database, outage: str) -> set[str]:
    """Keys of all findings."""
    rows = db.conn.execute("SELECT key FROM harm_finding WHERE outage = ?", (outage,))
    return {key for (key,) in rows}


def list_changed(
    db: Database, outage: str, findings: Iterable[HarmFinding], zone: ZoneInfo
) -> list[FindingRow]:
    """The rows of findings that are new, or other than they are stored."""
    now = {f.key: _row(f, outage, zone) for f in findings}
    query = (
        f"SELECT {', '.join(FindingRow._fields)} FROM harm_finding"
        " WHERE outage = ? AND key IN (SELECT value FROM json_each(?))"
    )
    rows = db.conn.execute(query, (outage, json_list(now)))
    stored = {row[0]: tuple(row) for row in rows}
    return [row for key, row in now.items() if stored.get(key) != row]


def _row(finding: HarmFinding, outage: str, zone: ZoneInfo) -> FindingRow:
    body = orjson.dumps(finding.encode()).decode()
    return FindingRow(
        finding.key, outage, finding.kind.value, finding.state.value, finding.ward, int(finding.needs),
        finding.digest(zone), body,
    )  # fmt: skip


def delete_findings(db: Database, outage: str, keys: Iterable[str]) -> None:
    """Forget findings that hold no longer."""
    db.conn.executemany(
        "DELETE FROM harm_finding WHERE outage = ? AND key = ?", ((outage, key) for key in keys)
    )


def save_findings(db: Database, rows: Iterable[FindingRow]) -> None:
    """Insert or replace findings."""
    db.conn.executemany("INSERT OR REPLACE INTO harm_finding VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def save_run(db: Database, run: HarmRun) -> None:
    """Record that harm was looked for."""
    insert_record(db, "harm_run", run)


def fetch_last_run(db: Database, outage: str) -> HarmRun | None:
    """The last search of an outage."""
    query = "SELECT * FROM harm_run WHERE outage = ? ORDER BY at DESC, rowid DESC LIMIT 1"
    row = next(db.query(query, [outage]), None)
    return build_record(HarmRun, row) if row else None


def save_review(db: Database, review: HarmReview) -> None:
    """Record what somebody said of a finding."""
    row = asdict(review)
    db.table("harm_review").insert({"way": row.pop("kind"), **row})


_HAS_REVIEW = (
    "EXISTS (SELECT 1 FROM harm_review r WHERE r.outage = f.outage AND r.finding = f.key"
    " AND r.digest = f.digest{})"
)
_IS_REVIEWED = f" AND r.way = '{ReviewKind.REVIEWED}'"
_SELECT = "SELECT f.body, f.digest, f.key FROM harm_finding f WHERE f.outage = :outage"


def fetch_findings(
    db: Database, outage: str, *, kind: FindingKind | None = None
) -> list[ReviewedFinding]:
    """Findings by ward and key, of one kind or of all, with what was said of them."""
    clause = " AND f.kind = :kind" if kind else ""
    rows = db.query(f"{_SELECT}{clause} ORDER BY f.ward, f.key", {"kind": kind, "outage": outage})
    reviews = _fetch_reviews(db, outage)
    return [_reviewed_finding(row, reviews) for row in rows]


def _reviewed_finding(
    row: Mapping[str, Any], reviews: Mapping[tuple[str, str, ReviewKind], HarmReview]
) -> ReviewedFinding:
    return ReviewedFinding(
        decode_finding(orjson.loads(row["body"])),
        reviews.get((row["key"], row["digest"], ReviewKind.REVIEWED)),
        reviews.get((row["key"], row["digest"], ReviewKind.EXPLAINED)),
        row["digest"],
    )


def fetch_keys_in_order(db: Database, outage: str, kind: FindingKind) -> list[str]:
    """Keys of the findings of a kind: what is open first, then what nobody has reviewed."""
    query = (
        f"SELECT f.key, f.needs AND NOT {_HAS_REVIEW.format('')} AS is_open,"
        f" {_HAS_REVIEW.format(_IS_REVIEWED)} AS is_reviewed FROM harm_finding f"
        " WHERE f.outage = ? AND f.kind = ? ORDER BY is_open DESC, is_reviewed, f.ward, f.key"
    )
    return [row[0] for row in db.conn.execute(query, (outage, kind))]


def fetch_page(db: Database, outage: str, keys: Sequence[str]) -> list[ReviewedFinding]:
    """These findings in their order, with what was said of them."""
    query = f"{_SELECT} AND f.key IN (SELECT value FROM json_each(:keys))"
    rows = db.query(query, {"outage": outage, "keys": json_list(keys)})
    reviews = _fetch_reviews(db, outage)
    findings = {row["key"]: _reviewed_finding(row, reviews) for row in rows}
    return [findings[key] for key in keys if key in findings]


def fetch_by_keys(db: Database, outage: str, keys: Iterable[str]) -> dict[str, HarmFinding]:
    """Findings by their keys, those that are there, by their digest."""
    query = f"{_SELECT} AND f.key IN (SELECT value FROM json_each(:keys))"
    rows = db.query(query, {"outage": outage, "keys": json_list(keys)})
    return {row["digest"]: decode_finding(orjson.loads(row["body"])) for row in rows}


def _fetch_reviews(db: Database, outage: str) -> dict[tuple[str, str, ReviewKind], HarmReview]:
    rows = db.query("SELECT * FROM harm_review WHERE outage = ? ORDER BY at, rowid", [outage])
    reviews = map(_review, rows)
    return {(review.finding, review.digest, review.kind): review for review in reviews}


def _review(row: dict[str, Any]) -> HarmReview:
    outcomes = Harm if row["way"] == ReviewKind.REVIEWED else Explanation
    values = {"kind": row["way"], "outcome": outcomes(row["outcome"])}
    return build_record(HarmReview, row | values)


_OPEN = (
    "FROM harm_finding f WHERE f.outage = ? AND f.needs AND NOT EXISTS (SELECT 1 FROM harm_review r"
    " WHERE r.outage = f.outage AND r.finding = f.key AND r.digest = f.digest)"
)


def fetch_open_keys(db: Database, outage: str) -> dict[FindingKind, list[str]]:
    """Keys of the findings that keep the books open, by kind."""
    keys: dict[FindingKind, list[str]] = {}
    for kind, key in db.execute(f"SELECT f.kind, f.key {_OPEN} ORDER BY f.kind, f.key", [outage]):
        keys.setdefault(FindingKind(kind), []).append(key)
    return keys


def fetch_open_lines(db: Database, outage: str) -> Iterator[tuple[FindingKind, str, str]]:
    """Kind, key and ward of each finding that keeps the books open."""
    kinds = {str(kind): kind for kind in FindingKind}
    rows = db.conn.execute(f"SELECT f.kind, f.key, f.ward {_OPEN} ORDER BY f.kind, f.key", [outage])
    return ((kinds[row[0]], row[1], row[2]) for row in rows)


def count_findings(db: Database, outage: str) -> list[dict[str, Any]]:
    """How many findings of each kind and state there are, how many reviewed, and still open."""
    is_reviewed, has_any = _HAS_REVIEW.format(_IS_REVIEWED), _HAS_REVIEW.format("")
    query = (
        f"SELECT f.kind, f.state, count(*) AS findings, sum({is_reviewed}) AS reviewed,"
        f" sum(f.needs AND NOT {has_any}) AS open FROM harm_finding f WHERE f.outage = ?"
        " GROUP BY f.kind, f.state ORDER BY f.kind, f.state"
    )
    return [dict(row) for row in db.query(query, [outage])]


def count_outcomes(db: Database, outage: str) -> dict[str, int]:
    """How many findings have been given each degree of harm."""
    reviews = _fetch_reviews(db, outage)
    digests = db.conn.execute("SELECT key, digest FROM harm_finding WHERE outage = ?", (outage,))
    in_force = (reviews.get((row[0], row[1], ReviewKind.REVIEWED)) for row in digests)
    return dict(Counter(str(review.outcome) for review in in_force if review))
