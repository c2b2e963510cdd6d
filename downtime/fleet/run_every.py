"""Run something at once and then at its times, on a machine that sleeps and whose clock jumps.

Time is measured twice. The monotonic clock goes on when the wall clock is set back, and stands
still while a laptop sleeps; the wall clock counts the sleep. A run is due when either says so:
what was missed is caught up by one run, and a clock that is set forward costs one run too many.
"""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from downtime.clock import Clock

_LOOK_SECONDS = 5.0
"""So often the two clocks are compared: as soon is a laptop that woke up noticed."""
Run = Callable[[bool], datetime | None]
"""Told whether it is one of the regular runs; says when it should be tried again before the next."""


@dataclass(slots=True)
class Timing:
    """How often, and by which clocks."""

    every_seconds: float
    spread_percent: int
    clock: Clock
    timer: Callable[[], float] = time.monotonic
    random: Callable[[], float] = random.random
    began: float = field(init=False, default=0.0)
    began_at: datetime = field(init=False)
    pause: float = field(init=False, default=0.0)

    def begin(self) -> None:
        """A regular run begins now: count from here to the next one."""
        self.began, self.began_at = self.timer(), self.clock()
        self.pause = self.every_seconds * (1 - self.random() * self.spread_percent / 100)

    @property
    def seconds_left(self) -> float:
        """To the next regular run; 0 or less when it is due."""
        elapsed = max(self.timer() - self.began, (self.clock() - self.began_at).total_seconds())
        return self.pause - elapsed

    @property
    def next_run(self) -> datetime:
        """When that will be by the wall clock."""
        return self.clock() + timedelta(seconds=max(0.0, self.seconds_left))


def run_every(run: Run, timing: Timing, stopping: threading.Event) -> None:
    """Run until `stopping` is set. What `run` raises ends it: it has to catch what may fail."""
    while not stopping.is_set():
        timing.begin()
        retry = run(True)
        while (seconds_left := timing.seconds_left) > 0:
            if retry is not None and retry <= timing.clock():
                retry = run(False)
                continue
            wait = min(_LOOK_SECONDS, seconds_left, _seconds_until(retry, timing.clock()))
            if stopping.wait(max(wait, 0.01)):
                return


def _seconds_until(moment: datetime | None, now: datetime) -> float:
    return (moment - now).total_seconds() if moment else _LOOK_SECONDS
