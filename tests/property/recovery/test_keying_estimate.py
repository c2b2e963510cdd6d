"""How long what waits takes to key: in simulated recoveries the interval holds 9 times in 10."""

from math import exp
from random import Random

import pytest

from downtime.entry.keying_estimate import LEAST_KEYED, estimate_keying, student_quantile
from tests.night import by_night, sample

RECOVERIES = by_night(3_000, 800)


def live_through(chance, kinds, keyed, waiting, unseen=0.0):
    """One recovery: kinds of form differ in how long they take and how much; what was estimated, and true."""
    times, counts, truth = {}, {}, 0.0
    for kind in range(kinds):
        mean, spread = chance.gauss(4.7, 0.5), chance.uniform(0.3, 0.7)
        is_unseen = chance.random() < unseen
        number = 0 if is_unseen else chance.randint(*keyed)
        times[kind] = [exp(chance.gauss(mean, spread)) for _ in range(number)]
        counts[kind] = chance.randint(*waiting)
        truth += sum(exp(chance.gauss(mean, spread)) for _ in range(counts[kind]))
    return estimate_keying(counts, times), truth


@pytest.mark.parametrize(
    ("kinds", "keyed", "unseen"),
    sample(
        [
            (5, (3, 3), 0.0),
            (20, (3, 3), 0.0),
            (5, (8, 8), 0.0),
            (20, (1, 10), 0.0),
            (10, (20, 20), 0.0),
            (10, (100, 100), 0.0),
            (20, (3, 20), 0.3),
        ],
        2,
    ),
)
def test_the_interval_holds_nine_times_in_ten(kinds, keyed, unseen):
    chance = Random(f"{kinds} {keyed} {unseen}")
    recoveries = [live_through(chance, kinds, keyed, (0, 60), unseen) for _ in range(RECOVERIES)]
    pairs = [(estimate, truth) for estimate, truth in recoveries if estimate]
    assert len(pairs) > RECOVERIES * 0.9
    inside = sum(estimate.low <= truth <= estimate.high for estimate, truth in pairs)
    assert 0.85 <= inside / len(pairs) <= 0.95, inside / len(pairs)
    above = sum(truth > estimate.high for estimate, truth in pairs)
    assert above / len(pairs) <= 0.10, "a team is not promised too little"


def test_with_few_keyed_it_is_too_early_to_say():
    times = {"a": [60.0] * (LEAST_KEYED - 2), "b": [60.0]}
    assert estimate_keying({"a": 100}, times) is None
    assert estimate_keying({"a": 100}, {**times, "b": [60.0] * 2}) is not None


def test_nothing_that_waits_takes_no_time():
    estimate = estimate_keying({"a": 0}, {"a": [60.0] * 20})
    assert (estimate.seconds, estimate.low, estimate.high) == (0.0, 0.0, 0.0)


def test_more_that_was_keyed_says_it_more_narrowly():
    chance = Random(1)
    widths = []
    for number in (8, 80):
        estimate = estimate_keying(
            {"a": 500}, {"a": [exp(chance.gauss(4.7, 0.5)) for _ in range(number)]}
        )
        widths.append(estimate.high / estimate.low)
    assert widths[1] < widths[0] / 1.3


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(3, 2.353), (5, 2.015), (10, 1.812), (30, 1.697), (1000, 1.646)]
)
def test_the_quantiles_are_those_of_the_tables(freedom, quantile):
    assert student_quantile(freedom) == pytest.approx(quantile, abs=0.008)
