"""The SQL of what forms say alike: what else is said of some patients, and what was found of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlite_utils import Database

from downtime.reconcile.duplicates import annotate, specimen_sites
from downtime.reconcile.duplicates.model import FormStatement


class StoredStatement(NamedTuple):
    """What another form says, and the key of the one that was found to say the same."""

    said: FormStatement
    left: bool
    """Whether it could be returned, so that it is marked."""
    other: str
    unit: str
    """What names its unit of blood, if another form was found to name it too."""
    firm: bool


_SELECT = (
    "SELECT item.key, item.serial, type, system, patient, event, form, decision, matched,"
    " coalesce(alone ->> 0, state), json_extract(fact, '$.fields'), json_extract(fact, '$.notes'),"
    " coalesce(item_twice.other, ''), coalesce(item_twice.unit, ''), coalesce(firm, 0)"
    " FROM item LEFT JOIN item_twice ON item_twice.key = item.key"
    " WHERE item.outage = ? AND state <> 'newer-live'"
    " AND item.serial NOT IN (SELECT value FROM json_each(?))"
)
_OF_PATIENTS = (
    " AND type IN ('ServiceRequest', 'MedicationAdministration') AND patient <> ''"
    " AND patient IN (SELECT value FROM json_each(?))"
)
_UNITS = " AND type = 'MedicationAdministration' AND json_extract(fact, '$.fields.batch') <> ''"


def fetch_statements(
    db: Database, outage: str, patients: Collection[str], serials: Collection[str], *, units: bool
) -> list[StoredStatement]:
    """What forms other than these say of tests and doses of these patients, and of any unit."""
    own = _json(serials)
    rows = list(db.conn.execute(_SELECT + _OF_PATIENTS, (outage, own, _json(patients))))
    if units:
        rows += db.conn.execute(_SELECT + _UNITS, (outage, own))
    found = {row[0]: row for row in rows}
    return [_other(row) for row in found.values()]


def _other(row: Sequence[Any]) -> StoredStatement:
    key, serial, kind, system, patient, event, form, decision, matched, state = row[:10]
    fields, notes, other, unit, firm = row[10:]
    said = FormStatement(
        key, serial, kind, system, patient, event, orjson.loads(fields), form,
        specimen_sites.described(orjson.loads(notes or "[]")), state, decision,
        annotate.is_patient_certain(state, matched != "[]"),
    )  # fmt: skip
    return StoredStatement(said, state in annotate.RETURNABLE_STATES, other, unit, bool(firm))


class DuplicateFinding(NamedTuple):
    """What was found of one form's item; all but `other` only for a unit of blood."""

    key: str
    other: str
    unit: str = ""
    place: str = ""
    firm: bool = False
    alone: str = "[]"


def encode_own_finding(state: str, explanation: str, second: bool) -> str:
    """What the comparison found of an item by itself, as it is kept."""
    return orjson.dumps((state, explanation, second)).decode()


def save_findings(
    db: Database, outage: str, serials: Iterable[str], found: Iterable[DuplicateFinding]
) -> None:
    """What these forms say that another one says too, in place of what was found before."""
    db.conn.execute(
        "DELETE FROM item_twice WHERE serial IN (SELECT value FROM json_each(?))", (_json(serials),)
    )
    db.conn.executemany(
        "INSERT OR REPLACE INTO item_twice (key, outage, serial, other, unit, place, firm, alone)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        ((one.key, outage, one.key.partition("-")[0], *one[1:]) for one in found),
    )


def fetch_dangling_serials(db: Database, outage: str) -> set[str]:
    """Serials of forms that were marked for what no other form says any more."""
    query = (
        "SELECT serial FROM item_twice WHERE outage = ? AND other <> ''"
        " AND NOT EXISTS (SELECT 1 FROM item WHERE item.key = item_twice.other)"
    )
    return {row[0] for row in db.conn.execute(query, (outage,))}


def fetch_followers(db: Database, keys: Iterable[str]) -> set[str]:
    """Keys of what was found to say the same as one of these."""
    query = "SELECT key FROM item_twice WHERE other IN (SELECT value FROM json_each(?))"
    return {row[0] for row in db.conn.execute(query, (_json(keys),))}


class UnitMember(NamedTuple):
    """An item that names a unit of blood, as it stands now and as it was found by itself."""

    unit: str
    key: str
    serial: str
    system: str
    state: str
    decision: str
    firm: bool
    other: str
    alone: tuple[str, str, bool]


def fetch_unit_members(db: Database, outage: str, keys: Iterable[str]) -> list[UnitMember]:
    """All that name the units of these items on other forms too, by unit, in order."""
    query = (
        "SELECT unit, item.key, item.serial, system, state, decision, firm, other, alone"
        " FROM item_twice JOIN item ON item.key = item_twice.key WHERE item_twice.outage = ?"
        " AND unit <> '' AND unit IN"
        " (SELECT unit FROM item_twice WHERE key IN (SELECT value FROM json_each(?)))"
        " ORDER BY unit, place"
    )
    rows = db.conn.execute(query, (outage, _json(keys)))
    return [_member(row) for row in rows]


def _member(row: Sequence[Any]) -> UnitMember:
    unit, key, serial, system, state, decision, firm, other, alone = row
    by_itself = orjson.loads(alone)
    return UnitMember(
        unit, key, serial, system, state, decision, bool(firm), other, tuple(by_itself)
    )


def save_representatives(db: Database, others: Mapping[str, str]) -> None:
    """By key, what now stands for each; empty when it stands itself."""
    query = "UPDATE item_twice SET other = ? WHERE key = ?"
    db.conn.executemany(query, ((other, key) for key, other in others.items()))


def _json(texts: Iterable[str]) -> str:
    return orjson.dumps(list(texts)).decode()
