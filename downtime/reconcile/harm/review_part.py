"""Look for harm to some patients, and keep what is found of them in transactions of its own."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

from downtime.clinical.model import (
    Appointment,
    DiagnosticReport,
    Observation,
    Patient,
    Record,
    ServiceRequest,
)
from downtime.outage.model import Outage
from downtime.reconcile.harm import store as harm_store
from downtime.reconcile.harm.appointments import AppointmentReview, find_missed_appointments
from downtime.reconcile.harm.courses import LaboratoryReview
from downtime.reconcile.harm.laboratory import find_laboratory_findings
from downtime.reconcile.harm.load_visits import load_visits
from downtime.reconcile.harm.model import HarmFinding
from downtime.reconcile.harm.records import ReviewedRecords
from downtime.reconcile.harm.split_review import ReviewPart
from downtime.reconcile.harm.turnaround import SpanMinutes, measure_findings
from downtime.reconcile.model import AuditAction
from downtime.reconcile.store import items as items_store
from downtime.reconcile.t0_snapshots import T0Snapshots, open_t0_snapshots
from downtime.settings import Settings
from downtime.snapshot import local_snapshots
from downtime.snapshot.garbage_collection import collect_garbage_seldom
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault.long_work import LongWork
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

REVIEWED_TYPES = [kind.__name__ for kind in (ServiceRequest, Observation, Appointment)]
"""The facts on paper that the review looks at."""


@dataclass(frozen=True, slots=True)
class ReviewTask:
    """A harm review as it is asked for; `recovered` is the id of the snapshot that was compared with."""

    settings: Settings
    outage: Outage
    recovered: str
    until: str
    """When the last system was back (UTC), or now."""
    actor: Actor
    reason: str

    @property
    def zone(self) -> ZoneInfo:
        """In which times are worded."""
        return ZoneInfo(self.settings.site.time_zone)


class PartReviewed(NamedTuple):
    """What was found of a part and kept."""

    findings: int
    keys: list[str]
    minutes: SpanMinutes
    """How long its tests took."""


@contextmanager
def open_review(vault: Vault, task: ReviewTask) -> Iterator["PartReviewer"]:
    """Look for harm, part by part, in the snapshots of T0 and of now, which are open meanwhile."""
    with collect_garbage_seldom(), ExitStack() as stack:
        after = stack.enter_context(closing(local_snapshots.open_snapshot(vault, task.recovered)))
        before = stack.enter_context(open_t0_snapshots(vault, task.outage))
        work = stack.enter_context(closing(LongWork(vault)))
        yield PartReviewer(vault, task, before, after, work)


class PartReviewer:
    """One harm review, part by part."""

    def __init__(
        self, vault: Vault, task: ReviewTask, before: T0Snapshots, after: Snapshot, work: LongWork
    ) -> None:
        self._vault, self._task, self._work = vault, task, work
        self.before, self.after = before, after

    def review(self, part: ReviewPart) -> PartReviewed:
        """Find what there is of these patients, and keep what is new or other."""
        findings = list(self._find(part))
        keys = [finding.key for finding in findings]
        self._save(findings)
        return PartReviewed(len(findings), keys, measure_findings(findings))

    def _find(self, part: ReviewPart) -> Iterator[HarmFinding]:
        task, before, after = self._task, self.before, self.after
        settings, since = task.settings, task.outage.opened
        items = [
            row.item
            for row in items_store.fetch_items_of_patients(
                self._vault.db, task.outage.id, part.patients, REVIEWED_TYPES
            )
        ]
        people = {*part.patients, *part.holders, *(request.patient for request, _ in part.waiting)}
        people.discard("")
        visits = load_visits(items, part.planned, before, after)
        records_after = ReviewedRecords([*_records_of(after, people), *visits.after])
        of_people = before.read(lambda snapshot: _records_of(snapshot, people), _get_source)
        records_before = ReviewedRecords([*of_people, *visits.before])
        yield from find_laboratory_findings(
            LaboratoryReview(items, records_before, records_after, part.waiting, settings)
        )
        yield from find_missed_appointments(
            AppointmentReview(items, records_before, records_after, since, task.until, settings)
        )

    def _save(self, findings: Sequence[HarmFinding]) -> None:
        """In short transactions, so that people go on keying meanwhile."""
        task = self._task
        changed = harm_store.list_changed(self._vault.db, task.outage.id, findings, task.zone)
        size = task.settings.reconcile.forms_at_once
        for start in range(0, len(changed), size):
            part = changed[start : start + size]
            with self._work.change(
                task.actor, AuditAction.HARM_FIND, target=f"{len(part)} findings",
                reason=task.reason,
            ) as db:  # fmt: skip
                harm_store.save_findings(db, part)


def _records_of(snapshot: Snapshot, people: set[str]) -> Iterator[Record]:
    """The records of these people, and of those they were merged into."""
    patients = snapshot.find_records(Patient, "id", people)
    survivors = {patient.replaced_by for patient in patients} - {""} - people
    for kind in (ServiceRequest, DiagnosticReport, Observation):
        yield from snapshot.find_records(kind, "patient", people | survivors)
    yield from patients
    yield from snapshot.find_records(Patient, "id", survivors)


def _get_source(record: Record) -> str:
    return record.source
