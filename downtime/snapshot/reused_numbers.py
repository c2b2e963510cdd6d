"""Prescriptions that have one number: which are one order, and which are two that share it. Pure.

- A change of an order (`XO`, `DC` …), by whatever code or words it names the medicine, is of the one
  order of its number. What a pharmacy encodes (RXE) is the order that was placed (RXO) before it.
- Two *new* orders of one number for two medicines are two, and their sender has used a number again:
  none takes the place of the other, since a medicine that vanishes from a chart is not given.
- Several medicines that one message orders under one number are several, and no number is reused.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from downtime.feeds.hl7.codes import NUMBER_SHARED, ORDERED_AS
from downtime.feeds.model import Operation
from downtime.snapshot.nameless_orders import has_name
from downtime.snapshot.record_state import Layer, RecordState

_PLACED = "RXO"


@dataclass(slots=True)
class NumberedOrders:
    """How the orders of one person belong together, by their keys."""

    same: dict[str, str] = field(default_factory=dict)
    """An order to the one that it is the same as."""
    reused: list[list[str]] = field(default_factory=list)
    """New orders for different medicines under one number, the oldest first."""


def sort_orders(states: Mapping[str, RecordState]) -> NumberedOrders:
    """Sort the prescriptions of one person and system."""
    by_number: dict[str, list[str]] = defaultdict(list)
    for key, state in states.items():
        if has_name(state):
            by_number[_get_number(key)].append(key)
    orders = NumberedOrders()
    for keys in by_number.values():
        if len(keys) > 1:
            _sort_number(sorted(keys, key=lambda key: _get_begin(states[key])), states, orders)
    return orders


def _get_number(key: str) -> str:
    return key.partition("|")[0]


def _get_begin(state: RecordState) -> tuple[object, ...]:
    return min(layer.stamp.sending for layer in state.layers)


def _sort_number(
    keys: list[str], states: Mapping[str, RecordState], orders: NumberedOrders
) -> None:
    """Of one number, the oldest first."""
    shared = [key for key in keys if NUMBER_SHARED in states[key].fields]
    new = [key for key in keys if ORDERED_AS in states[key].fields and key not in shared]
    placed = [key for key in new if states[key].fields[ORDERED_AS] == _PLACED]
    if placed:
        for key in set(new) - set(placed):  # encoded by a pharmacy
            before = [order for order in placed if keys.index(order) < keys.index(key)]
            orders.same[key] = (before or placed)[-1]
        new = placed
    main = [*shared, *new]
    if not main:
        main = new = [key for key in keys if _is_stated(states[key])]
    if len(main) <= 1:
        target = (main or keys)[0]
        changed = (key for key in keys if key != target and key not in orders.same)
        orders.same.update(dict.fromkeys(changed, target))
    elif new:
        orders.reused.append(sorted(main, key=keys.index))


def _is_stated(state: RecordState) -> bool:
    """Whether any message said what is ordered, instead of changing what was."""
    return any(layer.operation is Operation.SET for layer in state.layers)


def spread_controls(
    control: RecordState, reused: list[str], states: Mapping[str, RecordState]
) -> Iterator[tuple[str, Layer]]:
    """A control that names no medicine is of the order that was placed last before it."""
    for layer in control.layers:
        before = [key for key in reused if _get_begin(states[key]) <= layer.stamp.sending]
        yield (before or reused)[-1], layer
