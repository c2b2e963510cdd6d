"""Harm review: what the outage may have done to patients, and what clinicians say about it."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.errors import InputError, NotFoundError
from downtime.reconcile.harm import export_csv, store
from downtime.reconcile.harm import review as rules
from downtime.reconcile.harm.model import EXPLANATIONS, KINDS, OUTCOMES, STEPS, WAITING
from downtime.reconcile.harm.store import ReviewedFinding
from downtime.reconcile.harm.turnaround import WORDS as SPANS
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.web import request_context
from downtime.web.job_kinds import JobName
from downtime.web.responses import ViewResponse, file_response
from downtime.web.view_permissions import requires
from downtime.web.views.jobs import submit_and_follow

blueprint = Blueprint("harm", __name__)
SHOWN = 200
COLOURS = {
    "no-result": "tag-red",
    "differs": "tag-red",
    "late": "tag-amber",
    "no-answer": "tag-amber",
    "doubled": "tag-amber",
    "not-booked": "tag-red",
    "not-known": "tag-amber",
}


@blueprint.get("/harm")
@requires(Permission.HARM_LIST)
def show() -> ViewResponse:
    """The findings of one kind: what waited at T0 unless another is asked for."""
    kind = request.args.get("kind", WAITING)
    if kind not in KINDS:
        raise NotFoundError("harm.kind", "There is no such finding.", "Choose one of the list.")
    try:
        outage = find_latest_outage(request_context.vault())
    except NotFoundError:
        return render_template(
            "harm/show.html", outage=None, kind=kind, kinds=KINDS, rows=[], run=None
        )
    db = request_context.vault().db
    rows = store.fetch_findings(db, outage.id, kind=kind)
    counts = store.count_findings(db, outage.id)
    return render_template(
        "harm/show.html",
        outage=outage,
        run=store.fetch_last_run(db, outage.id),
        kind=kind,
        kinds=KINDS,
        totals=_totals(counts, "findings"),
        open_=_totals(counts, "open"),
        rows=_first(rows),
        count=len(rows),
        shown=SHOWN,
        steps=STEPS,
        spans=SPANS,
        outcomes=OUTCOMES,
        explanations=EXPLANATIONS,
        colours=COLOURS,
    )


@blueprint.post("/harm/run")
@requires(Permission.HARM_RUN)
def run() -> ViewResponse:
    """Run again, as a job."""
    return submit_and_follow(JobName.HARM_REVIEW, {})


@blueprint.get("/harm/csv")
@requires(Permission.HARM_EXPLAIN)
def csv() -> ViewResponse:
    """All findings for a spreadsheet."""
    rows = rules.list_findings(request_context.vault())
    zone = ZoneInfo(request_context.settings().site.time_zone)
    name = f"harm review {find_latest_outage(request_context.vault()).label}.csv"
    return file_response(export_csv.findings_to_csv(rows, zone), "text/csv", name)


@blueprint.post("/harm/review")
@requires(Permission.HARM_REVIEW)
def review() -> ViewResponse:
    """Say what harm came of the ticked findings."""
    note = request.form.get("note", "")[:1000]
    outcome = request.form.get("outcome", "")
    done = rules.record_review(
        request_context.vault(), _ticked(), outcome, note, request_context.actor()
    )
    return _back(f"{done} reviewed: {OUTCOMES[outcome].lower()}.")


@blueprint.post("/harm/explain")
@requires(Permission.HARM_EXPLAIN)
def explain() -> ViewResponse:
    """Say what became of the ticked requests that have no result."""
    note, how = request.form.get("note", "")[:1000], request.form.get("how", "")
    done = rules.record_explanation(
        request_context.vault(), _ticked(), how, note, request_context.actor()
    )
    return _back(f"{done} explained: {EXPLANATIONS[how].lower()}.")


def _ticked() -> list[str]:
    keys = request.form.getlist("key")
    if not keys:
        raise InputError("harm.none", "No findings were ticked.", "Go back and tick at least one.")
    return keys


def _back(said: str) -> ViewResponse:
    flash(said)
    kind = request.form.get("kind", WAITING)
    return redirect(url_for("harm.show", kind=kind if kind in KINDS else WAITING), 303)


def _totals(counts: Sequence[dict[str, object]], name: str) -> dict[str, int]:
    sums = dict.fromkeys(KINDS, 0)
    for row in counts:
        sums[str(row["kind"])] += int(str(row[name] or 0))
    return sums


def _first(rows: Sequence[ReviewedFinding]) -> Sequence[ReviewedFinding]:
    """What is open comes first, then what nobody has reviewed."""
    ordered = sorted(rows, key=lambda row: (not row.is_open, row.reviewed is not None))
    return ordered[:SHOWN]
