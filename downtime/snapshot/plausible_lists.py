"""Whether a full list is believed before it takes the place of the one before: pure.

A list that lacks most of what is known is damaged more often than a hospital is empty. It is put in
quarantine, and everything stays as it was, until a person has looked at it and released it.

A list of who or what is there now (stays, beds) is held against each record that it would remove; a
list of what is planned (appointments) changes wholly from day to day, so only its length counts.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import EncounterStatus
from downtime.feeds.model import Finding, FindingKind, Replacement
from downtime.snapshot.record_state import RecordState

_OVER = (EncounterStatus.FINISHED, EncounterStatus.CANCELLED)
_PLANNED_TYPES = frozenset({"Appointment"})


class PresentRecord(NamedTuple):
    """A record that a list would replace, with the identifiers of its person."""

    key: str
    identifiers: tuple[Identifier, ...]


def stands(state: RecordState, sent: str) -> bool:
    """Whether a record is missed when a list as at this time lacks it.

    It exists, is not over, and nothing was sent of it since.
    """
    is_older = all(layer.stamp.sent <= sent for layer in state.layers)
    return state.exists and is_older and state.fields.get("status") not in _OVER


def check_list(
    extract: Replacement, type_name: str, present: Collection[PresentRecord], percent: int
) -> Finding | None:
    """What is wrong with a list that lacks more than `percent` of what is present; else None."""
    if not present:
        return None
    rows = [change for change in extract.changes if change.type == type_name]
    if type_name in _PLANNED_TYPES:
        lacking = max(len(present) - len(rows), 0)
    else:
        keys = {change.key for change in rows}
        people = {number for change in rows for number in change.patient}
        lacking = _count_lacking(present, keys, people)
    if lacking * 100 <= percent * len(present):
        return None
    return Finding(
        FindingKind.LIST_IMPLAUSIBLE,
        extract.source,
        f"The list has {len(rows)} rows and lacks {lacking} of the {len(present)} that are known, more"
        f" than {percent}% of them: it is in quarantine until a person releases it.",
        type_name,
    )


def _count_lacking(
    present: Iterable[PresentRecord], keys: set[str], people: set[Identifier]
) -> int:
    return sum(
        record.key not in keys and people.isdisjoint(record.identifiers) for record in present
    )
