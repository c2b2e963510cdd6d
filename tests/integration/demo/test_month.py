"""A month on several laptops, through every real function: the statement says what happened."""

import orjson
import pytest

from downtime.clock import system_clock
from downtime.demo.month import month
from downtime.demo.month import truth as month_truth

LAPTOPS, FORMS = 4, 120


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """The simulation's result."""
    folder = tmp_path_factory.mktemp("month")
    return month.simulate(
        folder, laptops=LAPTOPS, forms=FORMS, seed=1, clock=system_clock, say=lambda line: None
    )


def test_every_number_of_the_statement_is_as_it_was(lived):
    assert lived.differences == ()
    assert lived.numbers > 100
    assert lived.statement.verdict == "COMPLETE"


def test_the_month_had_what_makes_a_recovery_hard(lived):
    truth, facts = lived.truth, lived.statement.facts
    fates = {sheet.fate for sheet in truth.sheets.values()}
    assert fates >= {"returned", "void", "out"}
    assert any(sheet.sent_back for sheet in truth.sheets.values())
    assert truth.links["confirmed"]
    assert truth.links["undone"]
    assert truth.nobody
    assert set(truth.laptops.values()) == {"reported", "never"}
    assert facts["printed_ahead"]["forms"] == 3
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
