"""How an outage's books are closed and opened again, and what people said of doubts. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from downtime.vault.lifecycle import Lifecycle


class ClosingState(StrEnum):
    """How far a closing of an outage's books has come."""

    PROPOSED = "proposed"
    """One person wants to close them with things open; a second one has to."""
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    """It was proposed, and not closed: closed complete and signed meanwhile, or taken back."""
    REOPENED = "reopened"


LIFECYCLE = Lifecycle(
    "closing",
    {
        ClosingState.PROPOSED: (ClosingState.CLOSED, ClosingState.WITHDRAWN),
        ClosingState.CLOSED: (ClosingState.REOPENED,),
        ClosingState.WITHDRAWN: (),
        ClosingState.REOPENED: (),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """One closing: who proposed it, who closed, what was open then, who opened the books again.

    Times are UTC as stored, empty for what has not happened; `open_kinds` counts what was open by kind,
    `unsigned` names the leads whose signature was missing.
    """

    id: int
    outage: str
    state: ClosingState
    verdict: str
    facts_sha256: str
    open_kinds: Mapping[str, int]
    unsigned: tuple[str, ...]
    proposed_by: str = ""
    proposed_name: str = ""
    proposed_at: str = ""
    proposed_reason: str = ""
    closed_by: str = ""
    closed_name: str = ""
    closed_at: str = ""
    closed_reason: str = ""
    reopened_by: str = ""
    reopened_name: str = ""
    reopened_at: str = ""
    reopened_reason: str = ""

    @property
    def open_count(self) -> int:
        """Things that were open when it was closed, or proposed."""
        return sum(self.open_kinds.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What one person said of a problem, and a second one who looked as well; empty until they did."""

    outage: str
    id: str
    problem: Mapping[str, object]
    person: str
    person_name: str
    at: str
    reason: str
    second: str = ""
    second_name: str = ""
    second_at: str = ""
    second_reason: str = ""

    @property
    def is_accepted(self) -> bool:
        """Whether two people have said it."""
        return bool(self.second)
