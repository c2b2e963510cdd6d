"""The list of tests outstanding: what comes first, and what a filter leaves."""

from datetime import datetime

import pytest

from downtime.clinical.model import Patient, ServiceRequest
from downtime.snapshot.model import OutstandingRow
from downtime.snapshot.outstanding_tests import (
    OutstandingFilter,
    filter_outstanding,
    sort_outstanding,
)

NOW = datetime.fromisoformat("2026-11-02T14:30:00+00:00")


def row(name, priority, authored, department="CH"):
    request = ServiceRequest(id=name, priority=priority, authored=authored, department=department)
    return OutstandingRow(request, Patient(id="p"), None)


ROWS = [
    row("new", "routine", "2026-11-02T14:00:00Z"),
    row("old", "routine", "2026-11-01T14:00:00Z"),
    row("unknown", "", ""),
    row("urgent", "urgent", "2026-11-02T13:00:00Z", "HM"),
    row("asap", "ASAP", "2026-11-02T09:00:00Z"),
    row("stat", "stat", "2026-11-02T14:20:00Z"),
]


def test_the_most_urgent_come_first_and_of_those_the_oldest():
    names = [r.request.id for r in sort_outstanding(ROWS)]
    assert names == ["stat", "asap", "urgent", "unknown", "old", "new"]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (OutstandingFilter(urgency="urgent"), {"urgent", "asap"}),
        (OutstandingFilter(department="Haematology"), {"urgent"}),
        (OutstandingFilter(hours=4), {"old", "unknown", "asap"}),
        (OutstandingFilter(hours=4, urgency="urgent"), {"asap"}),
    ],
)
def test_a_filter_leaves_what_is_meant_and_never_hides_what_has_no_time(wanted, names):
    assert {r.request.id for r in filter_outstanding(ROWS, wanted, NOW)} == names
