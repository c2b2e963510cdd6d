"""How long tests took during the outage, beside the same hospital's tests before it. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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


SpanMinutes = dict[str, list[int]]
"""For each span, how many whole minutes each test took."""


def compare_turnaround(during: SpanMinutes, before: SpanMinutes) -> dict[str, dict[str, Any]]:
    """For each span the figures `during` the outage and `before` it."""
    return {
        name: {"before": _figures(before.get(name, [])), "during": _figures(during.get(name, []))}
        for name in SPANS
    }


def measure_findings(findings: Iterable[HarmFinding]) -> SpanMinutes:
    """How long the tests of the outage took, by what the review found of their times."""
    return _measure(_answered(dict(f.times)) for f in findings if f.kind == FindingKind.DELAY)


def measure_earlier(
    requests: Iterable[Record], reports: Iterable[Record], until: str
) -> SpanMinutes:
    """How long the same hospital's tests took before (reports issued by `until`)."""
    return _measure(_list_earlier_times(requests, reports, until))


def add_minutes(total: SpanMinutes, more: SpanMinutes) -> None:
    """Count more tests in."""
    for name, minutes in more.items():
        total.setdefault(name, []).extend(minutes)


def _answered(times: dict[str, str]) -> dict[str, str]:
    known = [times[step] for step in (Step.PHONED, Step.RESULTED) if step in times]
    return times | ({"answered": min(known)} if known else {})


def _list_earlier_times(
    requests: Iterable[Record], reports: Iterable[Record], until: str
) -> Iterator[Mapping[str, str]]:
    by_id = {
        request.id: (request.authored, request.collected)
        for request in requests
        if isinstance(request, ServiceRequest)
    }
    for report in reports:
        if not isinstance(report, DiagnosticReport) or report.based_on not in by_id:
            continue
        if report.status in FINAL and report.issued and report.issued <= until:
            requested, collected = by_id[report.based_on]
            yield {
                "requested": requested,
                "collected": collected or report.collected,
                "answered": report.issued,
            }


def _measure(tests: Iterable[Mapping[str, str]]) -> SpanMinutes:
    minutes: SpanMinutes = {name: [] for name in SPANS}
    for times in tests:
        for name, (begin, end) in SPANS.items():
            since, until = times.get(begin, ""), times.get(end, "")
            if since <= until and (taken := time_between(since, until)) is not None:
                minutes[name].append(int(taken.total_seconds() // 60))
    return minutes


def _figures(minutes: Sequence[int]) -> dict[str, int | None]:
    took = sorted(minutes)
    figures = Figures(len(took), round(median(took)), took[-1]) if took else Figures(0, None, None)
    return asdict(figures)
