"""Which live records a fact may mean, and what each costs: the nearest in time and value least. Pure."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from math import isqrt
from typing import NamedTuple, TypeVar

from downtime.clinical.model import Record
from downtime.reconcile.rules.verdict import time_between

R = TypeVar("R", bound=Record)

UNLIKE = timedelta(minutes=10)
"""So much nearer in time a record with another value must be to be meant."""
CERTAIN = 1_000_000_000
"""What it costs that a fact gets none of the records that are certainly meant."""


class Candidates(NamedTuple):
    """The live records that a fact may mean, by id, and what each costs; `nothing` is what none costs."""

    records: Mapping[str, Record]
    costs: Mapping[str, int]
    nothing: int


NO_CANDIDATES = Candidates({}, {}, 0)


def rank_by_time(
    live: Iterable[R],
    moment: str,
    window: timedelta,
    time_of: Callable[[R], str],
    is_unlike: Callable[[R], bool] = lambda record: False,
) -> Candidates:
    """Those within the window of a stored time; a record without any time never is.

    A gap costs its root, so that two of one minute are never parted to shorten a long gap. What says
    something else costs `UNLIKE` more, at most half the window; none a little more than the worst.
    """
    edge = _cost_of_gap(window)
    unlike = min(_cost_of_gap(UNLIKE), edge // 2)
    records, costs = {}, {}
    for record in live:
        gap = time_between(time_of(record), moment)
        if gap is not None and gap <= window:
            records[record.id] = record
            costs[record.id] = _cost_of_gap(gap) + (unlike if is_unlike(record) else 0)
    return Candidates(records, costs, edge + unlike + 1) if records else NO_CANDIDATES


def _cost_of_gap(gap: timedelta) -> int:
    return isqrt((gap.days * 86_400 + gap.seconds) * 10_000)


def rank_in_order(live: Iterable[Record]) -> Candidates:
    """Records that are certainly meant, such as by their number; the first before the others."""
    records = {record.id: record for record in live}
    return Candidates(records, {key: place for place, key in enumerate(records)}, CERTAIN)


def rank_after(first: Candidates, then: Candidates) -> Candidates:
    """All of `first` before any of `then`, which are less surely meant."""
    if not then.records:
        return first
    costs = {key: first.nothing + cost for key, cost in then.costs.items()}
    nothing = first.nothing + then.nothing
    return Candidates({**then.records, **first.records}, {**costs, **first.costs}, nothing)
