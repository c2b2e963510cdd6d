"""The visits that the harm review looks at: those planned for the outage, and what else their patients have.

A hospital holds a hundred thousand appointments, of which an outage meets some hundred.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from downtime.clinical.model import Appointment, Patient, Record
from downtime.reconcile.model import Item
from downtime.reconcile.t0_snapshots import T0Snapshots
from downtime.snapshot.store.opened_snapshot import Snapshot


class Visits(NamedTuple):
    """Appointments and their patients, as they were at T0 and as they are now."""

    before: list[Record]
    after: list[Record]


def load_visits(
    items: Iterable[Item], planned: Sequence[Appointment], before: T0Snapshots, after: Snapshot
) -> Visits:
    """What was planned at T0, or is meant by paper, with all later visits of those people."""

    def at_t0(field: str, values: set[str]) -> list[Appointment]:
        def find(snapshot: Snapshot) -> list[Appointment]:
            return snapshot.find_records(Appointment, field, values)

        return list(before.read(find, _get_source))

    owners = _find_owners(after, {visit.patient for visit in planned})
    now = _collect(
        after.find_records(Appointment, "patient", owners),
        after.find_records(Appointment, "id", {visit.id for visit in planned}),
        after.find_records(Appointment, "number", {visit.number for visit in planned} - {""}),
    )
    meant = {
        key for item in items if item.fact.type == Appointment.__name__ for key in item.matched_ids
    }
    earlier = _collect(planned, at_t0("id", meant | {visit.id for visit in now}))
    people = {visit.patient for visit in (*now, *planned)}
    patients_before = before.read(lambda s: s.find_records(Patient, "id", people), _get_source)
    patients = after.find_records(Patient, "id", people | owners)
    return Visits([*earlier, *patients_before], [*now, *patients])


def _find_owners(after: Snapshot, people: set[str]) -> set[str]:
    """Ids of these people, of whom they were merged into, and of all who were."""
    survivors = {patient.replaced_by for patient in after.find_records(Patient, "id", people)}
    owners = people | survivors - {""}
    return owners | {patient.id for patient in after.find_merged_patients(owners)}


def _collect(*lists: Iterable[Appointment]) -> list[Appointment]:
    visits = {visit.id: visit for part in lists for visit in part}
    return sorted(visits.values(), key=lambda visit: visit.id)


def _get_source(record: Record) -> str:
    return record.source
