"""The SQL of what forms say of tests and doses, read beside what was found of each."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import orjson
from sqlite_utils import Database

from downtime.reconcile.duplicates.model import (
    RETURNABLE_STATES,
    FormStatement,
    is_patient_certain,
)
from downtime.reconcile.duplicates.specimen_sites import describe_site
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
