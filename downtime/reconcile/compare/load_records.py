"""Take from two snapshots what the comparison looks at: the people on paper, and what is theirs.

A hospital holds hundreds of thousands of records, and the paper of an outage is about some hundred
people. What is gathered gives the same items as the whole snapshots would.
"""

from collections.abc import Iterable, Sequence
from types import MappingProxyType

from downtime.clinical.model import (
    DiagnosticReport,
    Encounter,
    MedicationAdministration,
    MedicationRequest,
    Observation,
    Patient,
    Record,
)
from downtime.clinical.record_types import RECORD_TYPES, list_compared_types
from downtime.entry.facts import Fact, PaperPerson
from downtime.reconcile.compare.comparison import match_person
from downtime.reconcile.identity.match_patient import (
    LinkedPatient,
    Links,
    link_keys,
    links_between_forms,
    needs_stays,
)
from downtime.reconcile.identity.weights import read_population
from downtime.reconcile.record_index import INDEXED_TYPES, RecordIndex
from downtime.reconcile.t0_snapshots import T0Snapshots
from downtime.snapshot.search_terms import fold_names
from downtime.snapshot.store.opened_snapshot import Snapshot

SIMILAR_LIMIT = 5_000
"""Patients who may be meant instead, of one set of forms."""


def load_recovered(
    snapshot: Snapshot, facts: Sequence[Fact], confirmed: Links = MappingProxyType({})
) -> RecordIndex:
    """Everybody whom the forms or `confirmed` links may mean, and the records of those they do."""
    links = {**links_between_forms(facts), **confirmed}
    linked = [links[key] for key in _keys(facts) if key in links] if links else []
    by_link = [link.person if isinstance(link, LinkedPatient) else link for link in linked]
    index = index_people(snapshot, [*{fact.person for fact in facts}, *by_link])
    patients_by_type: dict[str, set[str]] = {}
    for fact in facts:
        match = match_person(fact, index, links)
        if match.patient:
            patients_by_type.setdefault(fact.type, set()).add(match.patient.id)
            if needs_stays(match):
                patients_by_type.setdefault(Encounter.__name__, set()).add(match.patient.id)
            if fact.type == MedicationAdministration.__name__:
                patients_by_type.setdefault(MedicationRequest.__name__, set()).add(match.patient.id)
    records = [
        record
        for kind in INDEXED_TYPES
        for record in snapshot.find_records(
            kind, "patient", patients_by_type.get(kind.__name__, ())
        )
    ]
    report_ids = {record.report for record in records if isinstance(record, Observation)} - {""}
    reports = snapshot.find_records(DiagnosticReport, "id", report_ids)
    index.add([*reports, *records])
    index.as_at, index.delivered_types = _as_at(snapshot), snapshot.header.holds
    return index


def _keys(facts: Iterable[Fact]) -> set[str]:
    return {key for fact in facts for key in (*link_keys(fact), fact.person.downtime_number)}


def load_earlier(snapshot: Snapshot, after: RecordIndex, facts: Iterable[Fact] = ()) -> RecordIndex:
    """What this snapshot held of the records in `after` (`list_earlier`)."""
    return RecordIndex(list_earlier(snapshot, after, facts), _as_at(snapshot))


def list_earlier(
    snapshot: Snapshot, after: RecordIndex, facts: Iterable[Fact] = ()
) -> list[Record]:
    """Its records that stand in `after`, by their ids and by their own numbers.

    The patients themselves only where `facts` speak of their demographics.
    """
    earlier: dict[str, Record] = {}

    def load(kind: type[Record], field: str, values: Iterable[str]) -> None:
        records = snapshot.find_records(kind, field, values)
        earlier.update((record.id, record) for record in records)

    ids: dict[type[Record], list[str]] = {}
    for record in after.by_id.values():
        ids.setdefault(type(record), []).append(record.id)
    for kind in list_compared_types():
        load(kind, "id", ids.get(kind, ()))
    if any(fact.type == Patient.__name__ for fact in facts):
        mrns = {patient.mrn for patient in after.patients.values()} - {""}
        load(Patient, "id", {*ids.get(Patient, ()), *snapshot.find_identifier_holders(mrns)})
    numbers: dict[type[Record], set[str]] = {}
    for record in after.by_id.values():
        if record.id not in earlier:
            # The publisher may have been set up anew: the systems' own numbers stay.
            numbers.setdefault(type(record), set()).update(after.own_numbers(record))
    for kind in list_compared_types():
        for field in RECORD_TYPES[kind.__name__].source_number_fields:
            load(kind, field, numbers.get(kind, ()))
    fillers = {report.filler for report in after.reports.values()} - {""}
    reports = snapshot.find_records(DiagnosticReport, "filler", fillers)
    load(Observation, "report", (report.id for report in reports))
    return [*reports, *sorted(earlier.values(), key=_id)]


