"""Part the harm review by patients, so that no table is held whole, and parts go to several processes.

Whoever may be one person, or speaks of one number, stays in one part: then the parts together find
what one look at everything would.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlite_utils import Database

from downtime.clinical.model import Appointment, Observation, Record, ServiceRequest
from downtime.clinical.record_types import find_owner
from downtime.outage.model import Outage
from downtime.reconcile.store import items as items_store
from downtime.reconcile.t0_snapshots import T0Snapshots
from downtime.settings import Settings
from downtime.snapshot.store.opened_snapshot import Snapshot

Waiting = tuple[ServiceRequest, str]
"""A request without a final result at T0, and the ward its patient was on."""


@dataclass(frozen=True, slots=True)
class ReviewPart:
    """Some patients (their ids, empty for paper of nobody known), and what waited or was planned for them."""

    patients: list[str] = field(default_factory=list)
    holders: list[str] = field(default_factory=list)
    """Whose, as the laboratory has it now, the tests are that waited or that a phoned result names."""
    waiting: list[Waiting] = field(default_factory=list)
    planned: list[Appointment] = field(default_factory=list)


class _People:
    """Ids of patients, joined where they may not be looked at apart (union-find)."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def find(self, patient: str) -> str:
        """The one that stands for all who are joined with this one."""
        path = []
        while (parent := self._parents.get(patient, patient)) != patient:
            path.append(patient)
            patient = parent
        for passed in path:
            self._parents[passed] = patient
        return patient

    def join(self, patient: str, other: str) -> None:
        """Keep these two together."""
        root, other_root = self.find(patient), self.find(other)
        if root != other_root:
            self._parents[max(root, other_root)] = min(root, other_root)

    def join_same(self, pairs: Iterable[tuple[object, str]]) -> None:
        """Keep together whoever comes with the same thing."""
        first: dict[object, str] = {}
        for thing, patient in pairs:
            self.join(first.setdefault(thing, patient), patient)


def split_review(
    db: Database,
    settings: Settings,
    outage: Outage,
    before: T0Snapshots,
    after: Snapshot,
    until: str,
    size: int,
) -> list[ReviewPart]:
    """All patients in parts with some `size` things to look at; of snapshots that share no ids, one part."""
    waiting = [
        (row.request, row.encounter.ward if row.encounter else "")
        for row in before.read(Snapshot.list_outstanding_tests, lambda row: row.request.source)
    ]

    def find_planned(snapshot: Snapshot) -> list[Appointment]:
        return snapshot.find_records_between(Appointment, "start", outage.opened, until)

    planned = list(before.read(find_planned, _get_source))
    weights = items_store.count_items_of_patients(db, outage.id)
    holders = _find_holders(
        [*_list_waiting(waiting), *_list_phoned(db, settings, outage.id)], after
    )
    snapshots = [after, *before.snapshots]
    if len({snapshot.header.key for snapshot in snapshots}) > 1:
        return [ReviewPart(list(weights), sorted(set().union(*holders.values())), waiting, planned)]
    people = _People()
    for snapshot in snapshots:
        for patient, survivor in snapshot.list_merges():
            people.join(patient, survivor)
    people.join_same(_list_numbered(waiting, planned))
    return list(_collect_parts(people, weights, holders, waiting, planned, size))


def _list_numbered(
    waiting: Iterable[Waiting], planned: Iterable[Appointment]
) -> Iterator[tuple[object, str]]:
    """What findings are named by, with the patient."""
    for request, _ in waiting:
        yield (request.filler or request.placer or request.id, request.code), request.patient
    for visit in planned:
        yield visit.number or visit.id, visit.patient


def _list_waiting(waiting: Iterable[Waiting]) -> Iterator[tuple[str, str]]:
    """By what each request that waited may be known now, with its patient at T0."""
    for request, _ in waiting:
        for key in {request.id, request.placer, request.filler} - {""}:
            yield key, request.patient


def _list_phoned(db: Database, settings: Settings, outage: str) -> Iterator[tuple[str, str]]:
    """What is written beside each phoned result, of which one may be a number, with its patient."""
    system = find_owner(settings.systems.records, Observation.__name__)
    for row in items_store.fetch_items(db, outage, type=Observation.__name__, system=system):
        for _, text in row.item.fact.notes:
            yield text, row.item.patient


def _find_holders(named: Collection[tuple[str, str]], after: Snapshot) -> Mapping[str, set[str]]:
    """By patient, who has the tests that are named so now: not always the same person."""
    keys = {key for key, _ in named}
    owners: dict[str, set[str]] = defaultdict(set)
    for name in ("id", "placer", "filler"):
        for request in after.find_records(ServiceRequest, name, keys):
            owners[getattr(request, name)].add(request.patient)
    holders: dict[str, set[str]] = defaultdict(set)
    for key, patient in named:
        holders[patient] |= owners.get(key, set())
    return holders


def _collect_parts(
    people: _People,
    weights: Mapping[str, int],
    holders: Mapping[str, set[str]],
    waiting: Iterable[Waiting],
    planned: Iterable[Appointment],
    size: int,
) -> Iterator[ReviewPart]:
    groups: dict[str, ReviewPart] = defaultdict(ReviewPart)
    for patient in weights:
        groups[people.find(patient)].patients.append(patient)
    for row in waiting:
        groups[people.find(row[0].patient)].waiting.append(row)
    for visit in planned:
        groups[people.find(visit.patient)].planned.append(visit)
    for patient, others in holders.items():
        groups[people.find(patient)].holders.extend(others)
    part, weight = ReviewPart(), 0
    for group in groups.values():
        part.patients.extend(group.patients)
        part.holders.extend(group.holders)
        part.waiting.extend(group.waiting)
        part.planned.extend(group.planned)
        weight += sum(weights[patient] for patient in group.patients)
        weight += len(group.waiting) + len(group.planned)
        if weight >= size:
            yield part
            part, weight = ReviewPart(), 0
    if weight:
        yield part


def _get_source(record: Record) -> str:
    return record.source
