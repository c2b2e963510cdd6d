"""The rule of a test asked for, or a dose given, on two forms; see `tests/spec`. Pure.

The one that was returned already stands, or else the one that happened first; the other one is left
to a person, so that nothing is ever returned twice without anybody having looked.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from downtime.reconcile.duplicates.model import DuplicateKey, DuplicateKind, FormStatement
from downtime.reconcile.duplicates.specimen_sites import are_different_sites
from downtime.reconcile.rules.values import fold_test_name, names_in_fields
from downtime.reconcile.rules.verdict import parse_instant
from downtime.settings import Settings


class MatchWindow(NamedTuple):
    """How close in time two things of a kind are the same one."""

    sampled: timedelta
    requested: timedelta
    dose: timedelta
    repeated_tests: frozenset[str]
    """Tests that are rightly asked for twice at a time."""

    @classmethod
    def from_settings(cls, settings: Settings) -> "MatchWindow":
        """As the site says."""
        reconcile = settings.reconcile
        return cls(
            timedelta(minutes=reconcile.twice_sample_minutes),
            timedelta(minutes=reconcile.twice_asked_minutes),
            timedelta(minutes=reconcile.twice_dose_minutes),
            frozenset(map(fold_test_name, reconcile.repeated_tests)),
        )

    def widest(self, kind: DuplicateKind) -> timedelta:
        """How far apart at most two things of this kind are the same."""
        return self.dose if kind == DuplicateKind.DOSE else max(self.sampled, self.requested)

    def find_close(
        self, kind: DuplicateKind, moments: Sequence[str], *, all_sampled: bool
    ) -> set[int]:
        """Which of these times have another one close by; `all_sampled`: all are of samples."""
        is_sampled = all_sampled and kind == DuplicateKind.REQUEST
        widest = self.sampled if is_sampled else self.widest(kind)
        times = sorted((parse_instant(m), index) for index, m in enumerate(moments) if m)
        close: set[int] = set()
        for (earlier, index), (later, next_index) in pairwise(times):
            if later - earlier <= widest:
                close |= {index, next_index}
        return close

    def is_same(self, kind: DuplicateKind, statement: FormStatement, other: FormStatement) -> bool:
        """Whether two forms say one thing of a kind; two lines of one form are two things."""
        if statement.serial == other.serial:
            return False
        window = self.dose
        if kind == DuplicateKind.REQUEST:
            if not self.repeated_tests.isdisjoint(names_in_fields(statement.fields)):
                return False
            if statement.site and other.site and are_different_sites(statement.site, other.site):
                return False
            both_sampled = statement.has_sample_time and other.has_sample_time
            window = self.sampled if both_sampled else self.requested
        return abs(parse_instant(statement.time) - parse_instant(other.time)) <= window


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
        other = next((s for s in in_reach if window.is_same(kind, statement, s)), None)
        if other:
            first = repeats.get(other.key)
            is_same_as_first = first and window.is_same(kind, statement, first)
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