def load_earlier_by_system(
    before: T0Snapshots, after: RecordIndex, facts: Sequence[Fact]
) -> RecordIndex:
    """The same of several snapshots: each record as it was at the T0 of its own system."""

    def load(snapshot: Snapshot) -> Iterable[Record]:
        return list_earlier(snapshot, after, facts)

    as_at = _as_at(before.first) if before.first else ""
    return RecordIndex(before.read(load, lambda record: record.source), as_at)


def find_earlier_copies(
    before: Snapshot, after: Snapshot, live: Sequence[Record]
) -> list[Record | None]:
    """What T0 held of some live records, each in its place; None for one that has come since."""
    report_ids = {record.report for record in live if isinstance(record, Observation)} - {""}
    now = RecordIndex([*after.find_records(DiagnosticReport, "id", report_ids), *live])
    types = [
        Fact(key="", type=type(record).__name__, system="", form="", serial="") for record in live
    ]
    earlier = load_earlier(before, now, types)
    return [earlier.find_copy(record, now) for record in live]


def _id(record: Record) -> str:
    return record.id


def index_people(snapshot: Snapshot, persons: Iterable[PaperPerson]) -> RecordIndex:
    """Whom these may be (`load_people`), who else would fit what is said of them, how common names are."""
    listed = list(persons)
    people = load_people(snapshot, listed)
    known = {patient.id for patient in people}
    others = snapshot.find_ids_by_tokens(_similar_tokens(listed), SIMILAR_LIMIT) - known
    index = RecordIndex([*people, *snapshot.find_records(Patient, "id", sorted(others))])
    index.population = read_population(snapshot)
    return index


def _similar_tokens(persons: Iterable[PaperPerson]) -> list[tuple[str, ...]]:
    """By which words others are found who may be meant: the day of birth with a name, or the name.

    Not for a form that was printed for a patient: it says itself whose it is.
    """
    blocks: list[tuple[str, ...]] = []
    for person in persons:
        family_name, given_name = fold_names(person.family, person.given)
        if person.id or not person.any_number:
            continue
        if len(person.birth_date) >= 10:
            born = "dob" + person.birth_date[:10].replace("-", "")
            blocks += [(born, name[:3]) for name in (family_name, given_name) if name]
        elif family_name and given_name:
            blocks.append((family_name, given_name))
    return blocks


def load_people(snapshot: Snapshot, persons: Iterable[PaperPerson]) -> list[Patient]:
    """Whoever has a person's id or number, those merged into them, and those they merged into."""
    listed = list(persons)
    numbers = {n for p in listed for n in (p.mrn, p.nhs_number, p.downtime_number) if n}
    wanted = {person.id for person in listed} | snapshot.find_identifier_holders(numbers)
    patients: dict[str, Patient] = {}
    looked_up = {""}
    while new := wanted - looked_up:
        looked_up |= new
        rows = snapshot.find_records(Patient, "id", new) + snapshot.find_merged_patients(new)
        patients.update((row.id, row) for row in rows)
        wanted = {key for row in rows for key in (row.id, row.replaced_by)}
    return sorted(patients.values(), key=_id)


def _as_at(snapshot: Snapshot) -> str:
    return max((system.newest for system in snapshot.list_systems()), default="")
