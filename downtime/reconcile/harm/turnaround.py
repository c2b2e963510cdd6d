"""How long tests took during the outage, beside the same hospital's tests before it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from downtime.clinical.model import DiagnosticReport, Record, ServiceRequest
from downtime.config import read_data_file
from downtime.reconcile.harm.model import FindingKind, HarmFinding, Step
from downtime.reconcile.harm.records import FINAL
from downtime.reconcile.rules.verdict import time_between

SPANS = {
    "requested-collected": ("requested", "collected"),
    "collected-answered": ("collected", "answered"),
    "requested-answered": ("requested", "answered"),
    "answered-seen": ("answered", "seen"),
}
"""The stretches of a test that are measured; 'answered' is phoned or resulted, what came first."""
SPAN_TITLES: Mapping[str, str] = read_data_file("downtime.reconcile", "titles.toml")["spans"]


@dataclass(frozen=True, slots=True)
class Figures:
    """Tests with both times, the median and the worst in whole minutes; None when there is none."""

    tests: int
    median: int | None
    worst: int | None


def compare_turnaround(
    findings: Iterable[HarmFinding],
    requests: Iterable[Record],
    reports: Iterable[Record],
    until: str,
) -> dict[str, dict[str, Any]]:
    """For each span the figures `during` the outage and `before` it (reports issued by `until`)."""
    during = [_answered(dict(f.times)) for f in findings if f.kind == FindingKind.DELAY]
    earlier = list(_before(requests, reports, until))
    return {
        name: {"before": asdict(_figures(earlier, span)), "during": asdict(_figures(during, span))}
        for name, span in SPANS.items()
    }


def _answered(times: dict[str, str]) -> dict[str, str]:
    known = [times[step] for step in (Step.PHONED, Step.RESULTED) if step in times]
    return times | ({"answered": min(known)} if known else {})


def _before(
    requests: Iterable[Record], reports: Iterable[Record], until: str
) -> Iterable[Mapping[str, str]]:
    by_id = {request.id: request for request in requests if isinstance(request, ServiceRequest)}
    for report in reports:
        if not isinstance(report, DiagnosticReport):
            continue
        request = by_id.get(report.based_on)
        if request and report.status in FINAL and report.issued and report.issued <= until:
            collected = request.collected or report.collected
            yield {
                "requested": request.authored,
                "collected": collected,
                "answered": report.issued,
            }


def _figures(tests: Iterable[Mapping[str, str]], span: tuple[str, str]) -> Figures:
    begin, end = span
    took = sorted(
        int(span_time.total_seconds() // 60)
        for times in tests
        if times.get(begin, "") <= times.get(end, "")
        and (span_time := time_between(times.get(begin, ""), times.get(end, ""))) is not None
    )
    if not took:
        return Figures(0, None, None)
    return Figures(len(took), round(median(took)), took[-1])
