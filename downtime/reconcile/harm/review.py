"""Look for what the outage may have done to patients, and keep what clinicians say about it."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing

from downtime.clinical.model import (
    Appointment,
    DiagnosticReport,
    Observation,
    Patient,
    Record,
    ServiceRequest,
)
from downtime.errors import ConflictError, InputError, NotFoundError
from downtime.outage.model import Outage
from downtime.reconcile.harm import appointments
from downtime.reconcile.harm import laboratory as harm_tests
from downtime.reconcile.harm import store as harm_store
from downtime.reconcile.harm import turnaround as harm_figures
from downtime.reconcile.harm.model import EXPLANATIONS, OUTCOMES, WAITING, HarmFinding
from downtime.reconcile.harm.records import ReviewedRecords
from downtime.reconcile.harm.store import EXPLAINED, REVIEWED, HarmReview, HarmRun, ReviewedFinding
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import AuditAction, Item
from downtime.reconcile.store import comparisons
from downtime.reconcile.store import items as store_items
from downtime.settings import Settings
from downtime.snapshot import local_snapshots
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
    compared = comparisons.fetch_last_run(vault.db, outage.id)
    if compared is None:
        raise ConflictError(
            "harm.not-compared",
            "The paper has not been compared with the recovered systems yet.",
            "Compare first, then look for harm.",
        )
    items = [row.item for row in store_items.fetch_items(vault.db, outage.id)]
    found, figures = _look(vault, settings, outage, compared.snapshot, items)
    made = HarmRun(outage.id, vault.now(), compared.snapshot, compared.at, len(found), figures)
    _keep(vault, outage.id, found, settings.reconcile.forms_at_once, actor, reason)
    with vault.change(actor, AuditAction.HARM_RUN, target=outage.id, reason=reason) as db:
        harm_store.save_run(db, made)
    return made


def _keep(
    vault: Vault, outage: str, found: Sequence[HarmFinding], at_once: int, actor: Actor, reason: str
) -> None:
    """In short transactions with pauses, so that people go on keying meanwhile."""
    gone, other = harm_store.compare_with_stored(vault.db, outage, found)
    for start in range(0, max(len(gone), len(other)), at_once):
        target = f"{len(other[start : start + at_once])} findings"
        with vault.change(actor, AuditAction.HARM_FIND, target=target, reason=reason) as db:
            harm_store.delete_findings(db, outage, gone[start : start + at_once])
            harm_store.save_findings(db, other[start : start + at_once])
        time.sleep(PAUSE_SECONDS)


def _look(
    vault: Vault, settings: Settings, outage: Outage, recovered: str, items: Sequence[Item]
) -> tuple[list[HarmFinding], dict[str, dict[str, object]]]:
    with closing(local_snapshots.open_snapshot(vault, recovered)) as after:
        if not outage.snapshot:
            return _found(settings, outage, items, None, after, vault.now())
        with closing(local_snapshots.open_snapshot(vault, outage.snapshot)) as before:
            return _found(settings, outage, items, before, after, vault.now())


def _found(
    settings: Settings,
    outage: Outage,
    items: Sequence[Item],
    before: Snapshot | None,
    after: Snapshot,
    now: str,
) -> tuple[list[HarmFinding], dict[str, dict[str, object]]]:
    waiting = [
        (row.request, row.encounter.ward if row.encounter else "")
        for row in (before.list_outstanding_tests() if before else ())
    ]
    ended = max((system.ended or now for system in outage.systems), default=now)
    people = {item.patient for item in items} | {request.patient for request, _ in waiting}
    now_held = ReviewedRecords([*_of(after, people - {""}), *_planned(after)])
    then = ReviewedRecords([*_of(before, people - {""}), *_planned(before)] if before else ())
    tests = harm_tests.LaboratoryReview(items, then, now_held, waiting, settings)
    diary = appointments.AppointmentReview(items, then, now_held, outage.opened, ended, settings)
    found = [
        *harm_tests.find_laboratory_findings(tests),
        *appointments.find_missed_appointments(diary),
    ]
    requests = before.iterate_records("ServiceRequest") if before else ()
    reports = before.iterate_records("DiagnosticReport") if before else ()
    figures = harm_figures.compare_turnaround(found, requests, reports, outage.opened)
    return found, figures


def _of(snapshot: Snapshot, people: set[str]) -> Iterator[Record]:
    """The records of these people, and of those they were merged into."""
    held = snapshot.find_records(Patient, "id", people)
    wider = people | {patient.replaced_by for patient in held} - {""}
    for kind in (ServiceRequest, DiagnosticReport, Observation):
        yield from snapshot.find_records(kind, "patient", wider)
    yield from snapshot.find_records(Patient, "id", wider)


def _planned(snapshot: Snapshot) -> Iterator[Record]:
    """All appointments, and whom they are for."""
    planned = list(snapshot.iterate_records("Appointment"))
    yield from planned
    whom = {one.patient for one in planned if isinstance(one, Appointment)}
    yield from snapshot.find_records(Patient, "id", whom)


def list_findings(vault: Vault, *, kind: str = "", state: str = "") -> list[ReviewedFinding]:
    """The findings of the outage at hand, filtered where given."""
    return harm_store.fetch_findings(vault.db, find_latest_outage(vault).id, kind=kind, state=state)


def _findings(vault: Vault, outage: str, keys: Sequence[str]) -> list[HarmFinding]:
    """The findings with these keys; NotFoundError when one is not there."""
    found = harm_store.fetch_by_keys(vault.db, outage, keys)
    if len(found) != len(set(keys)):
        raise NotFoundError("harm.unknown", "There is no such finding.", "See the harm review.")
    return found


def record_review(vault: Vault, keys: Sequence[str], outcome: str, note: str, actor: Actor) -> int:
    """A clinician says what harm came of findings (`OUTCOMES`); a note is needed from low up."""
    if outcome not in OUTCOMES:
        raise InputError(
            "harm.outcome", "There is no such degree of harm.", f"Choose {', '.join(OUTCOMES)}."
        )
    if outcome != "none" and not note.strip():
        raise InputError(
            "harm.note", "Harm needs a note.", "Say what happened and what was done about it."
        )
    return _say(vault, keys, REVIEWED, outcome, note, actor)


def record_explanation(
    vault: Vault, keys: Sequence[str], how: str, reason: str, actor: Actor
) -> int:
    """Close requests that had no result when the outage began (`EXPLANATIONS`), with a reason."""
    if how not in EXPLANATIONS:
        raise InputError(
            "harm.explanation",
            "There is no such explanation.",
            f"Choose {', '.join(EXPLANATIONS)}.",
        )
    if not reason.strip():
        raise InputError("harm.reason", "A reason is needed.", "Say in a few words what is known.")
    if any(one.kind != WAITING for one in _findings(vault, find_latest_outage(vault).id, keys)):
        raise ConflictError(
            "harm.kind",
            "Only a request without a result is explained.",
            "Other findings are reviewed by a clinician.",
        )
    return _say(vault, keys, EXPLAINED, how, reason, actor)


def _say(vault: Vault, keys: Sequence[str], way: str, outcome: str, note: str, actor: Actor) -> int:
    outage = find_latest_outage(vault).id
    target = keys[0] if len(keys) == 1 else f"{len(keys)} findings"
    with vault.change(actor, AuditAction(f"harm.{way}"), target=target, reason=outcome) as db:
        for finding in _findings(vault, outage, keys):
            said = HarmReview(
                outage=outage, finding=finding.key, digest=finding.digest, way=way,
                outcome=outcome, note=note.strip(), person=actor.id, person_name=actor.name,
                at=vault.now(),
            )  # fmt: skip
            harm_store.save_review(db, said)
    return len(keys)
