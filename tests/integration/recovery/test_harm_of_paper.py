"""What forms say of tests and visits reaches the harm review."""

from dataclasses import replace

import pytest

from downtime.clinical.model import Patient, ServiceRequest
from downtime.paper.model import Subject
from downtime.reconcile.harm import review
from downtime.reconcile.harm.model import FindingKind, FindingState
from downtime.reconcile.reasons import ReasonCode

from .conftest import BLOODS, BOB, HOSPITAL, LIMS_SAYS, PHONED, SIGNED

WAITING = (
    ServiceRequest(
        id="r-ann", patient="p-ann", source="LIMS", filler="F7", code="CRP", display="CRP",
        stage="collected", authored="2026-11-02T08:00:00Z",
    ),
    ServiceRequest(
        id="r-bob", patient=BOB.id, source="LIMS", filler="F8", code="TSH", display="TSH",
        stage="collected", authored="2026-11-02T08:00:00Z",
    ),
)  # fmt: skip

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


@pytest.fixture
def t0(hold):
    """The snapshot of T0, with a test of Ann's and one of Bob's that waited."""
    return hold(1, (*HOSPITAL, BOB, *WAITING))


@pytest.fixture
def find(vault, settings, compare, actor):
    """`find(records)`: the findings once these records are recovered, by kind and test."""

    def one(records):
        compare((*HOSPITAL, BOB, *records))
        review.run_review(vault, settings, actor, "recovered")
        findings = [row.finding for row in review.list_findings(vault)]
        return {(finding.kind, finding.title): finding for finding in findings}

    return one


def test_a_number_of_another_patient_without_paper_closes_nothing_of_theirs(keyed, find):
    """Bob has no form: his request is looked at for the number on Ann's all the same."""
    keyed("phoned-result", PHONED | {"lab-number": "F8"})
    found = find(WAITING)
    assert found[FindingKind.WAITING, "TSH"].state == FindingState.NO_RESULT
    wrong = found[FindingKind.MISMATCH, "Potassium"]
    assert (wrong.person.family, wrong.needs) == ("Hill", True)


def test_a_test_that_went_to_a_patient_without_paper_is_not_lost_from_sight(outage, find):
    carl = Patient(id="p-carl", mrn="H300", family="Dunn", given="Carl")
    finding = find((carl, replace(WAITING[0], patient=carl.id)))[FindingKind.WAITING, "CRP"]
    assert (finding.person.family, finding.needs) == ("Hill", True)
    assert finding.reasons[0][0] == ReasonCode.TEST_OF_ANOTHER
