"""Whose records differ between two snapshots, in one pass over each table."""

from collections.abc import Iterable
from dataclasses import dataclass

from downtime.clinical.records import DiagnosticReport, Patient, Record
from downtime.snapshot.store import Snapshot
from downtime.snapshot.store_difference import unlike


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
    with before.beside(after) as both:
        for kind in (*kinds, DiagnosticReport):
            found: list[Record] = unlike(both, kind)
            ids.update(getattr(record, "patient", "") for record in found)
        people = tuple(unlike(both, Patient))
    ids.update(patient.id for patient in people)
    return Difference(frozenset(ids - {""}), people)
