"""The SQL of rounds of readiness."""

from dataclasses import asdict

import orjson
from sqlite_utils import Database

from downtime.paper.readiness.model import Check, CheckKind, ReadinessRound


def insert_round(db: Database, round_: ReadinessRound) -> None:
    row = asdict(round_) | {"checks": orjson.dumps(list(map(asdict, round_.checks))).decode()}
    db.table("readiness_round").insert(row)


def set_proof(db: Database, round_id: str, serial: str, at: str) -> None:
    db.table("readiness_round").update(round_id, {"serial": serial, "proved": at})


def fetch_rounds(db: Database, limit: int) -> list[ReadinessRound]:
    """The latest rounds, newest first."""
    rows = db.query("SELECT * FROM readiness_round ORDER BY at DESC, rowid DESC LIMIT ?", [limit])
    return [_parse_round(row) for row in rows]


def fetch_last_ready(db: Database) -> str:
    """When the last round was made that found no fault and was proved; empty when there is none."""
    query = (
        "SELECT max(at) FROM readiness_round WHERE proved <> '' AND NOT EXISTS"
        " (SELECT 1 FROM json_each(checks) WHERE json_extract(value, '$.fault') <> '')"
    )
    return str(db.execute(query).fetchone()[0] or "")


def _parse_round(row: dict[str, str]) -> ReadinessRound:
    checks = tuple(
        Check(CheckKind(check["kind"]), check["finding"], check["fault"])
        for check in orjson.loads(row["checks"])
    )
    return ReadinessRound(**{**row, "checks": checks})  # type: ignore[arg-type]
