"""The SQL of what forms say alike: what else is said of some patients, and what was left to a person."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import orjson
from sqlite_utils import Database

from downtime.reconcile.rules.marks import LEFT
from downtime.reconcile.rules.twice import Said
from downtime.reconcile.states import RETURNED


class Other(NamedTuple):
    """What another form says, and the key of the one that was found to say the same."""

    said: Said
    left: bool
    """Whether it could be returned, so that it is left to a person."""
    other: str


_SELECT = (
    "SELECT item.key, item.serial, type, system, patient, event, json_extract(fact, '$.fields'),"
    " decision, state, coalesce(item_twice.other, '')"
    " FROM item LEFT JOIN item_twice ON item_twice.key = item.key"
    " WHERE item.outage = ? AND state <> 'newer-live'"
)
_OF_PATIENTS = (
    " AND type IN ('ServiceRequest', 'MedicationAdministration') AND patient <> ''"
    " AND patient IN (SELECT value FROM json_each(?))"
)
_UNITS = " AND type = 'MedicationAdministration' AND json_extract(fact, '$.fields.batch') <> ''"


def others(
    db: Database, outage: str, patients: Collection[str], serials: Collection[str], *, units: bool
) -> list[Other]:
    """What forms other than these say of tests and doses of these patients, and of any unit."""
    rows = list(db.conn.execute(_SELECT + _OF_PATIENTS, (outage, _json(patients))))
    if units:
        rows += db.conn.execute(_SELECT + _UNITS, (outage,))
    own = set(serials)
    found = {row[0]: row for row in rows if row[1] not in own}
    return [_other(row) for row in found.values()]


def _other(row: Sequence[str]) -> Other:
    key, serial, kind, system, patient, event, said, decision, state, other = row
    fields = orjson.loads(said)
    out = decision == RETURNED
    return Other(Said(key, serial, kind, system, patient, event, fields, out), state in LEFT, other)


def keep(db: Database, outage: str, serials: Iterable[str], found: Mapping[str, str]) -> None:
    """What these forms say that another one says too, by key, in place of what was found before."""
    db.conn.execute(
        "DELETE FROM item_twice WHERE serial IN (SELECT value FROM json_each(?))", (_json(serials),)
    )
    db.conn.executemany(
        "INSERT OR REPLACE INTO item_twice (key, outage, serial, other) VALUES (?, ?, ?, ?)",
        ((key, outage, key.partition("-")[0], other) for key, other in found.items()),
    )


def dangling(db: Database, outage: str) -> set[str]:
    """Serials of forms that were left to a person for what no other form says any more."""
    query = (
        "SELECT serial FROM item_twice WHERE outage = ?"
        " AND NOT EXISTS (SELECT 1 FROM item WHERE item.key = item_twice.other)"
    )
    return {row[0] for row in db.conn.execute(query, (outage,))}


def _json(texts: Iterable[str]) -> str:
    return orjson.dumps(list(texts)).decode()
