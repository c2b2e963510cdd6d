"""Whose records differ between two snapshots, in one pass over each table."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from sqlite_utils import Database

from downtime.clinical.model import DiagnosticReport, Patient, Record
from downtime.snapshot.row_layout import columns, from_row
from downtime.snapshot.store.opened_snapshot import Snapshot

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class ChangedPatients:
    """Ids of the patients concerned, and every Patient record that is not in both alike."""

    ids: frozenset[str]
    patients: tuple[Patient, ...]


def find_changed_patients(
    before: Snapshot, after: Snapshot, types: Iterable[type[Record]]
) -> ChangedPatients:
    """The patients of whom something was added, removed or changed, of these types of record."""
    ids: set[str] = set()
    with before.attach_other(after) as db:
        for record_type in (*types, DiagnosticReport):
            name = record_type.__name__
            if before.has_all_columns(name) and after.has_all_columns(name):
                records: list[Record] = _select_differences(db, record_type)
            else:  # one of them is from before there was this type, or one of its fields
                records = [*before.iterate_records(name), *after.iterate_records(name)]
            ids.update(getattr(record, "patient", "") for record in records)
        patients = _find_changed_people(before, after, db)
    ids.update(patient.id for patient in patients)
    return ChangedPatients(frozenset(ids - {""}), patients)


def _find_changed_people(before: Snapshot, after: Snapshot, db: Database) -> tuple[Patient, ...]:
    name = Patient.__name__
    if before.has_all_columns(name) and after.has_all_columns(name):
        return tuple(_select_differences(db, Patient))
    people = before.iterate_records(name), after.iterate_records(name)
    return tuple(person for part in people for person in part if isinstance(person, Patient))


def _select_differences(db: Database, record_type: type[R]) -> list[R]:
    """What is not the same in both: of a changed record both versions, and what only one holds."""
    table, size = record_type.__name__, len(columns(record_type))
    differs = " OR ".join(f"m.{name} IS NOT o.{name}" for name in columns(record_type)[1:])
    changed = db.conn.execute(
        f"SELECT m.*, o.* FROM main.{table} m JOIN other.{table} o ON o.id = m.id WHERE {differs}"
    )
    records = [from_row(record_type, part) for row in changed for part in (row[:size], row[size:])]
    for schema, other in (("main", "other"), ("other", "main")):
        ids = f"SELECT id FROM {schema}.{table} EXCEPT SELECT id FROM {other}.{table}"
        rows = db.conn.execute(f"SELECT * FROM {schema}.{table} WHERE id IN ({ids})")
        records += [from_row(record_type, row) for row in rows]
    return records
