"""The post-incident report as files: PDF and JSON, with its charts drawn."""

from pathlib import Path
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.pdf import templates
from downtime.reconcile.harm.model import KINDS, OUTCOMES
from downtime.returns.report.charts import Chart
from downtime.returns.report.model import IncidentReport
from downtime.returns.statement import statement_files
from downtime.returns.statement.statement_files import NAMED, format_error_rate, name_line
from downtime.settings import Settings


def save_report(report: IncidentReport, settings: Settings, out: Path) -> tuple[Path, Path]:
    """Write `out` (`.pdf` or `.json`) and its twin of the other kind beside it: (PDF, JSON)."""
    return statement_files.save_documents(
        out,
        lambda: statement_files.to_json(report.as_json()),
        lambda: to_pdf(report, settings),
        "report",
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
        open_names=name_line,
    )


def draw_chart(chart: Chart) -> str:
    """A chart as SVG, for a page: every word in it is escaped."""
    return templates.render_html("chart.html", chart=chart)
