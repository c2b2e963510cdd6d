"""The SQL of what went out, and of the signatures under the statement."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from sqlite_utils import Database

HL7V2, WORKLIST = "hl7v2", "worklist"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One item that went out, once: as a message of that control ID, or on a worklist."""

    control_id: str
    item: str
    outage: str
    channel: str
    kind: str
    system: str
    sha256: str
    file: str
    exported: str
    exported_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A lead's signature under the facts of one statement."""

    outage: str
    role: str
    facts_sha256: str
    person: str
    person_name: str
    signed: str


def sent(db: Database, outage: str) -> dict[str, Sent]:
    """What went out for an outage, by control ID."""
    rows = db.query("SELECT * FROM returned_message WHERE outage = ?", [outage])
    return {row["control_id"]: Sent(**row) for row in rows}


def keep_sent(db: Database, given: Iterable[Sent]) -> None:
    """Record what goes out; a control ID that is already there is an error, never a replacement."""
    db["returned_message"].insert_all([asdict(one) for one in given])  # type: ignore[union-attr]


def sent_counts(db: Database, outage: str) -> list[dict[str, Any]]:
    """How many went out, by system, channel and kind."""
    query = (
        "SELECT system, channel, kind, count(*) AS messages FROM returned_message"
        " WHERE outage = ? GROUP BY system, channel, kind ORDER BY system, channel, kind"
    )
    return [dict(row) for row in db.query(query, [outage])]


def signatures(db: Database, outage: str) -> list[Signature]:
    """Every signature ever given for an outage's statement, oldest first."""
    rows = db.query("SELECT * FROM statement_signature WHERE outage = ? ORDER BY signed", [outage])
    return [Signature(**row) for row in rows]


def keep_signature(db: Database, signature: Signature) -> None:
    """Record a signature; a second one of the same role under the same facts is an error."""
    db["statement_signature"].insert(asdict(signature))  # type: ignore[union-attr]
