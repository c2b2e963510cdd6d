"""The SQL of what forms say too: other forms' statements, and what was found of each (`item_twice`)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlite_utils import Database

from downtime.reconcile.duplicates.model import (
    RETURNABLE_STATES,
    FormStatement,
    is_patient_certain,
    rank_settlement,
)
from downtime.reconcile.duplicates.tests_and_doses import describe_site
from downtime.reconcile.model import Decision, ItemState
from downtime.reconcile.reasons import Reasons, decode_reasons
from downtime.vault.database import json_list


class StoredStatement(NamedTuple):
    """What another form says, and the key of the one that was found to say the same."""

    statement: FormStatement
    is_returnable: bool
    """Whether it could be returned, so that it is annotated."""
    other: str
    unit: str
    """What names its unit of blood, if another form was found to name it too."""
    is_consistent: bool


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
    db: Database,
    outage: str,
    patients: Collection[str],
    serials: Collection[str],
    *,
    with_units: bool,
) -> list[StoredStatement]:
    """What forms other than these say of tests and doses of these patients, and of any unit."""
    own_serials = json_list(serials)
    rows = list(db.conn.execute(_SELECT + _OF_PATIENTS, (outage, own_serials, json_list(patients))))
    if with_units:
        rows += db.conn.execute(_SELECT + _UNITS, (outage, own_serials))
    rows_by_key = {row[0]: row for row in rows}
    return [_statement(row) for row in rows_by_key.values()]


def _statement(row: Sequence[Any]) -> StoredStatement:
    key, serial, record_type, system, patient, event, form, decision, matched_ids, state = row[:10]
    fields, notes, other, unit, is_consistent = row[10:]
    statement = FormStatement(
        key, serial, record_type, system, patient, event, orjson.loads(fields), form,
        describe_site(orjson.loads(notes or "[]")), state, decision,
        is_patient_certain(state, has_match=matched_ids != "[]"),
    )  # fmt: skip
    return StoredStatement(statement, state in RETURNABLE_STATES, other, unit, bool(is_consistent))


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


class OwnFinding(NamedTuple):
    """What the comparison found of an item by itself."""

    state: ItemState
    reasons: Reasons
    needs_second_person: bool


class UnitMember(NamedTuple):
    """An item that names a unit of blood, as it stands now and as it was found by itself."""

    unit: str
    key: str
    serial: str
    system: str
    state: ItemState
    decision: Decision
    is_consistent: bool
    other: str
    alone: OwnFinding

    @property
    def is_left_out(self) -> bool:
        return self.decision == Decision.LEAVE

    @property
    def settlement_rank(self) -> int:
        """How firmly it is settled that it goes; see `rank_settlement`."""
        return rank_settlement(self.state, self.decision)


def fetch_unit_members(db: Database, outage: str, keys: Iterable[str]) -> list[UnitMember]:
    """All that name the units of these items on other forms too, by unit, in order."""
    query = (
        "SELECT unit, item.key, item.serial, system, state, decision, firm, other, alone"
        " FROM item_twice JOIN item ON item.key = item_twice.key WHERE item_twice.outage = ?"
        " AND unit <> '' AND unit IN"
        " (SELECT unit FROM item_twice WHERE key IN (SELECT value FROM json_each(?)))"
        " ORDER BY unit, place"
    )
    return [_member(row) for row in db.conn.execute(query, (outage, json_list(keys)))]


def _member(row: Sequence[Any]) -> UnitMember:
    unit, key, serial, system, state, decision, is_consistent, other, alone = row
    own_state, reasons, needs_second_person = orjson.loads(alone)
    finding = OwnFinding(ItemState(own_state), decode_reasons(reasons), bool(needs_second_person))
    return UnitMember(
        unit, key, serial, system, ItemState(state), Decision(decision), bool(is_consistent),
        other, finding,
    )  # fmt: skip


def save_representatives(db: Database, others: Mapping[str, str]) -> None:
    """By key, what now represents each; empty when it is returned itself."""
    query = "UPDATE item_twice SET other = ? WHERE key = ?"
    db.conn.executemany(query, ((other, key) for key, other in others.items()))
