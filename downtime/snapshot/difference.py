"""Whose records differ between two snapshots, in one pass over each table."""

from collections.abc import Iterable
from dataclasses import dataclass

from downtime.clinical.records import DiagnosticReport, Patient, Record
from downtime.snapshot.store import Snapshot


@dataclass(frozen=True, slots=True)
class Difference:
    """Ids of the patients concerned, and every Patient record that is not in both alike."""

    ids: frozenset[str]
    patients: tuple[Patient, ...]


def changed_patients(
    before: Snapshot, after: Snapshot, kinds: Iterable[type[Record]]
) -> Difference:
    """The patients of whom something was added, removed or changed, of these types of record."""
    ids: set[str] = set()
    for kind in (*kinds, DiagnosticReport):
        ids.update(getattr(record, "patient", "") for record in _changed(before, after, kind))
    people = tuple(p for p in _changed(before, after, Patient) if isinstance(p, Patient))
    ids.update(patient.id for patient in people)
    return Difference(frozenset(ids - {""}), people)


def _changed(before: Snapshot, after: Snapshot, kind: type[Record]) -> list[Record]:
    return [*before.unlike(after, kind), *after.unlike(before, kind)]
