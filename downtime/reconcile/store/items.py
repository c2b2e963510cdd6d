"""The SQL of compared items and what was decided about them."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields, replace
from functools import lru_cache
from operator import attrgetter
from typing import Any

import orjson
from sqlite_utils import Database

from downtime.entry.facts import Fact, Person
from downtime.reconcile.model import (
    ALL_ITEMS,
    PROPOSED,
    DecisionRecord,
    Decision,
    ItemFilter,
    Item,
    StoredItem,
    ItemState,
    ComparisonRun,
)

_DECIDED = tuple(f.name for f in fields(DecisionRecord))
_COLUMNS = (
    "key", "outage", "serial", "form", "ward", "type", "system", "state", "explanation", "patient",
    "matched", "person", "fact", "digest", "snapshot", "compared", "event", "transcriber",
    "is_open", "second", *_DECIDED,
)  # fmt: skip
_SAVE = (
    f"INSERT OR REPLACE INTO item ({', '.join(_COLUMNS)})"  # noqa: S608
    f" VALUES ({', '.join('?' * len(_COLUMNS))})"
)
_NAMES = ", ".join(f"item.{name}" for name in _COLUMNS)
_OF_FORMS = "JOIN json_each(?) AS s ON item.key > s.value || '-' AND item.key < s.value || '.'"
"""A key is the serial of its form, a hyphen and more; a full stop follows the hyphen in ASCII."""
_DECIDE = (
    f"UPDATE item SET {', '.join(f'{name} = ?' for name in _DECIDED)}, is_open = ? WHERE key = ?"  # noqa: S608
)


def fact_digest(fact: Fact) -> str:
    """SHA-256 of all that a fact says: it changes when the entry is corrected."""
    return _sha256(_fact_json(fact))


def _sha256(said: bytes) -> str:
    return hashlib.sha256(said).hexdigest()


def fetch_items(
    db: Database,
    outage: str,
    *,
    state: str = "",
    decision: str = "",
    system: str = "",
    key: str = "",
) -> Iterator[StoredItem]:
    """Items of an outage in the order of system, form and event; every filter that is given applies."""
    wanted = ItemFilter(state=state, decision=decision, system=system)
    where, values = _where(wanted)
    if key:
        where, values = f"{where} AND key = ?", [*values, key]
    return _rows(db, f"WHERE outage = ?{where} ORDER BY system, form, key", outage, *values)


def fetch_item_page(
    db: Database, outage: str, wanted: ItemFilter, limit: int, offset: int = 0
) -> list[StoredItem]:
    """A page of the items that a filter lets through, in the order in which they happened."""
    where, values = _where(wanted)
    rest = f"WHERE outage = ?{where} ORDER BY event, key LIMIT ? OFFSET ?"
    return list(_rows(db, rest, outage, *values, limit, offset))


def count_items(db: Database, outage: str, wanted: ItemFilter) -> int:
    """How many items a filter lets through."""
    where, values = _where(wanted)
    query = f"SELECT count(*) FROM item WHERE outage = ?{where}"  # noqa: S608
    return int(db.execute(query, [outage, *values]).fetchone()[0])


def count_items_by(
    db: Database, outage: str, name: str, wanted: ItemFilter = ALL_ITEMS
) -> dict[str, int]:
    """How many of these items there are by `state`, `type`, `system`, `ward`, `form` …"""
    if name not in _COLUMNS:
        raise KeyError(name)
    where, values = _where(wanted)
    query = f"SELECT {name}, count(*) FROM item WHERE outage = ?{where} GROUP BY 1 ORDER BY 1"  # noqa: S608
    return {str(row[0]): int(row[1]) for row in db.execute(query, [outage, *values])}


def _where(wanted: ItemFilter) -> tuple[str, list[str]]:
    given = wanted.as_dict()
    if given.get("decision") == PROPOSED:
        said, values = _where(replace(wanted, decision=Decision.OPEN, open_only=True))
        return f"{said} AND proposal <> ''", values
    said = "".join(f" AND {name} = ?" for name in given)
    return said + (" AND is_open" if wanted.open_only else ""), list(given.values())


def fetch_by_serials(db: Database, serials: Iterable[str]) -> list[StoredItem]:
    """The items of some forms."""
    wanted = orjson.dumps(list(serials)).decode()
    return list(_rows(db, _OF_FORMS, wanted))


def fetch_by_keys(db: Database, keys: Iterable[str]) -> list[StoredItem]:
    """Some items by their keys, in the order in which they happened."""
    wanted = orjson.dumps(list(keys)).decode()
    return list(
        _rows(db, "WHERE item.key IN (SELECT value FROM json_each(?)) ORDER BY event, key", wanted)
    )


def fetch_settled_patients(db: Database, outage: str, keys: Iterable[str]) -> dict[str, str]:
    """Those of some keys that were compared and of which nothing waits, with the patient found."""
    query = (
        "SELECT key, patient FROM item WHERE outage = ? AND NOT is_open"
        " AND key IN (SELECT value FROM json_each(?))"
    )
    rows = db.execute(query, [outage, orjson.dumps(list(keys)).decode()])
    return {row[0]: row[1] for row in rows}


def _rows(db: Database, rest: str, *values: object) -> Iterator[StoredItem]:
    cursor = db.conn.execute(f"SELECT {_NAMES} FROM item {rest}", values)  # noqa: S608
    return (_row(dict(zip(_COLUMNS, row, strict=True))) for row in cursor)


def outage_of(db: Database, key: str) -> str:
    """The outage an item belongs to; empty when there is no such item."""
    row = db.execute("SELECT outage FROM item WHERE key = ?", [key]).fetchone()
    return str(row[0]) if row else ""


def save_items(db: Database, rows: Iterable[StoredItem]) -> None:
    """Insert or replace items."""
    db.conn.executemany(_SAVE, map(_columns, rows))


def mark_compared(db: Database, keys: Iterable[str], snapshot: str, at: str) -> None:
    """Record of items that are as they were with which snapshot they were compared last."""
    query = "UPDATE item SET snapshot = ?, compared = ? WHERE key = ?"
    db.conn.executemany(query, ((snapshot, at, key) for key in keys))


def save_decisions(db: Database, rows: Iterable[StoredItem]) -> None:
    """Replace what was decided about some items by what these rows say."""
    db.conn.executemany(
        _DECIDE,
        ((*_decided(r.decided), int(r.is_open), r.key) for r in rows),
    )


def delete_items(db: Database, keys: Iterable[str]) -> None:
    """Forget items whose form no longer says so; never one that went out."""
    db.conn.executemany(
        "DELETE FROM item WHERE key = ? AND decision <> 'returned'", [(key,) for key in keys]
    )


def save_run(db: Database, run: ComparisonRun) -> None:
    """Record that a comparison was run."""
    db["comparison"].insert(run._asdict())  # type: ignore[union-attr]


def fetch_runs(db: Database, outage: str) -> list[ComparisonRun]:
    """Every comparison of an outage, oldest first."""
    rows = db.query("SELECT * FROM comparison WHERE outage = ? ORDER BY at, rowid", [outage])
    return [ComparisonRun(**row) for row in rows]


def fetch_last_run(db: Database, outage: str) -> ComparisonRun | None:
    """The last comparison of an outage."""
    query = "SELECT * FROM comparison WHERE outage = ? ORDER BY at DESC, rowid DESC LIMIT 1"
    row = next(db.query(query, [outage]), None)
    return ComparisonRun(**row) if row else None


def count_by_state(db: Database, outage: str) -> list[dict[str, Any]]:
    """How many items there are of each state and decision."""
    query = (
        "SELECT state, decision, count(*) AS items FROM item WHERE outage = ?"
        " GROUP BY state, decision ORDER BY state, decision"
    )
    return [dict(row) for row in db.query(query, [outage])]


def _columns(row: StoredItem) -> tuple[Any, ...]:
    item, fact = row.item, row.item.fact
    said = _fact_json(fact)
    return (
        fact.key, row.outage, fact.serial, fact.form, fact.ward, fact.type, fact.system, item.state,
        item.explanation, item.patient, _ids_json(item.matched_ids),
        encode_person(item.person), said.decode(), row.digest or _sha256(said),
        row.snapshot, row.compared, fact.event, fact.transcriber, int(row.is_open),
        int(item.needs_second_person), *_decided(row.decided),
    )  # fmt: skip


def _fact_json(fact: Fact) -> bytes:
    """A fact as JSON, what is empty of its person left out: half of the bytes to encrypt."""
    return orjson.dumps(
        {
            "key": fact.key, "type": fact.type, "system": fact.system, "form": fact.form,
            "serial": fact.serial, "ward": fact.ward,
            "person": orjson.Fragment(encode_person(fact.person)), "event": fact.event,
            "entered": fact.entered, "author": fact.author, "author_role": fact.author_role,
            "transcriber": fact.transcriber, "fields": dict(fact.fields), "notes": fact.notes,
        }
    )  # fmt: skip


def _ids_json(ids: tuple[str, ...]) -> str:
    return orjson.dumps(ids).decode() if ids else "[]"


@lru_cache(maxsize=8192)
def encode_person(person: Person) -> str:
    """A person as JSON without what is empty."""
    said = {name: text for name, text in zip(Person._fields, person, strict=True) if text}
    return orjson.dumps(said).decode()


_decided = attrgetter(*_DECIDED)


def _row(row: Mapping[str, Any]) -> StoredItem:
    item = Item(
        _fact(orjson.loads(row["fact"])),
        ItemState(row["state"]),
        row["explanation"],
        row["patient"],
        tuple(orjson.loads(row["matched"])),
        Person(**orjson.loads(row["person"])),
        bool(row["second"]),
    )
    decided = DecisionRecord(**{name: row[name] for name in _DECIDED})
    return StoredItem(item, row["outage"], row["digest"], row["snapshot"], row["compared"], decided)


def _fact(held: dict[str, Any]) -> Fact:
    notes = tuple((label, answer) for label, answer in held.get("notes", ()))
    return Fact(**{**held, "person": Person(**held["person"]), "notes": notes})


def encode_decision(row: StoredItem) -> str:
    """What was decided about an item, to be put back when a decision in bulk is undone."""
    return orjson.dumps(asdict(row.decided)).decode()


def decode_decision(text: str) -> DecisionRecord:
    """What `decided_json` wrote."""
    return DecisionRecord(**orjson.loads(text))
