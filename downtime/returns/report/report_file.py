"""The post-incident report as JSON for programs and as PDF for boards and binders."""

from pathlib import Path
from zoneinfo import ZoneInfo

import orjson

from downtime.clinical import display
from downtime.errors import InputError
from downtime.paper.press import document
from downtime.reconcile.harm.findings import KINDS, OUTCOMES
from downtime.returns.report.charts import Chart
from downtime.returns.report.report import Report
from downtime.returns.statement.statement_file import NAMED, share
from downtime.settings import Settings
from downtime.vault.files import write_atomic


def save(report: Report, settings: Settings, out: Path) -> tuple[Path, Path]:
    """Write `out` (`.pdf` or `.json`) and its twin of the other kind beside it: (PDF, JSON)."""
    if out.suffix.lower() not in (".pdf", ".json"):
        raise InputError(
            "report.file", f"{out.name} is neither .pdf nor .json.", "Name one of the two."
        )
    pdf, text = out.with_suffix(".pdf"), out.with_suffix(".json")
    write_atomic(pdf, to_pdf(report, settings))
    write_atomic(text, to_json(report))
    return pdf, text


def to_json(report: Report) -> bytes:
    """The report as one JSON document."""
    return orjson.dumps(report.as_json(), option=orjson.OPT_INDENT_2) + b"\n"


def to_pdf(report: Report, settings: Settings) -> bytes:
    """The report as A4 pages."""
    zone = ZoneInfo(settings.site.time_zone)
    return document.render(
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
    return document.render_html("chart.html", chart=chart)
