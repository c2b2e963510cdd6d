"""Public sample messages, where they lie beside the checkout: most are accepted, the rest explained."""

from collections import Counter
from pathlib import Path

import pytest

from downtime.feeds.check_feeds import check_feeds
from downtime.feeds.fhir import resources
from downtime.feeds.model import Outcome
from downtime.settings import Settings

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus beside the checkout")


@pytest.fixture(scope="module")
def report():
    return check_feeds([CORPUS], Settings())


def accepted_types(report):
    """Types of message with how many of them were read, whether or not anything is used."""
    counts = Counter()
    for (kind, outcome), count in report.outcomes.items():
        counts[kind] += count * (outcome is not Outcome.REJECTED)
    return counts


def rejected_in(report, *suffixes):
    return [
        problem
        for problem in report.problems
        if problem.reason.outcome is Outcome.REJECTED and problem.position.file.endswith(suffixes)
    ]


def test_hl7_messages_are_accepted(report):
    accepted = sum(n for kind, n in accepted_types(report).items() if kind[:3] in HL7)
    refused = rejected_in(report, ".hl7", ".txt")
    assert accepted > 200
    assert accepted / (accepted + len(refused)) >= 0.95


HL7 = ("ADT", "ORM", "OML", "ORU", "SIU")


def test_every_resource_of_a_type_in_use_is_accepted(report):
    refused = rejected_in(report, ".json", ".ndjson")
    assert {problem.reason.reason for problem in refused} <= {
        "the JSON has no resourceType: it is not a FHIR resource"
    }
    assert set(resources.RESOURCE_MAPPINGS) - set(accepted_types(report)) <= {"DocumentReference"}


def test_every_reject_says_why(report):
    reasons = {reason.reason for reason in report.reasons}
    assert all(len(reason) > 10 for reason in reasons)
    assert not [reason for reason in reasons if "fault in Downtime" in reason]
