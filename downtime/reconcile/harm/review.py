"""Look for what the outage may have done to patients, and keep what clinicians say about it.

All of it also goes out as a table for spreadsheets: one line a finding, times in the site's zone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clinical.model import Record
from downtime.entry import facts
from downtime.errors import ConflictError, NotFoundError
from downtime.paper.csv_file import to_csv
from downtime.paper.serials import format_serial
from downtime.reconcile.harm import store as harm_store
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
from downtime.reconcile.harm.review_in_parallel import review_in_parallel
from downtime.reconcile.harm.review_part import ReviewTask, open_review
from downtime.reconcile.harm.split_review import split_review
from downtime.reconcile.harm.turnaround import (
    SpanMinutes,
    add_minutes,
    compare_turnaround,
    measure_earlier,
)
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import AuditAction
from downtime.reconcile.policies import (
    check_any_named,
    check_can_explain,
    check_explanation,
    check_findings_are_as_shown,
    check_outcome,
)
from downtime.reconcile.store import comparison_runs
from downtime.settings import Settings
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def run_review(
    vault: Vault, settings: Settings, actor: Actor, reason: str, cores: int = 1
) -> HarmRun:
    """Look at the outage at hand as it was last compared, on so many `cores`; what was said is kept.

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
    now = vault.now()
    until = max((system.ended or now for system in outage.systems), default=now)
    task = ReviewTask(settings, outage, compared.snapshot, until, actor, reason)
    stored = harm_store.fetch_keys(vault.db, outage.id)
    with open_review(vault, task) as reviewer:
        size = settings.reconcile.forms_at_once
        parts = split_review(
            vault.db, settings, outage, reviewer.before, reviewer.after, until, size
        )
        findings = 0
        during: SpanMinutes = {}
        for result in review_in_parallel(vault, task, reviewer, parts, cores):
            findings += result.findings
            stored.difference_update(result.keys)
            add_minutes(during, result.minutes)
        requests = reviewer.before.read(_iterate("ServiceRequest"), _get_source)
        reports = reviewer.before.read(_iterate("DiagnosticReport"), _get_source)
        earlier = measure_earlier(requests, reports, outage.opened)
        figures = compare_turnaround(during, earlier)
    _forget(vault, task, sorted(stored))
    run = HarmRun(outage.id, now, compared.snapshot, compared.at, findings, figures)
    with vault.change(actor, AuditAction.HARM_RUN, target=outage.id, reason=reason) as db:
        harm_store.save_run(db, run)
    return run


def _get_source(record: Record) -> str:
    return record.source


def _iterate(kind: str) -> Callable[[Snapshot], Iterable[Record]]:
    return lambda snapshot: snapshot.iterate_records(kind)


def _forget(vault: Vault, task: ReviewTask, keys: Sequence[str]) -> None:
    """Findings that hold no longer."""
    size = task.settings.reconcile.forms_at_once
    for start in range(0, len(keys), size):
        part = keys[start : start + size]
        with vault.change(
            task.actor, AuditAction.HARM_FIND, target=f"{len(part)} findings", reason=task.reason
        ) as db:
            harm_store.delete_findings(db, task.outage.id, part)


def list_findings(vault: Vault, *, kind: FindingKind | None = None) -> list[ReviewedFinding]:
    """The findings of the outage at hand, of one kind or of all."""
    return harm_store.fetch_findings(vault.db, find_latest_outage(vault).id, kind=kind)


def record_review(
    vault: Vault, keys: Sequence[str], outcome: str, note: str, actor: Actor, *,
    shown: Mapping[str, str] | None = None,
) -> int:  # fmt: skip
    """A clinician says what harm came of findings (`Harm`); a note is needed from low up.

    `shown` has the version of each finding (`ReviewedFinding`) that a page showed: ConflictError when one
    is another by now, or a colleague has said something of it.
    """
    harm = check_outcome(outcome, note)
    return _record(vault, keys, ReviewKind.REVIEWED, harm, note, actor, shown)


def record_explanation(
    vault: Vault, keys: Sequence[str], explanation: str, reason: str, actor: Actor, *,
    shown: Mapping[str, str] | None = None,
) -> int:  # fmt: skip
    """Close requests that had no result when the outage began (`Explanation`), with a reason; `shown` as
    for a review.
    """
    checked = check_explanation(explanation, reason)
    check_can_explain(_get_findings(vault, find_latest_outage(vault).id, keys).values())
    return _record(vault, keys, ReviewKind.EXPLAINED, checked, reason, actor, shown)


def _get_findings(vault: Vault, outage: str, keys: Sequence[str]) -> dict[str, HarmFinding]:
    """The findings with these keys, by digest; InputError for none, NotFoundError when one is not there."""
    check_any_named(keys)
    findings = harm_store.fetch_by_keys(vault.db, outage, keys)
    if len(findings) != len(set(keys)):
        raise NotFoundError("harm.unknown", "There is no such finding.", "See the harm review.")
    return findings


def _record(
    vault: Vault, keys: Sequence[str], kind: ReviewKind, outcome: Harm | Explanation, note: str,
    actor: Actor, shown: Mapping[str, str] | None,
) -> int:  # fmt: skip
    outage = find_latest_outage(vault).id
    target = keys[0] if len(keys) == 1 else f"{len(keys)} findings"
    with vault.change(actor, AuditAction(f"harm.{kind}"), target=target, reason=outcome) as db:
        findings = _get_findings(vault, outage, keys)
        if shown is not None:
            present = harm_store.fetch_page(db, outage, keys)
            check_findings_are_as_shown({row.finding.key: row.version for row in present}, shown)
        for digest, finding in findings.items():
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
