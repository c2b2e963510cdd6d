"""The post-incident report as it is shown and kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from downtime.returns.report.charts import Chart
from downtime.returns.report.timeline import TimelineEvent
from downtime.returns.statement.completeness_statement import (
    Statement,
)


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
