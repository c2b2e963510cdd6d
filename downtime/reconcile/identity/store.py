"""The SQL of identity links (`identity_link`): who is which patient, who said so and when."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import orjson
from sqlite_utils import Database

from downtime.entry.facts import PaperPerson
from downtime.reconcile.identity.model import CURRENT, Link, LinkState
from downtime.vault.database import build_record


def new_id() -> str:
    """An id that says nothing about anybody."""
    return secrets.token_hex(8)


def fetch_link(db: Database, link_id: str) -> Link | None:
    """One link."""
    return next(iter(_fetch(db, "id = ?", link_id)), None)


def fetch_current_link(db: Database, key: str) -> Link | None:
    """The link of a key that is proposed or in force."""
    return next(iter(_fetch(db, "key = ? AND state IN (?, ?)", key, *CURRENT)), None)


def fetch_links_of_outage(db: Database, outage: str) -> list[Link]:
    """Every link of an outage, in the order of their proposal."""
    return _fetch(db, "outage = ?", outage)


def fetch_once_confirmed_links(db: Database, outage: str) -> list[Link]:
    """The links of an outage that are or were in force, in the order of their proposal."""
    return _fetch(db, "outage = ? AND confirmed <> ''", outage)


def fetch_confirmed_links(db: Database) -> list[Link]:
    """The links in force."""
    return _fetch(db, "state = ?", LinkState.CONFIRMED)


def _fetch(db: Database, condition: str, *values: str) -> list[Link]:
    query = f"SELECT * FROM identity_link WHERE {condition} ORDER BY proposed, rowid"
    return [_link(row) for row in db.query(query, values)]


def save_link(db: Database, link: Link) -> None:
    """Insert or replace a link; a row is never removed."""
    row = asdict(link) | {
        "exact": int(link.exact),
        "person": orjson.dumps(link.person._asdict()).decode(),
        "paper": orjson.dumps([person._asdict() for person in link.paper]).decode(),
    }
    db.table("identity_link").upsert(row, pk="id")


def _link(row: Mapping[str, Any]) -> Link:
    values = {
        "state": LinkState(row["state"]),
        "exact": bool(row["exact"]),
        "person": PaperPerson(**orjson.loads(row["person"])),
        "paper": _people(orjson.loads(row["paper"])),
    }
    return build_record(Link, {**row, **values})


def _people(rows: Iterable[dict[str, str]]) -> tuple[PaperPerson, ...]:
    return tuple(PaperPerson(**row) for row in rows)
