"""Orders that were changed by their number alone: pure.

A sender may stop or cancel an order without saying again what was ordered. Its change then has the
number for a key and no name; it concerns all that was ordered under that number.
"""

from collections.abc import Mapping

from downtime.snapshot.record_state import RecordState

_NAMES = frozenset({"code", "display", "medicine", "medicine_reference"})
_MARK = "|"
"""Ends the number in a key; after it comes the code."""


def find_targets(states: Mapping[str, RecordState]) -> dict[str, list[str]]:
    """Of one person's orders by their keys: each that has no name, and the named ones it concerns."""
    nameless = {key for key, state in states.items() if not has_name(state)}
    targets: dict[str, list[str]] = {}
    for key in sorted(nameless):
        number = key.removesuffix(_MARK) + _MARK
        if matching := [other for other in states.keys() - nameless if other.startswith(number)]:
            targets[key] = sorted(matching)
    return targets


def has_name(state: RecordState) -> bool:
    """Whether it says what is ordered."""
    fields = state.fields
    return any(fields.get(name) for name in _NAMES)
