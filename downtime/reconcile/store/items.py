"""The SQL of compared items and what was decided about them (`item`)."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, fields, replace
from functools import lru_cache
from operator import attrgetter
from typing import Any, Literal, NamedTuple

import orjson
from sqlite_utils import Database

from downtime.entry.facts import Fact, PaperPerson
from downtime.reconcile.model import (
    ALL_ITEMS,
    PROPOSED,
    UNDECIDED,
    Decision,
    DecisionRecord,
    Item,
    ItemFilter,
    ItemState,
    StoredItem,
)
from downtime.reconcile.reasons import decode_reasons, encode_reasons
from downtime.vault.database import json_list

Counted = Literal["state", "type", "system", "ward", "form"]
"""By what items are counted."""

_DECISION_COLUMNS = tuple(f.name for f in fields(DecisionRecord))

_COLUMNS = (
    "key", "outage", "serial", "form", "ward", "type", "system", "state", "explanation", "reasons",
    "patient", "matched", "person", "fact", "digest", "snapshot", "compared", "event",
    "transcriber", "is_open", "second", *_DECISION_COLUMNS,
)  # fmt: skip

_SAVE = (
    f"INSERT OR REPLACE INTO item ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
)

_NAMES = ", ".join(f"item.{name}" for name in _COLUMNS)

_OF_FORMS = "JOIN json_each(?) AS s ON item.key > s.value || '-' AND item.key < s.value || '.'"
"""A key is the serial of its form, a hyphen and more; a full stop follows the hyphen in ASCII."""

_DECIDE = (
    f"UPDATE item SET {', '.join(f'{name} = ?' for name in _DECISION_COLUMNS)}, is_open = ?"
    " WHERE key = ?"
)

_OF_ANY_STATE = (
    f" AND is_open IN (0, 1) AND state IN ({', '.join(repr(str(s)) for s in ItemState)})"
)
"""What every item is: the index of types begins with these, and reads only the items of one type then."""

_OF_PATIENTS = (
    "SELECT rowid FROM item WHERE outage = ?1 AND patient <> ''"
    " AND patient IN (SELECT value FROM json_each(?2))"
)

_OF_NOBODY = (
    f" UNION ALL SELECT rowid FROM (SELECT rowid FROM item WHERE outage = ?1{_OF_ANY_STATE}"
    " AND type IN (SELECT value FROM json_each(?3))"
    " EXCEPT SELECT rowid FROM item WHERE outage = ?1 AND patient <> '')"
)
"""What no patient has: from two indexes, so that no other item is read."""


def fact_digest(fact: Fact) -> str:
    """SHA-256 of all that a fact says: it changes when the entry is corrected."""
    return _sha256(_fact_json(fact))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def fetch_items(
    db: Database,
    outage: str,
    *,
    state: ItemState | Literal[""] = "",
    decision: Decision | Literal[""] = "",
    system: str = "",
    type: str = "",
) -> Iterator[StoredItem]:
    """Items of an outage in the order of system, form and key, narrowed by what is not empty."""
    where, values = _where(ItemFilter(state=state, decision=decision, system=system, type=type))
    where += _OF_ANY_STATE if type else ""
    return _fetch(db, f"WHERE outage = ?{where} ORDER BY system, form, key", outage, *values)


def count_items_of_patients(db: Database, outage: str) -> dict[str, int]:
    """By id of every patient, empty for nobody known, how many items there are."""
    query = (  # of who is known alone, so that their index serves and no item is read
        "SELECT patient, count(*) FROM item WHERE outage = ? AND patient <> '' GROUP BY patient"
    )
    counts = {row[0]: row[1] for row in db.conn.execute(query, (outage,))}
    of_nobody = count_items(db, outage) - sum(counts.values())
    return ({"": of_nobody} if of_nobody else {}) | counts


def fetch_items_of_patients(
    db: Database, outage: str, patients: Iterable[str], types: Iterable[str]
) -> Iterator[StoredItem]:
    """Items of some types about these patients (empty for nobody known), by system, form and key."""
    wanted = list(patients)
    clause = (
        f"WHERE item.rowid IN ({_OF_PATIENTS}{_OF_NOBODY if '' in wanted else ''})"
        " AND type IN (SELECT value FROM json_each(?3)) ORDER BY system, form, key"
    )
    return _fetch(db, clause, outage, json_list(wanted), json_list(types))


def fetch_item_page(
    db: Database, outage: str, item_filter: ItemFilter, limit: int, offset: int = 0
) -> list[StoredItem]:
    """A page of the items that a filter lets through, in the order in which they happened."""
    where, values = _where(item_filter)
    clause = f"WHERE outage = ?{where} ORDER BY event, key LIMIT ? OFFSET ?"
    return list(_fetch(db, clause, outage, *values, limit, offset))


class OpenLine(NamedTuple):
    """What a list needs of an item that is not through: nothing of what it says."""

    key: str
    serial: str
    downtime_number: str
    type: str
    ward: str
    event: str
    state: ItemState
    is_open: bool
    """False for one that is decided to be returned, and has not gone out."""


def fetch_open_lines(db: Database, outage: str, *, with_people: bool = False) -> Iterator[OpenLine]:
    """Every item that waits for a decision, or to be sent; `with_people` with downtime numbers.

    Two queries in one, so that each is answered from an index of its own and no item is read.
    """
    number = "coalesce(json_extract(person, '$.downtime_number'), '')" if with_people else "''"
    select = f"SELECT key, serial, {number}, type, ward, event, state, is_open FROM item"
    query = (
        f"{select} WHERE outage = ?1 AND is_open"
        f" UNION ALL {select} WHERE outage = ?1 AND decision = 'return' AND NOT is_open"
    )
    return (
        OpenLine(key, serial, number, kind, ward, event, _STATES[state], bool(is_open))
        for key, serial, number, kind, ward, event, state, is_open in db.conn.execute(
            query, (outage,)
        )
    )


def fetch_items_after(
    db: Database, outage: str, item_filter: ItemFilter, begin: tuple[str, str], limit: int
) -> list[StoredItem]:
    """The next items that a filter lets through behind a time of event and key, in that order."""
    where, values = _where(item_filter)
    clause = f"WHERE outage = ?{where} AND (event, key) > (?, ?) ORDER BY event, key LIMIT ?"
    return list(_fetch(db, clause, outage, *values, *begin, limit))


def fetch_decision_times(db: Database, outage: str) -> list[str]:
    """When each item that is decided was decided (UTC text), in the order of time."""
    query = "SELECT decided FROM item WHERE outage = ? AND decided <> '' ORDER BY decided"
    return [row[0] for row in db.conn.execute(query, (outage,))]


class ItemText(NamedTuple):
    """An item and all the words by which somebody may look for it."""

    key: str
    texts: tuple[str, ...]


def read_texts(db: Database, outage: str, item_filter: ItemFilter) -> Iterator[ItemText]:
    """The items that a filter lets through, in the order in which they happened, with their words."""
    where, values = _where(item_filter)
    query = (
        "SELECT key, type, system, ward, person, fact FROM item"
        f" WHERE outage = ?{where} ORDER BY event, key"
    )
    for key, *texts, person, fact in db.conn.execute(query, (outage, *values)):
        content = orjson.loads(fact)
        people = (*orjson.loads(person).values(), *content["person"].values())
        yield ItemText(key, (key, *texts, *content["fields"].values(), *people))


def count_items(db: Database, outage: str, item_filter: ItemFilter = ALL_ITEMS) -> int:
    """How many items a filter lets through."""
    where, values = _where(item_filter)
    query = f"SELECT count(*) FROM item WHERE outage = ?{where}"
    return int(db.execute(query, [outage, *values]).fetchone()[0])


def count_items_by(
    db: Database, outage: str, column: Counted, item_filter: ItemFilter = ALL_ITEMS
) -> dict[str, int]:
    """How many of these items there are by one of their columns."""
    where, values = _where(item_filter)
    query = f"SELECT {column}, count(*) FROM item WHERE outage = ?{where} GROUP BY 1 ORDER BY 1"
    return {str(row[0]): int(row[1]) for row in db.execute(query, [outage, *values])}


def _where(item_filter: ItemFilter) -> tuple[str, list[str]]:
    if item_filter.decision == PROPOSED:
        waiting = replace(item_filter, decision=Decision.OPEN, open_only=True)
        clause, values = _where(waiting)
        return f"{clause} AND proposal <> ''", values
    columns = item_filter.as_dict()
    clause = "".join(f" AND {name} = ?" for name in columns)
    return clause + (" AND is_open" if item_filter.open_only else ""), list(columns.values())


def fetch_by_serials(db: Database, serials: Iterable[str]) -> list[StoredItem]:
    """The items of some forms."""
    return list(_fetch(db, _OF_FORMS, json_list(serials)))


def fetch_by_keys(db: Database, keys: Iterable[str]) -> list[StoredItem]:
    """Some items by their keys, in the order in which they happened."""
    clause = "WHERE item.key IN (SELECT value FROM json_each(?)) ORDER BY event, key"
    return list(_fetch(db, clause, json_list(keys)))


def fetch_settled_patients(db: Database, outage: str, keys: Iterable[str]) -> dict[str, str]:
    """Those of some keys that were compared and of which nothing waits, with the patient found."""
    query = (  # by key: without the plus SQLite reads every item of the outage
        "SELECT key, patient FROM item WHERE +outage = ? AND NOT is_open"
        " AND key IN (SELECT value FROM json_each(?))"
    )
    rows = db.execute(query, [outage, json_list(keys)])
    return {row[0]: row[1] for row in rows}


class ItemDigest(NamedTuple):
    """What proves an item: the digest of its fact as it was compared, and of the fact as it lies there."""

    key: str
    serial: str
    state: str
    decision: str
    digest: str
    fact_sha256: str
    reasons: str


def fetch_digests(db: Database, outage: str) -> Iterator[ItemDigest]:
    """Of every item of an outage."""
    query = (
        "SELECT key, serial, state, decision, digest, fact, reasons FROM item WHERE outage = ?"
        " ORDER BY key"
    )
    for key, serial, state, decision, digest, fact, reasons in db.conn.execute(query, (outage,)):
        yield ItemDigest(key, serial, state, decision, digest, _sha256(fact.encode()), reasons)


def count_by_state(db: Database, outage: str) -> list[dict[str, Any]]:
    """How many items there are of each state and decision."""
    query = (
        "SELECT state, decision, count(*) AS items FROM item WHERE outage = ?"
        " GROUP BY state, decision ORDER BY state, decision"
    )
    return [dict(row) for row in db.query(query, [outage])]


def _fetch(db: Database, clause: str, *values: object) -> Iterator[StoredItem]:
    cursor = db.conn.execute(f"SELECT {_NAMES} FROM item {clause}", values)
    return map(_row, cursor)


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
        _DECIDE, ((*_decision_values(r.decided), int(r.is_open), r.key) for r in rows)
    )


def delete_items(db: Database, keys: Iterable[str]) -> None:
    """Forget items whose form no longer says so; never one that was returned."""
    db.conn.executemany(
        "DELETE FROM item WHERE key = ? AND decision <> 'returned'", [(key,) for key in keys]
    )


def _columns(row: StoredItem) -> tuple[Any, ...]:
    item, fact = row.item, row.item.fact
    content = _fact_json(fact)
    return (
        fact.key, row.outage, fact.serial, fact.form, fact.ward, fact.type, fact.system,
        _STATE_TEXTS[item.state],
        "", encode_reasons(item.reasons), item.patient, _ids_json(item.matched_ids),
        encode_person(item.person), content.decode(), row.digest or _sha256(content),
        row.snapshot, row.compared, fact.event, fact.transcriber, int(row.is_open),
        int(item.needs_second_person), *_decision_values(row.decided),
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
def encode_person(person: PaperPerson) -> str:
    """A person as JSON without what is empty."""
    details = zip(PaperPerson._fields, person, strict=True)
    return orjson.dumps({name: text for name, text in details if text}).decode()


_decision_fields = attrgetter(*_DECISION_COLUMNS)


def _decision_values(record: DecisionRecord) -> tuple[str, ...]:
    if record is UNDECIDED:  # as nearly all are that a comparison saves
        return _UNDECIDED_VALUES
    return tuple(map(str, _decision_fields(record)))


_UNDECIDED_VALUES = tuple(map(str, _decision_fields(UNDECIDED)))


# A driver binds an exact text six times as fast as a member of an enumeration.
_STATE_TEXTS = {state: str(state) for state in ItemState}
_STATES = {str(state): state for state in ItemState}
_DECISIONS = {str(decision): decision for decision in Decision}


def _row(row: Sequence[Any]) -> StoredItem:
    # In the order of _COLUMNS.
    _, outage, _, _, _, _, _, state, explanation, reasons, patient, matched, person, *more = row
    fact, digest, snapshot, compared, _, _, _, second, *decision = more
    item = Item(
        _fact(orjson.loads(fact)),
        _STATES[state],
        decode_reasons(orjson.loads(reasons) if reasons else explanation),
        patient,
        tuple(orjson.loads(matched)),
        PaperPerson(**orjson.loads(person)),
        bool(second),
    )
    is_decided = tuple(decision) != _UNDECIDED_VALUES  # as few are
    values = zip(_DECISION_COLUMNS, decision, strict=True)
    decided = _decision_record(dict(values)) if is_decided else UNDECIDED
    return StoredItem(item, outage, digest, snapshot, compared, decided)


def _fact(content: dict[str, Any]) -> Fact:
    content["person"] = PaperPerson(**content["person"])
    content["notes"] = tuple((label, answer) for label, answer in content.get("notes", ()))
    return Fact(**content)


def _decision_record(values: dict[str, Any]) -> DecisionRecord:
    proposal = values["proposal"]
    return DecisionRecord(
        **{
            **values,
            "decision": _DECISIONS[values["decision"]],
            "proposal": _DECISIONS[proposal] if proposal else "",
        }
    )


def encode_decision(row: StoredItem) -> str:
    """What was decided about an item, to be put back when a decision in bulk is undone."""
    return orjson.dumps(asdict(row.decided)).decode()


def decode_decision(text: str) -> DecisionRecord:
    """What `encode_decision` wrote."""
    return _decision_record(orjson.loads(text))
