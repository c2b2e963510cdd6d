"""One record of one person while records are settled: pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from downtime.clinical.identifiers import Identifier
from downtime.snapshot.identity import Identity
from downtime.snapshot.record_state import RecordState

StateName = tuple[str, str, str, int]
"""Type, source and key of a record, and the mention of its person."""


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


def group_by_number(
    states: Iterable[tuple[StateName, RecordState]],
) -> Iterator[list[tuple[StateName, RecordState]]]:
    """The states of each type, source and key, which come one after the other."""
    group: list[tuple[StateName, RecordState]] = []
    last_key = last_source = ""
    for item in states:
        _, source, key, _ = item[0]
        if group and (key != last_key or source != last_source):
            yield group
            group = []
        group.append(item)
        last_key, last_source = key, source
    if group:
        yield group


def return_after_unmerge(
    by_anchor: dict[Identifier | None, RecordState], identity: Identity
) -> dict[Identifier | None, RecordState]:
    """What was sent under the survivor's number while two were taken for one goes back.

    It is the record of the person who had the number before, when all of the survivor's was sent in
    that time.
    """
    for undone in identity.undone:
        person, other = by_anchor.get(undone.person), by_anchor.get(undone.other)
        if person and other and person.layers:
            stamps = [layer.stamp.sending for layer in person.layers]
            if undone.begin.sending < min(stamps) and max(stamps) < undone.end.sending:
                other.overlay(by_anchor.pop(undone.person))
    return by_anchor
