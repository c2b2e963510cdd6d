"""Reports of one person laid over each other that are one, and their values sorted out."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from downtime.clinical.model import DiagnosticReportStatus
from downtime.feeds.model import FindingKind
from downtime.snapshot.data_quality import FindingTally
from downtime.snapshot.report_contents import (
    VALUE_CANCELLED,
    DoubtfulReport,
    find_doubt,
    find_namespaced,
    is_cancelled_value,
    sort_values,
)
from downtime.snapshot.settled_state import SettledState, group_by_person, lay_over
from downtime.snapshot.traces import FINAL

_LESS_THAN_FINAL = frozenset(
    {
        DiagnosticReportStatus.PRELIMINARY,
        DiagnosticReportStatus.PARTIAL,
        DiagnosticReportStatus.REGISTERED,
    }
)
_Report = tuple[str, str, str]
"""Source, person and key of a report."""


@dataclass(slots=True)
class ReportSettler:
    """Reports first, then their values."""

    findings: FindingTally
    specimen_days: int
    doubtful: dict[_Report, DoubtfulReport] = field(default_factory=dict)
    joined: dict[_Report, str] = field(default_factory=dict)
    """Reports under a number without its namespace, to the key with it."""

    def settle_reports(self, settled: Iterable[SettledState]) -> Iterator[SettledState]:
        """The reports, those that are one laid over each other."""
        for reports in group_by_person(settled):
            same = find_namespaced(reports)
            for key, target in same.items():
                self.joined[reports[key].source, reports[key].person, key] = target
            lay_over(reports, same)
            for item in reports.values():
                self._check_report(item)
                yield item

    def _check_report(self, item: SettledState) -> None:
        fields = item.state.fields
        if fields.get("status") in _LESS_THAN_FINAL and FINAL in fields:
            text = "A report was final, and was sent later as less than final."
            self.findings.add(
                FindingKind.RESULT_REOPENED,
                item.source,
                text,
                "DiagnosticReport",
                person=item.person,
            )
        if doubtful_report := find_doubt(item.state, self.specimen_days):
            self.doubtful[item.source, item.person, item.key] = doubtful_report
            if doubtful_report.specimen_day:
                text = "One number of a report was used for specimens of two days of one patient."
                self.findings.add(
                    FindingKind.NUMBER_REUSED,
                    item.source,
                    text,
                    "DiagnosticReport",
                    person=item.person,
                )

    def settle_values(self, settled: Iterable[SettledState]) -> Iterator[SettledState]:
        """The values; those of doubtful reports last."""
        waiting: dict[_Report, dict[str, SettledState]] = defaultdict(dict)
        names = self.doubtful.keys() | self.joined.keys()
        for item in settled:
            report = (item.source, item.person, item.state.fields.get("report", ""))
            if report in names:
                self._collect(waiting, report, item)
            else:
                if is_cancelled_value(item.state.fields):
                    _add_remark(item, VALUE_CANCELLED)
                yield item
        for report, values in waiting.items():
            if doubtful_report := self.doubtful.get(report):
                self._mark_values(report, doubtful_report, values)
            yield from values.values()

    def _collect(
        self,
        waiting: dict[_Report, dict[str, SettledState]],
        report: _Report,
        item: SettledState,
    ) -> None:
        source, person, key = report
        target = self.joined.get(report, key)
        values = waiting[source, person, target]
        name = target + item.key.removeprefix(key) if item.key.startswith(f"{key}|") else item.key
        if before := values.get(name):
            before.state.overlay(item.state)
        else:
            values[name] = item._replace(key=name)

    def _mark_values(
        self, report: _Report, doubtful_report: DoubtfulReport, values: dict[str, SettledState]
    ) -> None:
        states = {name: item.state for name, item in values.items()}
        for name, remark in list(
            sort_values(doubtful_report, report[2], states, self.specimen_days)
        ):
            if remark:
                _add_remark(values[name], remark)
            else:
                del values[name]
            if doubtful_report.is_cancelled:
                values[name].state.set_derived({"status": DiagnosticReportStatus.CANCELLED})
            if doubtful_report.corrected:
                text = "A corrected report no longer holds a result that it held before."
                self.findings.add(
                    FindingKind.RESULT_WITHDRAWN, report[0], text, "Observation", person=report[1]
                )


def _add_remark(item: SettledState, remark: str) -> None:
    """Put what holds of a value before its note, so that no narrow column cuts it off."""
    note = item.state.fields.get("note", "")
    item.state.set_derived({"note": f"{remark}\n{note}".strip()})
