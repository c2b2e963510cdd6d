"""The post-incident report: what happened when, how the recovery went, what harm was found.

It goes out as JSON for programs and as PDF for boards and binders.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.entry.store import entries as entry_store
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.paper.model import FormState
from downtime.pdf import templates
from downtime.reconcile.harm import store as harm_store
from downtime.reconcile.harm.model import KINDS, OUTCOMES
from downtime.reconcile.harm.turnaround import SPAN_TITLES
from downtime.returns.model import AuditAction
from downtime.returns.report import charts
from downtime.returns.report.charts import Chart, FormHistory
from downtime.returns.report.timeline import SUBMITTED, TimelineEvent, list_events
from downtime.returns.statement import form_accounting, statement_files
from downtime.returns.statement.completeness_statement import (
    Statement,
    find_outage,
    gather_statement,
)
from downtime.returns.statement.statement_files import NAMED, format_error_rate
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class IncidentReport:
    """The statement, and beside it the time line, the charts and how long tests took."""

    statement: Statement
    timeline: tuple[TimelineEvent, ...]
    charts: tuple[Chart, ...]
    delays: Mapping[str, Any]
    """Figures by stretch of a test, `before` and `during` the outage (`reconcile.harm.turnaround`)."""

    def as_json(self) -> dict[str, Any]:
        """One document: time line, the charts' tables, delays, harm, and what is open."""
        facts = self.statement.facts
        return {
            "report": "downtime/report-1",
            "hospital": facts["hospital"],
            "outage": facts["outage"],
            "verdict": self.statement.verdict,
            "facts_sha256": self.statement.digest,
            "made": self.statement.made_at,
            "timeline": [{"at": event.at, "what": event.sentence} for event in self.timeline],
            "charts": [
                {"title": c.title, "unit": c.unit, "labels": c.labels, "series": dict(c.series)}
                for c in self.charts
            ],
            "delays": dict(self.delays),
            "harm": facts["harm"],
            "open": facts["open"],
        }


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


def gather_report(vault: Vault, settings: Settings, number: str = "") -> IncidentReport:
    """The report as of now, of the outage at hand or of a given one.

    NotFoundError when there was never an outage, or not that one.
    """
    outage, statement = find_outage(vault, number), gather_statement(vault, settings, number)
    zone = ZoneInfo(settings.site.time_zone)
    histories = list(_form_histories(vault, outage))
    end = vault.now()
    if outage.closed:
        end = max([outage.closed, *(max(form.keyed, form.finished) for form in histories)])
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
    """Each form that came back: keyed ones by what they say, others by when they were filed."""
    submitted = entry_store.find_in_state(vault.db, *SUBMITTED)
    entries = {entry.serial: entry for entry in submitted}
    ahead = form_accounting.list_used_ahead(vault, outage)
    for form in [*ledger.list_in_states(vault, outage.id, *FormState), *ahead]:
        if entry := entries.get(form.serial):
            yield FormHistory(entry.event, entry.entered, entry.verified)
        elif form.state == FormState.FILED:
            yield FormHistory("", "", form.changed_at)


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


def save_report(report: IncidentReport, settings: Settings, out: Path) -> tuple[Path, Path]:
    """Write `out` (`.pdf` or `.json`) and its twin of the other kind beside it: (PDF, JSON)."""
    return statement_files.save_documents(
        out, report.as_json(), lambda: to_pdf(report, settings), "report"
    )


def to_pdf(report: IncidentReport, settings: Settings) -> bytes:
    """The report as A4 pages."""
    zone = ZoneInfo(settings.site.time_zone)
    return templates.render_pdf(
        "report.html",
        facts=report.statement.facts,
        digest=report.statement.digest,
        made=report.statement.made_at,
        verdict=report.statement.verdict,
        moment=lambda stored: display.format_moment(stored, zone),
        timeline=report.timeline,
        charts=report.charts,
        harm_kinds=KINDS,
        outcomes=OUTCOMES,
        share=format_error_rate,
        named=NAMED,
    )


def draw_chart(chart: Chart) -> str:
    """A chart as SVG, for a page: every word in it is escaped."""
    return templates.render_html("chart.html", chart=chart)
