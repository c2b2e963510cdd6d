"""The SQL of identity links: which downtime number or form is which patient, who said so and when."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from sqlite_utils import Database

from downtime.entry.facts import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link from proposal to end. `id` is opaque and fit for an address; times UTC as stored.

    `key` is a downtime number, or `serial:SERIAL` for a form without a usable number. `person` is
    the patient of the recovered system, `paper` what the forms said when the link was proposed.
    A `proposed_by` that is empty means that the program found it.
    """

    id: str
    outage: str
    key: str
    state: str
    exact: bool
    """Whether an exact identifier and the date of birth agreed."""
    snapshot: str
    person: Person
    paper: tuple[Person, ...]
    proposed: str
    proposed_by: str
    proposed_by_name: str
    reason: str
    confirmed: str = ""
    confirmed_by: str = ""
    confirmed_by_name: str = ""
    confirmed_reason: str = ""
    ended: str = ""
    """When it was rejected or undone."""
    ended_by: str = ""
    ended_by_name: str = ""
    ended_reason: str = ""


def new_id() -> str:
    """An id that says nothing about anybody."""
    return secrets.token_hex(8)


def fetch_links(db: Database, condition: str, *values: str) -> list[Link]:
    """Links that meet an SQL condition of this room's own, in the order of their proposal."""
    query = f"SELECT * FROM identity_link WHERE {condition} ORDER BY proposed, rowid"  # noqa: S608
    return [_link(row) for row in db.query(query, values)]


def save_link(db: Database, link: Link) -> None:
    """Insert or replace a link; a row is never removed."""
    row = asdict(link) | {
        "exact": int(link.exact),
        "person": orjson.dumps(link.person._asdict()).decode(),
        "paper": orjson.dumps([person._asdict() for person in link.paper]).decode(),
    }
    db["identity_link"].upsert(row, pk="id")  # type: ignore[union-attr]


def _link(row: Mapping[str, Any]) -> Link:
    return Link(
        **{
            **row,
            "exact": bool(row["exact"]),
            "person": Person(**orjson.loads(row["person"])),
            "paper": tuple(Person(**held) for held in orjson.loads(row["paper"])),
        }
    )
