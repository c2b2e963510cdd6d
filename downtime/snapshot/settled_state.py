"""One record of one person while records are settled: pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from downtime.clinical.identifiers import Identifier
from downtime.snapshot.record_state import RecordState


class SettledState(NamedTuple):
    """One record of one person, before its references are resolved."""

    source: str
    key: str
    anchor: Identifier | None
    """Whom its own messages named; None for nobody."""
    person: str
    """Id of the person whose it is now; empty for nobody."""
    state: RecordState
    other_keys: tuple[str, ...] = ()
    """Keys of records that turned out to be the same one."""


def group_by_person(settled: Iterable[SettledState]) -> Iterator[dict[str, SettledState]]:
    """By their keys, the records of each person from each source."""
    by_person: dict[tuple[str, str], dict[str, SettledState]] = defaultdict(dict)
    for item in settled:
        by_person[item.source, item.person][item.key] = item
    yield from by_person.values()


def lay_over(items: dict[str, SettledState], same: Mapping[str, str]) -> None:
    """Lay records over those that they turned out to be, by their keys."""
    for key in same:
        target = key
        while target in same:
            target = same[target]
        joined = items.pop(key)
        into = items.get(target) or joined._replace(key=target, state=RecordState())
        into.state.overlay(joined.state)
        items[target] = into._replace(other_keys=(*into.other_keys, key, *joined.other_keys))
