"""A simulated month while it passes: its machines, its clock, its papers, and what is true of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from downtime.demo.randomness import random_for
from tests.simulation.clerks import Answers, Clerks, Written
from tests.simulation.machines import Fleet, Machine
from tests.simulation.paper import Month
from tests.simulation.receiver import Receiver
from tests.simulation.truth import Sheet, Truth

DAYS = 28
SYSTEMS = ("PAS", "EPR", "LIMS")
STRANGERS = 3
"""People without a number on each laptop: one is settled, one settled wrongly, one stays unknown."""
AHEAD = 6
"""Papers printed before the outage on the first laptop; half of them are used in it."""

Say = Callable[[str], object]


@dataclass(slots=True)
class MonthClock:
    """The time in the simulation; it moves only when the simulation says so."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


CLOCK_ERRORS = (timedelta(minutes=-7), timedelta(minutes=4))
"""Of the clocks of the first two laptops."""


@dataclass(frozen=True, slots=True)
class WrongClock:
    """A machine's clock that is late or early, always by as much."""

    right: MonthClock
    error: timedelta

    def __call__(self) -> datetime:
        return self.right.now + self.error


@dataclass(slots=True)
class Simulation:
    """A month while it passes."""

    folder: Path
    seed: int
    laptops: int
    forms: int
    clock: MonthClock
    month: Month
    fleet: Fleet
    truth: Truth
    say: Say
    receivers: dict[str, Receiver]
    written: list[Written] = field(default_factory=list)
    notes: list[Sheet] = field(default_factory=list)
    empties: list[tuple[Sheet, Answers]] = field(default_factory=list)
    """Papers on which nobody wrote an answer, each with who signed it and when."""
    mistaken: list[Written] = field(default_factory=list)
    """Papers that bear somebody else's number: the neighbour's, the twin's."""
    strangers: dict[str, list[Written]] = field(default_factory=dict)
    """Papers by the downtime number they stand on."""

    def dice(self, *question: object) -> Random:
        """Chance that is the same for the same seed and question."""
        return random_for(self.seed, "month", *question)

    @property
    def clerks(self) -> Clerks:
        """The records team."""
        return Clerks(self.fleet.station, self.fleet.staff, self.truth)

    @property
    def reporting(self) -> tuple[Machine, ...]:
        """The laptops that hand over until the end."""
        return self.fleet.laptops[:-2]

    @property
    def never(self) -> Machine:
        """The laptop that hands nothing over."""
        return self.fleet.laptops[-1]

    @property
    def lost(self) -> Machine:
        """The laptop that is stolen after it handed over once."""
        return self.fleet.laptops[-2]
