"""Public sample messages, where they lie beside the checkout: most are accepted, the rest explained."""

from collections import Counter
from pathlib import Path

import pytest

from downtime.feeds.check_feeds import check_feeds
from downtime.feeds.fhir import resources
from downtime.settings import Settings

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus beside the checkout")


@pytest.fixture(scope="module")
def report():
    return check_feeds([CORPUS], Settings())


def test_hl7_messages_are_accepted(report):
    accepted = sum(n for kind, n in report.kinds.items() if kind[:3] in HL7)
    refused = [r for r in report.rejected if r.position.file.endswith((".hl7", ".txt"))]
    assert accepted > 200
    assert accepted / (accepted + len(refused)) >= 0.95


HL7 = ("ADT", "ORM", "OML", "ORU", "SIU")


def test_every_resource_of_a_type_in_use_is_accepted(report):
    refused = [r for r in report.rejected if r.position.file.endswith((".json", ".ndjson"))]
    assert {r.reason for r in refused} <= {
        "the JSON has no resourceType: it is not a FHIR resource"
    }
    assert set(resources.RESOURCE_MAPPINGS) - set(report.kinds) <= {"DocumentReference"}


def test_every_reject_says_why(report):
    reasons = Counter(r.reason for r in report.rejected)
    assert all(len(reason) > 10 for reason in reasons)
    assert not [reason for reason in reasons if "fault in Downtime" in reason]
