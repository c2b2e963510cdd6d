"""A comparison as it is asked for, and what comes of it. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from downtime.outage.model import Outage
from downtime.settings import Settings
from downtime.vault.model import Actor

Stamps = Mapping[str, str]
"""The serial of each form to the stamp of its entry."""

Progress = Callable[[int, int], None]
"""Gets how many forms of how many have been compared; an exception of it ends the comparison."""


@dataclass(frozen=True, slots=True)
class ComparisonTask:
    """A comparison as it is asked for; `recovered` is the id of the snapshot compared with."""

    settings: Settings
    outage: Outage
    recovered: str
    actor: Actor
    reason: str


class FormsCompared(NamedTuple):
    """What else there is to do after a set of forms was compared and stored."""

    forms: int
    removed_people: set[str]
    """Ids of people who are no longer on some form that they were on before."""
    stale_serials: set[str]
    """Serials of forms of which another one says the same now, or no longer."""


@dataclass(frozen=True, slots=True)
class ComparisonSummary:
    """What a run found: forms and items, how many need a decision, counts by state."""

    outage: str
    snapshot: str
    forms: int
    items: int
    open: int
    states: dict[str, int]
    looked_at: int = 0
    """Forms that were compared now; what has not changed keeps its finding."""
