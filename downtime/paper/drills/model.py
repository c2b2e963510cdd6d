"""A drill's script and its report. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class Goal(StrEnum):
    """What somebody does about an inject; it is seen in the records, nobody notes it."""

    STEP = "step"
    PACK = "pack"
    CHART = "chart"
    NUMBER = "number"
    ARRIVAL = "arrival"
    RESULT = "result"
    READ_BACK = "read-back"
    RETURNED = "returned"


GOAL_TITLES = {
    Goal.STEP: "First step ticked",
    Goal.PACK: "First ward pack printed",
    Goal.CHART: "First chart printed",
    Goal.NUMBER: "Downtime number given out",
    Goal.ARRIVAL: "Arrival registered",
    Goal.RESULT: "Phoned result recorded",
    Goal.READ_BACK: "Result read back",
    Goal.RETURNED: "A finished form checked in",
}


@dataclass(frozen=True, slots=True)
class Inject:
    """What the leader of a drill says at a minute, and what has to be done within how many."""

    minute: int
    say: str
    goal: Goal | None = None
    within_minutes: int = 0


@dataclass(frozen=True, slots=True)
class InjectResult:
    """How an inject was answered. Times are UTC as stored."""

    inject: Inject
    due: str
    """When it is said."""
    done: str
    """When its goal was first reached after that; empty when it was not."""
    minutes: int | None
    """How long that took."""

    @property
    def is_met(self) -> bool:
        """Whether it was done in time."""
        return self.minutes is not None and self.minutes <= self.inject.within_minutes


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """What one person did in a drill, and on which wards: they have practised it."""

    person: str
    wards: tuple[str, ...]
    steps: int
    packs: int
    events: int


@dataclass(frozen=True, slots=True)
class DrillReport:
    """How a drill went."""

    results: tuple[InjectResult, ...]
    first_pack_minutes: int | None
    first_chart_minutes: int | None
    people: tuple[TrainingRecord, ...]

    @property
    def goals(self) -> tuple[InjectResult, ...]:
        """The injects that something has to be done about."""
        return tuple(result for result in self.results if result.inject.goal)

    @property
    def score(self) -> int:
        """How many goals were reached in time."""
        return sum(result.is_met for result in self.goals)
