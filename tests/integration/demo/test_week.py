"""A week of events on several laptops, bundles lost, late and twice: the statement says what happened."""

from collections import Counter
from datetime import UTC, datetime

import orjson
import pytest

from tests.night import by_night
from tests.simulation import week

TODAY = datetime(2026, 11, 30, 8, 24, tzinfo=UTC)


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """The simulation's result: by day a few laptops without a snapshot, by night all of it."""
    return week.simulate(
        tmp_path_factory.mktemp("week"), laptops=by_night(10, 4), events=by_night(3_300, 210), seed=3,
        clock=lambda: TODAY, say=lambda line: None, with_hospital=by_night(True, False),
    )  # fmt: skip


def test_every_number_event_and_place_is_as_it_was(lived):
    assert lived.differences == ()
    assert lived.numbers > by_night(2_500, 150)
    assert set(lived.bundles) == {"lost", "late", "twice", "in time"}


def test_the_week_had_what_makes_a_record_hard(lived):
    events = [event for one in lived.truth for event in one.events.values()]
    kinds = Counter(event.kind for event in events)
    assert {"arrival", "move", "discharge", "absence", "return", "result", "read-back"} <= set(
        kinds
    )
    assert any(event.versions > 1 and not event.is_withdrawn for event in events)
    assert any(event.is_withdrawn for event in events)
    assert 0 < lived.events < lived.recorded, "what never left two laptops is nowhere"


def test_a_wrong_number_would_be_seen(lived):
    """The comparison itself is held: each number changed in turn is named."""
    events = {root: event for one in lived.truth for root, event in one.events.items()}
    for name in ("recorded", "corrected", "withdrawn"):
        facts = orjson.loads(orjson.dumps(lived.facts))
        facts["events"][name] += 1
        wrong = [pair for pair in week._count_pairs(facts, events) if pair[1] != pair[2]]
        assert [pair[0] for pair in wrong] == [name]
