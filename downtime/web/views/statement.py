"""Statement: what became of every form and item, what is still open, and who signs for it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, render_template, request

from downtime.accounts.model import Permission
from downtime.entry.recovery_debt import measure_debt
from downtime.outage import outages
from downtime.reconcile import latest_outage
from downtime.returns.model import LEAD_TITLES, Lead
from downtime.returns.policies import can_sign
from downtime.returns.statement import (
    completeness_statement,
    open_groups,
    statement_files,
)
from downtime.returns.statement.export_statement import export_statement
from downtime.returns.statement.form_accounting import COLUMNS
from downtime.web import request_context
from downtime.web.derived_reports import ShownReport
from downtime.web.job_kinds import REASON_ON_SCREEN, JobName
from downtime.web.responses import ViewResponse, file_response
from downtime.web.view_permissions import require_permission
from downtime.web.views.jobs import submit_and_follow
from downtime.web.views.ledger import titles

blueprint = Blueprint("statement", __name__)
SHOWN_ROWS = 60
"""Rows of wards and forms that are shown at once; above, a row for each ward that opens its forms."""


@blueprint.get("/statement")
@require_permission(Permission.STATEMENT_MAKE)
def show() -> ViewResponse:
    """The statement as it reads now; of a large outage as it read last, and how far it is derived anew."""
    vault, settings = request_context.vault(), request_context.settings()
    past = outages.list_outages(vault)
    if not past:
        return render_template("statement/show.html", shown=None)
    outage = completeness_statement.find_outage(vault, request.args.get("outage", ""))
    shown = find_shown(outage.id)
    if shown.report is None:
        return render_template("statement/show.html", shown=shown, outage=outage, past=past)
    statement = shown.report.statement
    ward = request.args.get("ward", "")
    return render_template(
        "statement/show.html",
        shown=shown,
        outage=outage,
        statement=statement,
        facts=statement.facts,
        groups=open_groups.group_open_items(statement.facts["open"], statement.made_at),
        is_latest=outage.id == latest_outage.find_latest_outage(vault).id,
        ward=ward,
        rows=_choose_rows(statement.facts["forms"], ward),
        wards=statement_files.list_wards(statement),
        past=past,
        leads=LEAD_TITLES,
        signed=statement.valid_signatures,
        outdated=statement.outdated_count,
        titles=titles(),
        columns=COLUMNS,
        share=statement_files.format_error_rate,
        debt=measure_debt(vault, settings),
        mine=[lead for lead in Lead if can_sign(settings, lead, request_context.person())],
    )


def find_shown(outage_id: str) -> ShownReport:
    """What a page shows of an outage: derived anew at once where somebody asks for that."""
    vault, settings = request_context.vault(), request_context.settings()
    anew = bool(request.args.get("anew"))
    return request_context.app_state().reports.show(vault, settings, outage_id, anew=anew)


def _choose_rows(rows: Sequence[Mapping[str, Any]], ward: str) -> Sequence[Mapping[str, Any]]:
    """The forms of one ward; without one those of all, in a large hospital a sum for each ward."""
    if ward:
        return [row for row in rows if row["ward"] == ward]
    if len(rows) <= SHOWN_ROWS:
        return rows
    sums: dict[str, Counter[str]] = {}
    for row in rows:
        counts = sums.setdefault(row["ward"], Counter())
        counts.update({name: row[name] for name in COLUMNS})
    return [{"ward": name, "form": "", **sums[name]} for name in sorted(sums)]


@blueprint.get("/statement/progress")
@require_permission(Permission.STATEMENT_MAKE)
def progress() -> ViewResponse:
    """How far the statement of an outage is derived anew; the page loads again when it is."""
    vault = request_context.vault()
    outage = completeness_statement.find_outage(vault, request.args.get("outage", ""))
    done = request_context.app_state().reports.find_progress(vault, outage.id)
    answer = Response(
        render_template("statement/_progress.html", progress=done, outage_id=outage.id)
    )
    if done is None:
        answer.headers["HX-Refresh"] = "true"
    return answer


@blueprint.post("/statement/pdf")
@require_permission(Permission.STATEMENT_MAKE)
def pdf() -> ViewResponse:
    """The pages for the binder, as a job."""
    return submit_and_follow(JobName.STATEMENT, {"outage": request.form.get("outage", "")})


@blueprint.get("/statement/json")
@require_permission(Permission.STATEMENT_MAKE)
def json() -> ViewResponse:
    """The same for programs, signed: a stranger can check it."""
    outage, vault = request.args.get("outage", ""), request_context.vault()
    statement = completeness_statement.make_statement(
        vault,
        request_context.settings(),
        request_context.actor(),
        REASON_ON_SCREEN,
        outage,
    )
    return file_response(
        export_statement(vault, statement),
        "application/json",
        f"statement {statement.outage}.json",
    )
