"""The post-incident report: what happened when, how the recovery went, what harm was found.

It goes out as JSON for programs and as PDF for boards and binders.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from downtime.entry.store import entries as entry_store
from downtime.outage.model import Outage
from downtime.paper.model import FormState, IssuedForm
from downtime.paper.store import issued_forms
from downtime.paper.store.issued_forms import FormLine
from downtime.reconcile.harm import store as harm_store
from downtime.reconcile.harm.turnaround import SPAN_TITLES
from downtime.returns.model import AuditAction
from downtime.returns.report import charts
from downtime.returns.report.charts import Chart, FormHistory
from downtime.returns.report.model import IncidentReport
from downtime.returns.report.timeline import list_events
from downtime.returns.statement import outage_forms
from downtime.returns.statement.completeness_statement import (
    find_outage,
    follow_nobody,
    gather_statement,
)
from downtime.returns.statement.proof import Progress
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def make_report(
    vault: Vault, settings: Settings, actor: Actor, reason: str = "", outage: str = ""
) -> IncidentReport:
    """Gather the report of an outage, and leave a trace that it was made."""
    report = gather_report(vault, settings, outage)
    with vault.change(
        actor, AuditAction.REPORT_MAKE, target=report.statement.outage, reason=reason
    ):
        pass
    return report


def gather_report(
    vault: Vault, settings: Settings, number: str = "", progress: Progress = follow_nobody
) -> IncidentReport:
    """The report as of now, of the outage at hand or of a given one.

    NotFoundError when there was never an outage, or not that one.
    """
    outage = find_outage(vault, number)
    statement = gather_statement(vault, settings, number, progress)
    zone = ZoneInfo(settings.site.time_zone)
    histories = list(_form_histories(vault, outage))
    end = vault.now()
    if outage.closed:
        end = max([outage.closed, *(max(f.keyed, f.finished, f.returned) for f in histories)])
    scale = charts.choose_scale(statement.facts["outage"]["opened"], end, zone)
    run = harm_store.fetch_last_run(vault.db, outage.id)
    delays = run.figures if run else {}
    drawn = [
        charts.chart_forms(histories, scale),
        charts.chart_backlog(histories, scale),
    ]
    if delays:
        drawn += [
            _chart_delays(delays, "median", "Median"),
            _chart_delays(delays, "worst", "Worst"),
        ]
    events = list_events(vault, outage, statement)
    return IncidentReport(statement, tuple(events), tuple(drawn), delays)


def _form_histories(vault: Vault, outage: Outage) -> Iterator[FormHistory]:
    """Each form that came back: keyed ones by what they say, others by when they came back or were filed."""
    entries = entry_store.fetch_times(vault.db)
    forms: list[IssuedForm | FormLine] = [
        *issued_forms.fetch_lines(vault.db, outage.id, FormState),
        *outage_forms.list_used_ahead(vault, outage),
    ]
    for form in forms:
        if entry := entries.get(form.serial):
            yield FormHistory(entry.event, entry.entered, entry.verified)
        elif form.state == FormState.FILED:
            yield FormHistory("", "", form.changed_at)
        elif form.state == FormState.RETURNED:
            yield FormHistory("", "", "", form.changed_at)


def _chart_delays(figures: Mapping[str, Any], name: str, title: str) -> Chart:
    return Chart(
        f"delays-{name}",
        f"{title} time of tests, before and during the outage",
        "minutes",
        tuple(SPAN_TITLES[span] for span in figures),
        {
            "Before": tuple(f["before"][name] for f in figures.values()),
            "During": tuple(f["during"][name] for f in figures.values()),
        },
    )
