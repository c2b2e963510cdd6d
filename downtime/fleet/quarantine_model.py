"""A snapshot in quarantine: where, why, and what a person decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from downtime.fleet.churn_findings import ChurnFinding
from downtime.vault.lifecycle import Lifecycle


class Door(StrEnum):
    """Where a snapshot is held against those before it."""

    PUBLISHER = "publisher"
    """Before it is published."""
    LAPTOP = "laptop"
    """Before it is put in use."""


class QuarantineState(StrEnum):
    """What became of a snapshot in quarantine."""

    OPEN = "open"
    RELEASED = "released"
    REJECTED = "rejected"
    OVERTAKEN = "overtaken"
    """One after it was as usual, or changed otherwise."""


LIFECYCLE = Lifecycle(
    "snapshot-quarantine",
    {
        QuarantineState.OPEN: (
            QuarantineState.RELEASED,
            QuarantineState.REJECTED,
            QuarantineState.OVERTAKEN,
        ),
        QuarantineState.RELEASED: (),
        QuarantineState.REJECTED: (),
        QuarantineState.OVERTAKEN: (),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineEntry:
    """The newest of some snapshots that changed too much in the same way. Times as stored (UTC)."""

    number: int = 0
    door: Door
    scope: str
    """Codes of the wards to which it is confined, joined by `+`; empty for the whole site."""
    state: QuarantineState = QuarantineState.OPEN
    snapshot: str
    """Its id."""
    bundle: str = ""
    """Digest of the sealed file, on a laptop."""
    created: str
    since: str
    """When the first of them came."""
    times: int = 1
    """How many there were."""
    compared_with: str
    """Id of the snapshot that stays in use."""
    findings: tuple[ChurnFinding, ...]
    released_by_publisher: Mapping[str, str]
    """Who released this change at the publisher (`name`, `reason`, `time`), when somebody did."""
    decided: str = ""
    decided_by: str = ""
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether a person has still to look at it."""
        return self.state is QuarantineState.OPEN

    @property
    def sentences(self) -> list[str]:
        """Why it is in quarantine: no patient data."""
        return [finding.sentence for finding in self.findings]
