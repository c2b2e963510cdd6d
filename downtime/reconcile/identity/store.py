"""The SQL of identity links (`identity_link`): who is which patient, who said so and when."""

import secrets
from dataclasses import asdict

from sqlite_utils import Database

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
    return [build_record(Link, row) for row in db.query(query, values)]


def save_link(db: Database, link: Link) -> None:
    """Insert or replace a link; a row is never removed."""
    people = {
        "person": link.person._asdict(),
        "paper": [person._asdict() for person in link.paper],
    }
    db.table("identity_link").upsert(asdict(link) | people, pk="id")
