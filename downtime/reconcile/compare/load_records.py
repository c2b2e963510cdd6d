"""Take from two snapshots what the comparison looks at: the people on paper, and what is theirs.

A hospital holds hundreds of thousands of records, and the paper of an outage is about some hundred
people. What is gathered gives the same items as the whole snapshots would.
"""

from collections.abc import Iterable, Sequence
from types import MappingProxyType

from downtime.clinical.model import (
    AllergyIntolerance,
    Appointment,
    DiagnosticReport,
    Encounter,
    Flag,
    MedicationAdministration,
    Observation,
    Patient,
    Record,
    ServiceRequest,
)
from downtime.entry.facts import Fact, Person
from downtime.reconcile.compare.comparison import match_fact
from downtime.reconcile.identity.match_patient import (
    LinkedPatient,
    Links,
    link_keys,
    links_between_forms,
)
from downtime.reconcile.record_index import RecordIndex
from downtime.snapshot.store.opened_snapshot import Snapshot

PATIENT_RECORDS = (
    Encounter,
    ServiceRequest,
    Observation,
    Appointment,
    AllergyIntolerance,
    Flag,
    MedicationAdministration,
)
"""The records of a person that a form's answers are compared with."""


def load_recovered(
    snapshot: Snapshot, facts: Sequence[Fact], decided: Links = MappingProxyType({})
) -> RecordIndex:
    """Everybody whom the forms or the `decided` links may mean, and the records of those they do."""
    linked = {**links_between_forms(facts), **decided}
    by_link = [_linked_to(linked[key]) for key in _keys(facts) if key in linked] if linked else []
    known = load_people(snapshot, [*{fact.person for fact in facts}, *by_link])
    everybody = RecordIndex(known)
    meant: dict[str, set[str]] = {}
    for fact in facts:
        if found := match_fact(fact, everybody, linked).patient:
            meant.setdefault(fact.type, set()).add(found.id)
    theirs = [
        record
        for kind in PATIENT_RECORDS
        for record in snapshot.find_records(kind, "patient", meant.get(kind.__name__, ()))
    ]
    named = {record.report for record in theirs if isinstance(record, Observation)} - {""}
    reports = snapshot.find_records(DiagnosticReport, "id", named)
    everybody.add([*reports, *theirs])
    everybody.as_at, everybody.delivered_types = _as_at(snapshot), snapshot.header.holds
    return everybody


def _linked_to(who: Person | LinkedPatient) -> Person:
    return who.person if isinstance(who, LinkedPatient) else who


def _keys(facts: Iterable[Fact]) -> set[str]:
    return {key for fact in facts for key in (*link_keys(fact), fact.person.downtime_number)}


def load_earlier(snapshot: Snapshot, after: RecordIndex, facts: Iterable[Fact] = ()) -> RecordIndex:
    """What this snapshot held of the records in `after`, by their ids and by their own numbers.

    The patients themselves only where `facts` speak of their demographics.
    """
    found: dict[str, Record] = {}

    def take(kind: type[Record], field: str, values: Iterable[str]) -> None:
        found.update((record.id, record) for record in snapshot.find_records(kind, field, values))

    ids: dict[type[Record], list[str]] = {}
    for record in after.by_id.values():
        ids.setdefault(type(record), []).append(record.id)
    for kind in PATIENT_RECORDS:
        take(kind, "id", ids.get(kind, ()))
    if any(fact.type == Patient.__name__ for fact in facts):
        mrns = {patient.mrn for patient in after.patients.values()} - {""}
        take(Patient, "id", {*ids.get(Patient, ()), *snapshot.find_identifier_holders(mrns)})
    numbers: dict[type[Record], set[str]] = {}
    for record in after.by_id.values():
        if record.id not in found:
            # The publisher may have been set up anew: the systems' own numbers stay.
            numbers.setdefault(type(record), set()).update(after.own_numbers(record))
    take(Encounter, "visit_number", numbers.get(Encounter, ()))
    take(Appointment, "number", numbers.get(Appointment, ()))
    take(ServiceRequest, "placer", numbers.get(ServiceRequest, ()))
    take(ServiceRequest, "filler", numbers.get(ServiceRequest, ()))
    fillers = {report.filler for report in after.reports.values()} - {""}
    reports = snapshot.find_records(DiagnosticReport, "filler", fillers)
    take(Observation, "report", (report.id for report in reports))
    return RecordIndex([*reports, *sorted(found.values(), key=_id)], _as_at(snapshot))


def find_earlier_copies(
    before: Snapshot, after: Snapshot, live: Sequence[Record]
) -> list[Record | None]:
    """What T0 held of some live records, each in its place; None for one that has come since."""
    reports = {record.report for record in live if isinstance(record, Observation)} - {""}
    now = RecordIndex([*after.find_records(DiagnosticReport, "id", reports), *live])
    about = [Fact(key="", type=type(record).__name__, system="", form="", serial="")
             for record in live]  # fmt: skip
    then = load_earlier(before, now, about)
    return [then.find_copy(record, now) for record in live]


def _id(record: Record) -> str:
    return record.id


def load_people(snapshot: Snapshot, persons: Iterable[Person]) -> list[Patient]:
    """Whoever has a person's id or number, those merged into them, and those they merged into."""
    given = list(persons)
    numbers = {n for p in given for n in (p.mrn, p.nhs_number, p.downtime_number) if n}
    wanted = {person.id for person in given} | snapshot.find_identifier_holders(numbers)
    found: dict[str, Patient] = {}
    asked = {""}
    while new := wanted - asked:
        asked |= new
        rows = snapshot.find_records(Patient, "id", new) + snapshot.find_merged_patients(new)
        found.update((row.id, row) for row in rows)
        wanted = {key for row in rows for key in (row.id, row.replaced_by)}
    return sorted(found.values(), key=_id)


def _as_at(snapshot: Snapshot) -> str:
    return max((system.newest for system in snapshot.list_systems()), default="")
