"""Corrected results hold against whatever was sent before them, whenever that happened: pure.

Some laboratories date a correction by its specimen (OBR-22), or by the first authorisation: by that
time it would be the older one, and the wrong value would stand.
"""

from collections.abc import Iterable

from downtime.clinical.model import ClinicalStatus, DiagnosticReportStatus
from downtime.feeds.model import Change, Operation, Replacement

_SET, _CANCEL = Operation.SET, Operation.CANCEL
CORRECTED = frozenset({DiagnosticReportStatus.CORRECTED, DiagnosticReportStatus.AMENDED})
"""Statuses of a report or value that was mended after it was final."""
_CORRECTING = CORRECTED | {DiagnosticReportStatus.CANCELLED, ClinicalStatus.ENTERED_IN_ERROR}
_RESULTS = frozenset({"DiagnosticReport", "Observation"})

ReportKey = tuple[str, object]
"""Source and key of a report."""


def list_corrected_reports(content: Iterable[Change | Replacement]) -> frozenset[ReportKey]:
    """The reports that one message corrects."""
    changes = [item for item in content if isinstance(item, Change)]
    reports = [change for change in changes if change.type == "DiagnosticReport"]
    return frozenset(
        [(item.source, item.key) for item in reports if item.fields.get("status") in CORRECTED]
    )


def correct(change: Change, corrected: frozenset[ReportKey]) -> Change:
    """The change; a correction, or a value of a report that is corrected, as what now holds."""
    if change.type not in _RESULTS or change.operation is not _SET:
        return change
    if change.fields.get("status") in _CORRECTING or (
        corrected and (change.source, change.fields.get("report")) in corrected
    ):
        return change._replace(operation=_CANCEL)
    return change
