"""Harm review: what the outage may have done to patients, and what clinicians say about it."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.errors import NotFoundError
from downtime.reconcile.harm import store
from downtime.reconcile.harm.model import (
    EXPLANATIONS,
    KINDS,
    OUTCOMES,
    STEPS,
    Explanation,
    FindingKind,
    FindingState,
    Harm,
    ReviewedFinding,
)
from downtime.reconcile.harm.review import (
    HEAD,
    findings_to_table,
    list_findings,
    record_explanation,
    record_review,
)
from downtime.reconcile.harm.turnaround import SPAN_TITLES
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.web import request_context
from downtime.web.job_kinds import JobName
from downtime.web.listing import cut_page, has_words, searched_text, table_response
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission
from downtime.web.views.jobs import submit_and_follow

blueprint = Blueprint("harm", __name__)
SEARCH = "harm"
COLOURS = {
    FindingState.NO_RESULT: "tag-red",
    FindingState.DIFFERS: "tag-red",
    FindingState.ANSWERED_LATE: "tag-amber",
    FindingState.NO_ANSWER: "tag-amber",
    FindingState.REQUESTED_TWICE: "tag-amber",
    FindingState.NOT_BOOKED: "tag-red",
    FindingState.NOT_KNOWN: "tag-amber",
}


@blueprint.get("/harm")
@require_permission(Permission.HARM_LIST)
def show() -> ViewResponse:
    """The findings of one kind: what waited at T0 unless another is asked for."""
    try:
        kind = FindingKind(request.args.get("kind", FindingKind.WAITING))
    except ValueError:
        raise NotFoundError(
            "harm.kind", "There is no such finding.", "Choose one of the list."
        ) from None
    try:
        outage = find_latest_outage(request_context.vault())
    except NotFoundError:
        return render_template("harm/show.html", outage=None, kind=kind, kinds=KINDS, run=None)
    db = request_context.vault().db
    counts = store.count_findings(db, outage.id)
    only, text = request.args.get("only", ""), searched_text(SEARCH)
    keys = store.fetch_keys_in_order(db, outage.id, kind)
    if only:
        keys = [key for key in keys if key == only]
    if text:
        findings = store.fetch_page(db, outage.id, keys)
        keys = [row.finding.key for row in findings if _has(row, text)]
    listing = cut_page(keys)
    return render_template(
        "harm/show.html",
        outage=outage,
        run=store.fetch_last_run(db, outage.id),
        kind=kind,
        kinds=KINDS,
        totals=_totals(counts, "findings"),
        open_=_totals(counts, "open"),
        listing=listing,
        rows=store.fetch_page(db, outage.id, listing.rows),
        text=text,
        only=only,
        zone=ZoneInfo(request_context.settings().site.time_zone),
        steps=STEPS,
        spans=SPAN_TITLES,
        outcomes=OUTCOMES,
        explanations=EXPLANATIONS,
        colours=COLOURS,
    )


@blueprint.post("/harm/run")
@require_permission(Permission.HARM_RUN)
def run() -> ViewResponse:
    """Run again, as a job."""
    return submit_and_follow(JobName.HARM_REVIEW, {})


@blueprint.get("/harm.<file_kind>")
@require_permission(Permission.HARM_EXPORT)
def download(file_kind: str) -> ViewResponse:
    """The findings for a spreadsheet: of one kind and as searched for, else all of them."""
    outage, kind = find_latest_outage(request_context.vault()), request.args.get("kind", "")
    text, zone = searched_text(SEARCH), ZoneInfo(request_context.settings().site.time_zone)
    rows = [
        row
        for row in list_findings(request_context.vault())
        if kind in ("", row.finding.kind) and (not text or _has(row, text))
    ]
    table = findings_to_table(rows, zone)
    return table_response(file_kind, f"harm review {outage.label}", HEAD, table)


@blueprint.post("/harm/review")
@require_permission(Permission.HARM_REVIEW)
def review() -> ViewResponse:
    """Say what harm came of the ticked findings."""
    note, outcome = request.form.get("note", "")[:1000], request.form.get("outcome", "")
    shown = _read_shown()
    reviewed = record_review(
        request_context.vault(), [*shown], outcome, note, request_context.actor(), shown=shown
    )
    return _return_to_list(f"{reviewed} reviewed: {OUTCOMES[Harm(outcome)].lower()}.")


@blueprint.post("/harm/explain")
@require_permission(Permission.HARM_EXPLAIN)
def explain() -> ViewResponse:
    """Say what became of the ticked requests that have no result."""
    note, explanation = request.form.get("note", "")[:1000], request.form.get("how", "")
    shown = _read_shown()
    explained = record_explanation(
        request_context.vault(), [*shown], explanation, note, request_context.actor(), shown=shown
    )
    title = EXPLANATIONS[Explanation(explanation)].lower()
    return _return_to_list(f"{explained} explained: {title}.")


def _read_shown() -> dict[str, str]:
    """The findings that were ticked, each with the version that the page showed."""
    pairs = (text.rpartition("=") for text in request.form.getlist("finding"))
    return {key: version for key, _, version in pairs}


def _return_to_list(message: str) -> ViewResponse:
    flash(message)
    kind = request.form.get("kind", FindingKind.WAITING)
    return redirect(url_for("harm.show", kind=kind if kind in KINDS else FindingKind.WAITING), 303)


def _totals(counts: Sequence[dict[str, object]], name: str) -> dict[FindingKind, int]:
    sums = dict.fromkeys(FindingKind, 0)
    for row in counts:
        sums[FindingKind(str(row["kind"]))] += int(str(row[name] or 0))
    return sums


def _has(row: ReviewedFinding, text: str) -> bool:
    """Whether a finding is searched for: by test, patient, number, ward or serial."""
    finding = row.finding
    who = finding.person
    return has_words(
        text, finding.title, finding.ward, finding.state, who.family, who.given, who.mrn,
        who.nhs_number, who.downtime_number, *finding.serials,
    )  # fmt: skip
