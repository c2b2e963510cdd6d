"""A month's outage, simulated from its first paper to its statement, and the two laid side by side.

Laptops print and lose paper, some of them are lost themselves; what they hold is handed over to a
records station in any order and more than once; clerks key and slip; strangers are settled; all of
it is compared, decided, sent to receivers that refuse some, and stated. Everything happens through
the functions that people and programs use; what truly happened is noted apart (`month_truth`).
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from downtime.clock import Clock
from downtime.returns.statement.completeness_statement import Statement
from tests.simulation import recovery, wards
from tests.simulation import truth as month_truth
from tests.simulation.machines import set_up
from tests.simulation.model import (
    CLOCK_ERRORS,
    DAYS,
    SYSTEMS,
    MonthClock,
    Say,
    Simulation,
    WrongClock,
)
from tests.simulation.paper import Month
from tests.simulation.receiver import Receiver
from tests.simulation.truth import Truth

BEGINS_AT = 8
"""Hour of the day, UTC: at night a system that is back may send nothing for hours, and until it has
nobody knows that it is back, as the statement rightly says."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came out: the statement, how many numbers were compared, and every difference."""

    statement: Statement
    truth: Truth
    numbers: int
    differences: tuple[str, ...]

    def as_data(self) -> dict[str, Any]:
        """For programs."""
        return {
            "verdict": self.statement.verdict,
            "forms": self.statement.facts["forms_total"]["issued"],
            "items": len(self.truth.items),
            "messages": len(self.truth.messages),
            "numbers": self.numbers,
            "differences": list(self.differences),
        }


def simulate(
    folder: Path, *, laptops: int, forms: int, seed: int, clock: Clock, say: Say
) -> Result:
    """Live through a month in `folder` with three laptops or more, and compare what is stated of it."""
    now = clock().replace(hour=BEGINS_AT, minute=24, second=0, microsecond=0)
    month = Month(now - timedelta(days=DAYS), now - timedelta(hours=12))
    ticking = MonthClock(month.begin - timedelta(hours=6))
    with ExitStack() as stack:
        receivers = {
            system: stack.enter_context(Receiver(system, _choosy()).listening())
            for system in SYSTEMS
        }
        errors = (*CLOCK_ERRORS, *[timedelta()] * laptops)[:laptops]
        clocks = [WrongClock(ticking, error) for error in errors]
        fleet = set_up(folder, clocks, ticking, _targets(receivers), stack)
        truth = Truth()
        simulation = Simulation(
            folder, seed, laptops, forms, ticking, month, fleet, truth, say, receivers
        )
        return _live(simulation)


def _choosy() -> Callable[[str], bool]:
    """A receiver that takes in all but every fortieth message; one refused is always refused."""
    seen: dict[str, int] = {}
    return lambda control_id: seen.setdefault(control_id, len(seen)) % 40 == 7


def _targets(receivers: dict[str, Receiver]) -> dict[str, str]:
    return {
        name: f'channel = "mllp"\nhost = "127.0.0.1"\nport = {receiver.port}\n'
        for name, receiver in receivers.items()
    }


def _live(simulation: Simulation) -> Result:
    for step in (
        wards.begin,
        wards.print_and_write,
        recovery.hand_over,
        recovery.end,
        recovery.hand_over_again,
        recovery.account,
        recovery.enter,
        recovery.settle,
        recovery.compare,
        recovery.send,
    ):
        began = time.perf_counter()
        step(simulation)
        took = time.perf_counter() - began
        simulation.say(f"{simulation.clock.now:%d-%b %H:%M}  {step.__doc__} ({took:.1f} s)")
    stated = recovery.state(simulation)
    facts = stated.facts
    return Result(
        stated,
        simulation.truth,
        month_truth.compared(simulation.truth, facts),
        tuple(month_truth.differences(simulation.truth, facts)),
    )
