"""A month on several laptops, through every real function: the statement says what happened."""

from datetime import UTC, datetime

import orjson
import pytest

from tests.simulation import month
from tests.simulation import truth as month_truth

LAPTOPS, FORMS = 4, 120
TODAY = datetime(2026, 11, 30, 8, 24, tzinfo=UTC)
"""A Monday morning, so that visits take place in the first hours; the same month in every run."""


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """The simulation's result."""
    folder = tmp_path_factory.mktemp("month")
    return month.simulate(
        folder, laptops=LAPTOPS, forms=FORMS, seed=2, clock=lambda: TODAY, say=lambda line: None
    )


def test_every_number_of_the_statement_is_as_it_was(lived):
    assert lived.differences == ()
    assert lived.numbers > 100
    assert lived.statement.verdict == "COMPLETE"


def test_the_month_had_what_makes_a_recovery_hard(lived):
    truth, facts = lived.truth, lived.statement.facts
    fates = {sheet.fate for sheet in truth.sheets.values()}
    assert fates >= {"returned", "void", "out"}
    assert any(errors for *_, errors in truth.checks)  # a slip that another person's keying found
    assert truth.links["confirmed"]
    assert truth.links["undone"]
    assert truth.nobody
    assert set(truth.laptops.values()) == {"reported", "never"}
    assert facts["printed_ahead"]["forms"] == 3
    assert truth.list_requested_twice()
    assert truth.put_off > 0
    assert truth.empty > 0
    assert truth.late_laboratory > 0
    assert truth.wrong_numbers == 4  # the neighbour's and the twin's, on two laptops
    assert truth.laptops[truth.restored] == "reported"
    assert {row["device"] for row in facts["laptops"]} == set(truth.laptops)
    assert sum(row["settled"] for row in facts["returned"]["systems"]) > 0


def test_a_wrong_number_would_be_seen(lived):
    """The comparison itself is held: each number changed in turn is named."""
    for path in (
        ("forms_total", "returned"),
        ("entries", "sent_back"),
        ("unmatched", "patients"),
        ("identity", "undone"),
        ("printed_ahead", "forms"),
    ):
        facts = orjson.loads(orjson.dumps(lived.statement.facts))
        facts[path[0]][path[1]] += 1
        assert len(month_truth.differences(lived.truth, facts)) == 1, path


@pytest.mark.parametrize("kind", ["duplicate", "put-off"])
def test_a_wrong_finding_would_be_seen(lived, kind):
    facts = orjson.loads(orjson.dumps(lived.statement.facts))
    row = next(row for row in facts["harm"]["findings"] if row["kind"] == kind)
    row["findings"] += 1
    assert len(month_truth.differences(lived.truth, facts)) == 1


def test_what_is_asked_for_twice_is_sent_once(lived):
    """Of two papers that ask for the same, one order reaches the laboratory."""
    twice = set(lived.truth.list_requested_twice())
    returned = {key for key, fate in lived.truth.items.items() if fate == ("new", "returned")}
    assert lived.truth.orders == {key for key in returned if "-test." in key}
    assert twice.isdisjoint(lived.truth.orders)
