"""An outage: a stretch of time in which named systems fail, one by one, or are drilled."""

from dataclasses import dataclass
from enum import StrEnum

from downtime.vault.lifecycle import Lifecycle


class AuditAction(StrEnum):
    """What an entry of the audit says was done; the chain keeps the words."""

    NUMBER_ISSUE = "number.issue"
    OUTAGE_CLOSE = "outage.close"
    OUTAGE_DECLARE = "outage.declare"
    OUTAGE_END = "outage.end"


class OutageState(StrEnum):
    """`RECOVERING` from when its last failed system is restored, `CLOSED` once its books are."""

    OPEN = "open"
    RECOVERING = "recovering"
    CLOSED = "closed"


LIFECYCLE = Lifecycle(
    "outage",
    {
        OutageState.OPEN: (OutageState.RECOVERING,),  # the last failed system is back
        # One fails again; or the statement is signed.
        OutageState.RECOVERING: (OutageState.OPEN, OutageState.CLOSED),
        OutageState.CLOSED: (),
    },
)


@dataclass(frozen=True, slots=True)
class SystemOutage:
    """One system's failure; `ended` is empty while it lasts. Times as stored (UTC)."""

    name: str
    declared: str
    ended: str


@dataclass(frozen=True, slots=True)
class Outage:
    """`snapshot` is the id of the snapshot held when it began (T0), empty when there was none."""

    id: str
    drill: bool
    state: OutageState
    snapshot: str
    opened: str
    closed: str
    systems: tuple[SystemOutage, ...]

    @property
    def down(self) -> tuple[str, ...]:
        """Names of the systems that are down now."""
        return tuple(system.name for system in self.systems if not system.ended)

    @property
    def label(self) -> str:
        """`DRILL 2026-11-02-1` or `Outage 2026-11-02-1`: what pages and file names show."""
        return f"{'DRILL' if self.drill else 'Outage'} {self.id}"
