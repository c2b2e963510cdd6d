"""The rule of a test asked for, or a dose given, on two forms; see `tests/spec`. Pure.

The one that was returned already stands, or else the one that happened first; the other one is left
to a person, so that nothing is ever returned twice without anybody having looked.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from downtime.reconcile.duplicates.keys import DuplicateKey
from downtime.reconcile.duplicates.model import FormStatement
from downtime.reconcile.duplicates.relations import MatchWindow, relate
from downtime.reconcile.rules.verdict import parse_instant


def find_repeats(
    key: DuplicateKey, group: Sequence[FormStatement], window: MatchWindow
) -> dict[str, FormStatement]:
    """Key of each that does not stand to the one on another form that does."""
    repeats: dict[str, FormStatement] = {}
    earlier: list[_TimedStatement] = []
    kind, widest = key.kind, window.widest(key.kind)
    for statement in sorted(group, key=_rank):
        if not statement.time:
            continue
        timed = _TimedStatement(parse_instant(statement.time), statement.key, statement)
        in_reach = _find_in_reach(earlier, timed, widest)
        other = next((s for s in in_reach if relate(kind, statement, s, window)), None)
        if other:
            first = repeats.get(other.key)
            is_same_as_first = first and relate(kind, statement, first, window)
            repeats[statement.key] = first if first and is_same_as_first else other
        insort(earlier, timed, key=_time_and_key)
    return repeats


class _TimedStatement(NamedTuple):
    instant: datetime
    key: str
    statement: FormStatement


def _time_and_key(timed: _TimedStatement) -> tuple[datetime, str]:
    return timed.instant, timed.key


def _rank(statement: FormStatement) -> tuple[bool, str, str]:
    return not statement.is_returned, statement.time, statement.key


def _find_in_reach(
    earlier: Sequence[_TimedStatement], timed: _TimedStatement, widest: timedelta
) -> Iterator[FormStatement]:
    """Those within reach, before it and then after it, the nearest first."""
    index = bisect_left(earlier, _time_and_key(timed), key=_time_and_key)
    for indices in (range(index - 1, -1, -1), range(index, len(earlier))):
        for near_index in indices:
            if abs(earlier[near_index].instant - timed.instant) > widest:
                break
            yield earlier[near_index].statement
