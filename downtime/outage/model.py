"""An outage: a stretch of time in which named systems fail, one by one, or are drilled."""

from dataclasses import dataclass
from enum import StrEnum

from downtime.vault.lifecycle import Lifecycle


class AuditAction(StrEnum):
    """What an entry of the audit says was done; the chain keeps the words."""

    NUMBER_ISSUE = "number.issue"
    OUTAGE_CHOOSE = "outage.choose"
    OUTAGE_CLOSE = "outage.close"
    OUTAGE_CORRECT = "outage.correct"
    OUTAGE_DECLARE = "outage.declare"
    OUTAGE_END = "outage.end"
    OUTAGE_REOPEN = "outage.reopen"
    STEP_DONE = "step.done"
    STEP_UNDONE = "step.undone"


class OutageState(StrEnum):
    """`RECOVERING` from when its last failed system is restored, `CLOSED` while its books are.

    One at most is `OPEN`, of outages and drills together; any number may be recovering.
    """

    OPEN = "open"
    RECOVERING = "recovering"
    CLOSED = "closed"


LIFECYCLE = Lifecycle(
    "outage",
    {
        OutageState.OPEN: (OutageState.RECOVERING,),  # the last failed system is back
        # One was never back; or the statement is signed, or two people close the books all the same.
        OutageState.RECOVERING: (OutageState.OPEN, OutageState.CLOSED),
        OutageState.CLOSED: (OutageState.RECOVERING,),  # the books are opened again
    },
)


@dataclass(frozen=True, slots=True)
class SystemOutage:
    """One system's failure. Times as stored (UTC)."""

    name: str
    declared: str
    """Since when it is declared down: its T0, which may be before somebody said so."""
    ended: str
    """Empty while it lasts."""
    snapshot: str = ""
    """Id of the snapshot in use at its T0, empty when there was none."""


@dataclass(frozen=True, slots=True)
class Outage:
    """`snapshot` is the T0 of its first system: the snapshot held when it began, or empty."""

    id: str
    drill: bool
    state: OutageState
    snapshot: str
    opened: str
    closed: str
    systems: tuple[SystemOutage, ...]
    chosen: str = ""
    """When a person here chose to work on its recovery; empty when nobody did."""

    @property
    def down(self) -> tuple[str, ...]:
        """Names of the systems that are down now."""
        return tuple(system.name for system in self.systems if not system.ended)

    @property
    def system_names(self) -> tuple[str, ...]:
        """Every system that failed in it, each once, in the order of their loss."""
        return tuple(dict.fromkeys(system.name for system in self.systems))

    @property
    def t0_snapshots(self) -> frozenset[str]:
        """The ids of the snapshots of all T0."""
        return frozenset({self.snapshot, *map(self.get_snapshot, self.system_names)} - {""})

    @property
    def last_end(self) -> str:
        """When the last system was back; empty while one is down. Without systems it lasted no time."""
        return "" if self.down else max((s.ended for s in self.systems), default=self.opened)

    def get_snapshot(self, system: str) -> str:
        """The T0 of a system: that of its last failure, else of the outage."""
        failures = [failure for failure in reversed(self.systems) if failure.name == system]
        return next((item.snapshot for item in failures if item.snapshot), self.snapshot)

    @property
    def label(self) -> str:
        """`DRILL 2026-11-02-1` or `Outage 2026-11-02-1`: what pages and file names show."""
        return f"{'DRILL' if self.drill else 'Outage'} {self.id}"


@dataclass(frozen=True, slots=True)
class StepTick:
    """Somebody said that a step was done, or that it was not after all; `at` is UTC as stored."""

    step: str
    at: str
    person: str
    person_name: str
    done: bool
