"""Items that a person decides together because they were written together: one set, one row. Pure."""

from collections.abc import Iterable
from itertools import groupby

from downtime.clinical.model import Observation
from downtime.reconcile.model import StoredItem

_WRITTEN_IN_SETS = (Observation.__name__,)
"""Types of which a nurse writes several at a time: the pulse, the temperature and so on of one hour."""


def group_sets(rows: Iterable[StoredItem]) -> list[tuple[StoredItem, ...]]:
    """Items in their order, the observations of one form, patient, time and finding as one set."""
    return [tuple(group) for _, group in groupby(rows, key=_set_key)]


def is_same_set(row: StoredItem, other: StoredItem) -> bool:
    """Whether two items that follow each other are of one set."""
    return _set_key(row) == _set_key(other)


def _set_key(row: StoredItem) -> tuple[str, ...]:
    fact = row.item.fact
    if fact.type not in _WRITTEN_IN_SETS:
        return (row.key,)
    return fact.serial, fact.event, fact.person.id, fact.person.any_number, row.item.state
