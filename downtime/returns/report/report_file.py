"""The post-incident report as JSON for programs and as PDF for boards and binders."""

from pathlib import Path
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.pdf import templates
from downtime.reconcile.harm.findings import KINDS, OUTCOMES
from downtime.returns import twins
from downtime.returns.report.charts import Chart
from downtime.returns.report.report import Report
from downtime.returns.statement.statement_file import NAMED, share
from downtime.settings import Settings


def save(report: Report, settings: Settings, out: Path) -> tuple[Path, Path]:
    """Write `out` (`.pdf` or `.json`) and its twin of the other kind beside it: (PDF, JSON)."""
    return twins.save(out, report.as_json(), lambda: to_pdf(report, settings), "report")


def to_pdf(report: Report, settings: Settings) -> bytes:
    """The report as A4 pages."""
    zone = ZoneInfo(settings.site.time_zone)
    return templates.render(
        "report.html",
        facts=report.statement.facts,
        digest=report.statement.digest,
        made=report.statement.made,
        verdict=report.statement.verdict,
        moment=lambda stored: display.moment(stored, zone),
        timeline=report.timeline,
        charts=report.charts,
        harm_kinds=KINDS,
        outcomes=OUTCOMES,
        share=share,
        named=NAMED,
    )


def drawing(chart: Chart) -> str:
    """A chart as SVG, for a page: every word in it is escaped."""
    return templates.render_html("chart.html", chart=chart)
