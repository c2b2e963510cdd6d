"""What forms say of tests and visits reaches the harm review."""

from downtime.paper.model import Subject
from downtime.reconcile.harm import review
from downtime.reconcile.harm.model import FindingKind

from .conftest import BLOODS, HOSPITAL, LIMS_SAYS, PHONED, SIGNED

PUT_OFF = SIGNED | {
    "procedure": "Right hip replacement",
    "planned-start": "2026-11-02T13:30",
    "urgency": "routine",
    "cancelled-at": "2026-11-02T13:00",
    "when": "before",
    "why": "systems",
    "decided-by": "Mr Hale, consultant",
}


def test_a_phoned_result_a_request_and_a_cancellation_are_each_looked_at(
    keyed, compare, vault, settings, actor
):
    """None of them may be passed over: the laboratory says another potassium than was phoned."""
    unknown = Subject(downtime_number="DK700001X")
    written = [
        (FindingKind.MISMATCH, keyed("phoned-result", PHONED)),
        (FindingKind.DELAY, keyed("blood-sciences-request", BLOODS)),
        (FindingKind.PUT_OFF, keyed("elective-cancellation", PUT_OFF)),
        (FindingKind.DELAY, keyed("blood-sciences-request", BLOODS, unknown)),
    ]
    compare((*HOSPITAL, *LIMS_SAYS))
    review.run_review(vault, settings, actor, "recovered")
    findings = [row.finding for row in review.list_findings(vault)]
    found = {(finding.kind, serial) for finding in findings for serial in finding.serials}
    assert found >= set(written)
