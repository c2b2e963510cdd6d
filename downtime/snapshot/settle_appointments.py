"""Appointments that have two numbers, the scheduler's (SCH-2) and the requester's (SCH-1): pure.

A message may name either or both. One that names both says of the requester's number under which
other one it goes on (`CONTINUED_AS`), and of the scheduler's which it was (`REQUESTED_AS`): whatever
names either is of one appointment, and what takes away either takes away both.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from downtime.feeds.model import CONTINUED_AS, REQUESTED_AS
from downtime.snapshot.record_state import RecordState
from downtime.snapshot.settled_state import SettledState, group_by_person, lay_over


class AppointmentLinks(NamedTuple):
    """Keys of appointments that are another one, and of those that were taken away under another."""

    same: dict[str, str]
    gone: set[str]


def link_appointments(settled: Iterable[SettledState]) -> Iterator[SettledState]:
    """The appointments, those that are one laid over each other."""
    for items in group_by_person(settled):
        links = find_links({key: item.state for key, item in items.items()})
        for key in links.gone:
            del items[key]
        lay_over(items, links.same)
        yield from items.values()


def find_links(states: Mapping[str, RecordState]) -> AppointmentLinks:
    """How the appointments of one person belong together, by their keys."""
    links = AppointmentLinks({}, set())
    for key, state in states.items():
        for name in (CONTINUED_AS, REQUESTED_AS):
            other = str(state.fields.get(name, ""))
            if other and other not in states and _was_last_said(state, name):
                links.gone.add(key)
            elif other in states and name == CONTINUED_AS and not _leads_to(links.same, other, key):
                links.same[key] = other
    return links


def _leads_to(same: Mapping[str, str], start: str, end: str) -> bool:
    """Whether one number goes on as another that goes on as it."""
    while start in same:
        start = same[start]
    return start == end


def _was_last_said(state: RecordState, name: str) -> bool:
    """Whether nothing was sent since the message that named both numbers."""
    linked = max(layer.stamp.sending[:3] for layer in state.layers if name in layer.fields)
    return max(layer.stamp.sending[:3] for layer in state.layers) <= linked
