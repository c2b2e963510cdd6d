"""Post-incident report: the time line of an outage and its recovery, with charts and their tables."""

from flask import Blueprint, render_template, request
from markupsafe import Markup

from downtime.outage import outages
from downtime.reconcile.harm.findings import KINDS, OUTCOMES
from downtime.returns import twins
from downtime.returns.report import report as rules
from downtime.returns.report import report_file
from downtime.web import current
from downtime.web.actions import action
from downtime.web.answers import Answer, download
from downtime.web.views.jobs import ask
from downtime.web.work import WHY

report = Blueprint("report", __name__)


@report.get("/report")
@action("report.make")
def show() -> Answer:
    """The report as it would read now."""
    past = outages.history(current.vault())
    if not past:
        return render_template("report.html", made=None)
    made = rules.look(current.vault(), current.settings(), request.args.get("outage", ""))
    return render_template(
        "report.html",
        made=made,
        past=past,
        facts=made.statement.facts,
        drawings={chart.id: Markup(report_file.drawing(chart)) for chart in made.charts},  # noqa: S704
        kinds=KINDS,
        outcomes=OUTCOMES,
    )


@report.post("/report/pdf")
@action("report.make")
def pdf() -> Answer:
    """The pages for a board, as a job."""
    return ask("report", {"outage": request.form.get("outage", "")}, WHY)


@report.get("/report/json")
@action("report.make")
def json() -> Answer:
    """The same for programs."""
    outage = request.args.get("outage", "")
    made = rules.make(current.vault(), current.settings(), current.who(), WHY, outage)
    name = f"report {made.statement.outage}.json"
    return download(twins.to_json(made.as_json()), "application/json", name)
