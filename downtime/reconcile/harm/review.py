"""Look for what the outage may have done to patients, and keep what clinicians say about it.

All of it also goes out as a table for spreadsheets: one line a finding, times in the site's zone.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clinical.model import (
    DiagnosticReport,
    Observation,
    Patient,
    Record,
    ServiceRequest,
)
from downtime.entry import facts
from downtime.errors import ConflictError, NotFoundError
from downtime.outage.model import Outage
from downtime.paper.csv_file import to_csv
from downtime.paper.serials import format_serial
from downtime.reconcile.harm import store as harm_store
from downtime.reconcile.harm.appointments import AppointmentReview, find_missed_appointments
from downtime.reconcile.harm.laboratory import LaboratoryReview, find_laboratory_findings
from downtime.reconcile.harm.load_visits import load_visits
from downtime.reconcile.harm.model import (
    EXPLANATIONS,
    KINDS,
    OUTCOMES,
    STEPS,
    Explanation,
    FindingKind,
    Harm,
    HarmFinding,
    HarmReview,
    HarmRun,
    ReviewedFinding,
    ReviewKind,
    Step,
)
from downtime.reconcile.harm.records import ReviewedRecords
from downtime.reconcile.harm.turnaround import compare_turnaround
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import AuditAction, Item
from downtime.reconcile.policies import (
    check_any_named,
    check_can_explain,
    check_explanation,
    check_outcome,
)
from downtime.reconcile.store import comparison_runs
from downtime.reconcile.store import items as items_store
from downtime.reconcile.t0_snapshots import T0Snapshots, open_t0_snapshots
from downtime.settings import Settings
from downtime.snapshot import local_snapshots
from downtime.snapshot.garbage_collection import collect_garbage_seldom
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

PAUSE_SECONDS = 0.01
"""After each transaction: without a gap, those who key waited for a quarter of a second."""


def run_review(vault: Vault, settings: Settings, actor: Actor, reason: str) -> HarmRun:
    """Look at the outage at hand as it was last compared; what was said of a finding is kept.

    ConflictError before the first comparison.
    """
    outage = find_latest_outage(vault)
    compared = comparison_runs.fetch_last_run(vault.db, outage.id)
    if compared is None:
        raise ConflictError(
            "harm.not-compared",
            "The paper has not been compared with the recovered systems yet.",
            "Compare first, then look for harm.",
        )
    with collect_garbage_seldom():
        items = [row.item for row in items_store.fetch_items(vault.db, outage.id)]
        findings, figures = _find(vault, settings, outage, compared.snapshot, items)
        at, number = vault.now(), len(findings)
        _save(vault, settings, outage.id, findings, actor, reason)
    run = HarmRun(outage.id, at, compared.snapshot, compared.at, number, figures)
    with vault.change(actor, AuditAction.HARM_RUN, target=outage.id, reason=reason) as db:
        harm_store.save_run(db, run)
    return run


def _save(
    vault: Vault, settings: Settings, outage: str, findings: Sequence[HarmFinding],
    actor: Actor, reason: str,
) -> None:  # fmt: skip
    """In short transactions with pauses, so that people go on keying meanwhile."""
    zone, size = ZoneInfo(settings.site.time_zone), settings.reconcile.forms_at_once
    gone, changed = harm_store.compare_with_stored(vault.db, outage, findings, zone)
    for start in range(0, max(len(gone), len(changed)), size):
        part = slice(start, start + size)
        target = f"{len(changed[part])} findings"
        with vault.change(actor, AuditAction.HARM_FIND, target=target, reason=reason) as db:
            harm_store.delete_findings(db, outage, gone[part])
            harm_store.save_findings(db, changed[part])
        time.sleep(PAUSE_SECONDS)


Figures = dict[str, dict[str, Any]]


def _find(
    vault: Vault, settings: Settings, outage: Outage, recovered: str, items: Sequence[Item]
) -> tuple[list[HarmFinding], Figures]:
    with (
        closing(local_snapshots.open_snapshot(vault, recovered)) as after,
        open_t0_snapshots(vault, outage) as before,
    ):
        return _find_between(settings, outage, items, before, after, vault.now())


def _find_between(
    settings: Settings,
    outage: Outage,
    items: Sequence[Item],
    before: T0Snapshots,
    after: Snapshot,
    now: str,
) -> tuple[list[HarmFinding], Figures]:
    waiting = [
        (row.request, row.encounter.ward if row.encounter else "")
        for row in before.read(Snapshot.list_outstanding_tests, lambda row: row.request.source)
    ]
    ended = max((system.ended or now for system in outage.systems), default=now)
    people = {item.patient for item in items} | {request.patient for request, _ in waiting}
    people -= {""}
    visits = load_visits(items, before, after, outage.opened, ended)
    records_after = ReviewedRecords([*_records_of(after, people), *visits.after])
    of_people = before.read(lambda snapshot: _records_of(snapshot, people), _get_source)
    records_before = ReviewedRecords([*of_people, *visits.before])
    laboratory = LaboratoryReview(items, records_before, records_after, waiting, settings)
    appointments = AppointmentReview(
        items, records_before, records_after, outage.opened, ended, settings
    )
    findings = [
        *find_laboratory_findings(laboratory),
        *find_missed_appointments(appointments),
    ]
    requests = before.read(_iterate("ServiceRequest"), _get_source)
    reports = before.read(_iterate("DiagnosticReport"), _get_source)
    return findings, compare_turnaround(findings, requests, reports, outage.opened)


def _get_source(record: Record) -> str:
    return record.source


def _iterate(kind: str) -> Callable[[Snapshot], Iterable[Record]]:
    return lambda snapshot: snapshot.iterate_records(kind)


def _records_of(snapshot: Snapshot, people: set[str]) -> Iterator[Record]:
    """The records of these people, and of those they were merged into."""
    patients = snapshot.find_records(Patient, "id", people)
    with_survivors = people | {patient.replaced_by for patient in patients} - {""}
    for kind in (ServiceRequest, DiagnosticReport, Observation):
        yield from snapshot.find_records(kind, "patient", with_survivors)
    yield from snapshot.find_records(Patient, "id", with_survivors)


def list_findings(vault: Vault, *, kind: FindingKind | None = None) -> list[ReviewedFinding]:
    """The findings of the outage at hand, of one kind or of all."""
    return harm_store.fetch_findings(vault.db, find_latest_outage(vault).id, kind=kind)


def record_review(vault: Vault, keys: Sequence[str], outcome: str, note: str, actor: Actor) -> int:
    """A clinician says what harm came of findings (`Harm`); a note is needed from low up."""
    harm = check_outcome(outcome, note)
    return _record(vault, keys, ReviewKind.REVIEWED, harm, note, actor)


def record_explanation(
    vault: Vault, keys: Sequence[str], explanation: str, reason: str, actor: Actor
) -> int:
    """Close requests that had no result when the outage began (`Explanation`), with a reason."""
    checked = check_explanation(explanation, reason)
    check_can_explain(_get_findings(vault, find_latest_outage(vault).id, keys).values())
    return _record(vault, keys, ReviewKind.EXPLAINED, checked, reason, actor)


def _get_findings(vault: Vault, outage: str, keys: Sequence[str]) -> dict[str, HarmFinding]:
    """The findings with these keys, by digest; InputError for none, NotFoundError when one is not there."""
    check_any_named(keys)
    findings = harm_store.fetch_by_keys(vault.db, outage, keys)
    if len(findings) != len(set(keys)):
        raise NotFoundError("harm.unknown", "There is no such finding.", "See the harm review.")
    return findings


def _record(
    vault: Vault, keys: Sequence[str], kind: ReviewKind, outcome: Harm | Explanation, note: str,
    actor: Actor,
) -> int:  # fmt: skip
    outage = find_latest_outage(vault).id
    target = keys[0] if len(keys) == 1 else f"{len(keys)} findings"
    with vault.change(actor, AuditAction(f"harm.{kind}"), target=target, reason=outcome) as db:
        for digest, finding in _get_findings(vault, outage, keys).items():
            review = HarmReview(
                outage=outage, finding=finding.key, digest=digest, kind=kind, outcome=outcome,
                note=note.strip(), person=actor.id, person_name=actor.name, at=vault.now(),
            )  # fmt: skip
            harm_store.save_review(db, review)
    return len(keys)


HEAD = (
    "Finding", "State", "What", "What was found", "System", "Ward", *facts.PERSON_COLUMNS, "Requested",
    "Collected", "Phoned", "Resulted", "Seen", "Planned", "Booked again", "Forms", "Harm", "Note",
    "Reviewed by", "Reviewed", "Explained", "Reason", "Explained by",
)  # fmt: skip


def findings_to_csv(rows: Iterable[ReviewedFinding], zone: ZoneInfo) -> bytes:
    """All findings given, in their order; no cell is run as a formula."""
    return to_csv(HEAD, findings_to_table(rows, zone))


def findings_to_table(rows: Iterable[ReviewedFinding], zone: ZoneInfo) -> list[list[str]]:
    """All findings given, in their order, under `HEAD`."""
    return [_cells(row, zone) for row in rows]


def _cells(row: ReviewedFinding, zone: ZoneInfo) -> list[str]:
    finding = row.finding
    times = [
        display.format_moment(finding.times.get(step, ""), zone)
        for step in (*STEPS, Step.PLANNED, Step.BOOKED)
    ]
    return [
        KINDS[finding.kind],
        finding.state.replace("-", " "),
        finding.title,
        finding.explain(zone),
        finding.system,
        finding.ward,
        *facts.person_cells(finding.person),
        *times,
        " ".join(format_serial(serial) for serial in finding.serials),
        *_review_cells(row, zone),
    ]


def _review_cells(row: ReviewedFinding, zone: ZoneInfo) -> list[str]:
    review, explanation = row.reviewed, row.explained
    reviewed, explained = [""] * 4, [""] * 3
    if review:
        at = display.format_moment(review.at, zone)
        reviewed = [OUTCOMES[Harm(review.outcome)], review.note, review.person_name, at]
    if explanation:
        title = EXPLANATIONS[Explanation(explanation.outcome)]
        explained = [title, explanation.note, explanation.person_name]
    return reviewed + explained
