"""Post-incident report: the time line of an outage and its recovery, with charts and their tables."""

from flask import Blueprint, render_template, request
from markupsafe import Markup

from downtime.accounts.model import Permission
from downtime.outage import outages
from downtime.reconcile.harm.model import KINDS, OUTCOMES
from downtime.returns.report import incident_report, report_files
from downtime.returns.statement import statement_files
from downtime.returns.statement.completeness_statement import find_outage
from downtime.web import request_context
from downtime.web.job_kinds import REASON_ON_SCREEN, JobName
from downtime.web.responses import ViewResponse, file_response
from downtime.web.view_permissions import require_permission
from downtime.web.views.jobs import submit_and_follow
from downtime.web.views.statement import find_shown

blueprint = Blueprint("report", __name__)


@blueprint.get("/report")
@require_permission(Permission.REPORT_MAKE)
def show() -> ViewResponse:
    """The report as it reads now; of a large outage as it read last."""
    vault = request_context.vault()
    past = outages.list_outages(vault)
    if not past:
        return render_template("report/show.html", shown=None)
    outage = find_outage(vault, request.args.get("outage", ""))
    shown = find_shown(outage.id)
    report = shown.report
    if report is None:
        return render_template("report/show.html", shown=shown, outage=outage, past=past)
    return render_template(
        "report/show.html",
        shown=shown,
        outage=outage,
        report=report,
        past=past,
        facts=report.statement.facts,
        drawings={chart.id: Markup(report_files.draw_chart(chart)) for chart in report.charts},  # noqa: S704
        kinds=KINDS,
        outcomes=OUTCOMES,
    )


@blueprint.post("/report/pdf")
@require_permission(Permission.REPORT_MAKE)
def pdf() -> ViewResponse:
    """The pages for a board, as a job."""
    return submit_and_follow(JobName.REPORT, {"outage": request.form.get("outage", "")})


@blueprint.get("/report/json")
@require_permission(Permission.REPORT_MAKE)
def json() -> ViewResponse:
    """The same for programs."""
    outage = request.args.get("outage", "")
    report = incident_report.make_report(
        request_context.vault(),
        request_context.settings(),
        request_context.actor(),
        REASON_ON_SCREEN,
        outage,
    )
    name = f"report {report.statement.outage}.json"
    return file_response(statement_files.to_json(report.as_json()), "application/json", name)
