"""The SQL of what was found of each item that another form says too (`item_twice`)."""

from collections.abc import Iterable
from typing import NamedTuple

import orjson
from sqlite_utils import Database

from downtime.reconcile.model import ItemState
from downtime.reconcile.reasons import Reasons
from downtime.vault.database import json_list


class StoredFinding(NamedTuple):
    """What was found of one form's item; all but `other` only for a unit of blood."""

    key: str
    other: str
    """Key of what represents it, or what it contradicts; empty when it is returned itself."""
    unit: str = ""
    is_consistent: bool = False
    sort_key: str = ""
    alone: str = "[]"


def encode_own_finding(state: ItemState, reasons: Reasons, needs_second_person: bool) -> str:
    """What the comparison found of an item by itself, as JSON."""
    pairs = [(code, dict(values)) for code, values in reasons]
    return orjson.dumps((state, pairs, needs_second_person)).decode()


def save_findings(
    db: Database, outage: str, serials: Iterable[str], findings: Iterable[StoredFinding]
) -> None:
    """What these forms say that another one says too, in place of what was found before."""
    db.conn.execute(
        "DELETE FROM item_twice WHERE serial IN (SELECT value FROM json_each(?))",
        (json_list(serials),),
    )
    db.conn.executemany(
        "INSERT OR REPLACE INTO item_twice (key, outage, serial, other, unit, firm, place, alone)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        ((row.key, outage, row.key.partition("-")[0], *row[1:]) for row in findings),
    )


def fetch_dangling_serials(db: Database, outage: str) -> set[str]:
    """Serials of forms that were annotated for what no other form says any more."""
    query = (
        "SELECT serial FROM item_twice WHERE outage = ? AND other <> ''"
        " AND NOT EXISTS (SELECT 1 FROM item WHERE item.key = item_twice.other)"
    )
    return {row[0] for row in db.conn.execute(query, (outage,))}


def fetch_followers(db: Database, keys: Iterable[str]) -> set[str]:
    """Keys of what was found to say the same as one of these."""
    query = "SELECT key FROM item_twice WHERE other IN (SELECT value FROM json_each(?))"
    return {row[0] for row in db.conn.execute(query, (json_list(keys),))}
