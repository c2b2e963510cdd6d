"""Runs keep their times on a machine that sleeps, and whose clock somebody sets."""

from datetime import timedelta

import pytest

from downtime.fleet.run_every import Timing, run_every
from tests.conftest import NOW

DAY, YEAR = 86_400, 365 * 86_400


class World:
    """Time as a laptop sees it: `stopping.wait` lets it pass, and things happen meanwhile."""

    def __init__(self, until: float) -> None:
        self.monotonic, self.wall, self.until = 1000.0, NOW, 1000.0 + until
        self.events: list[tuple[float, float, float]] = []
        self.runs: list[float] = []

    def happen(self, after: float, *, monotonic: float = 0.0, wall: float = 0.0) -> None:
        """At a moment of the monotonic clock both clocks jump."""
        self.events.append((1000.0 + after, monotonic, wall))

    def is_set(self) -> bool:
        return self.monotonic >= self.until

    def wait(self, seconds: float) -> bool:
        self.monotonic += seconds
        self.wall += timedelta(seconds=seconds)
        for event in [event for event in self.events if event[0] <= self.monotonic]:
            self.events.remove(event)
            self.monotonic += event[1]
            self.wall += timedelta(seconds=event[2])
        return self.is_set()

    def run(self, every: float = 300, spread: int = 0, retry=lambda regular: None) -> list[float]:
        def note(regular: bool):
            self.runs.append(round(self.monotonic - 1000))
            return retry(regular)

        timing = Timing(every, spread, lambda: self.wall, lambda: self.monotonic, lambda: 0.5)
        run_every(note, timing, self)
        return self.runs


def test_the_first_run_is_at_once_and_the_others_at_their_times():
    assert World(1000).run() == [0, 300, 600, 900]


def test_runs_missed_while_asleep_are_caught_up_by_one():
    world = World(1000)
    world.happen(100, wall=8 * 3600)  # the lid was closed: the monotonic clock stood still
    runs = world.run()
    assert runs[:2] == [0, 100]
    assert runs[2] == 400


@pytest.mark.parametrize("jump", [-YEAR, -DAY, -3600])
def test_a_clock_that_is_set_back_costs_no_run(jump):
    world = World(1000)
    world.happen(100, wall=jump)
    assert world.run() == [0, 300, 600, 900]


@pytest.mark.parametrize("jump", [3600, DAY, YEAR])
def test_a_clock_that_is_set_forward_costs_one_run_too_many(jump):
    world = World(1000)
    world.happen(100, wall=jump)
    assert world.run() == [0, 100, 400, 700]


def test_what_failed_is_tried_again_before_the_next_time_and_that_is_no_regular_run():
    world, regular = World(400), []

    def retry(is_regular: bool):
        regular.append(is_regular)
        return world.wall + timedelta(seconds=20) if len(regular) < 3 else None

    assert world.run(retry=retry) == [0, 20, 40, 300]
    assert regular == [True, False, False, True]


def test_laptops_that_woke_together_do_not_stay_together():
    assert World(600).run(spread=10) == [0, 285, 570]
