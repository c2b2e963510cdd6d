"""The SQL of what forms say of their patients, read beside what was found of each."""

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
from downtime.reconcile.model import ItemState
from downtime.reconcile.reasons import decode_reasons
from downtime.vault.database import json_list


class StoredStatement(NamedTuple):
    """What another form says, and the key of the one that was found to say the same."""

    statement: FormStatement
    is_returnable: bool
    """Whether it could be returned, so that it is annotated."""
    other: str
    unit: str
    """What names its unit of blood, or its group, if another form was found to name it too."""
    is_consistent: bool
    matched_ids: tuple[str, ...]
    """The live records that it was found to mean."""
    is_compared: bool
    """Whether it was laid beside live records: its patient is certain and its system is back."""


_SELECT = (
    "SELECT item.key, item.serial, type, system, patient, event, form, decision, matched, reasons,"
    " coalesce(alone ->> 0, state), state, json_extract(fact, '$.fields'),"
    " json_extract(fact, '$.notes'),"
    " coalesce(item_twice.other, ''), coalesce(item_twice.unit, ''), coalesce(firm, 0)"
    " FROM item LEFT JOIN item_twice ON item_twice.key = item.key"
    " WHERE item.outage = ? AND item.serial NOT IN (SELECT value FROM json_each(?))"
)


_OF_PATIENTS = " AND patient <> '' AND patient IN (SELECT value FROM json_each(?))"


_UNITS = " AND type = 'MedicationAdministration' AND json_extract(fact, '$.fields.batch') <> ''"


_NOT_COMPARED = (ItemState.UNMATCHED, ItemState.NOT_RECOVERED)


def fetch_statements(
    db: Database,
    outage: str,
    patients: Collection[str],
    serials: Collection[str],
    *,
    with_units: bool,
) -> list[StoredStatement]:
    """What forms other than these say of these patients, and of any unit of blood."""
    own_serials = json_list(serials)
    rows = list(db.conn.execute(_SELECT + _OF_PATIENTS, (outage, own_serials, json_list(patients))))
    if with_units:
        rows += db.conn.execute(_SELECT + _UNITS, (outage, own_serials))
    rows_by_key = {row[0]: row for row in rows}
    return [_statement(row) for row in rows_by_key.values()]


def _statement(row: Sequence[Any]) -> StoredStatement:
    key, serial, record_type, system, patient, event, form, decision, matched_ids, reasons = row[
        :10
    ]
    own_state, state, fields, notes, other, unit, is_consistent = row[10:]
    is_certain = is_patient_certain(own_state, decode_reasons(orjson.loads(reasons or "[]")))
    statement = FormStatement(
        key, serial, record_type, system, patient, event, orjson.loads(fields), form,
        describe_site(orjson.loads(notes or "[]")), own_state, decision, is_certain,
    )  # fmt: skip
    return StoredStatement(
        statement, own_state in RETURNABLE_STATES, other, unit, bool(is_consistent),
        tuple(orjson.loads(matched_ids)), is_certain and state not in _NOT_COMPARED,
    )  # fmt: skip
