"""The rule of what two forms say alike: a test asked for, a dose given; see `tests/spec`.

The one that went out already stands, or else the one that happened first; the other one is left to
a person, so that nothing is ever returned twice without anybody having looked.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.reconcile.duplicates import specimen_sites
from downtime.reconcile.duplicates.model import DOSE, REQUEST, DuplicateKey, FormStatement, form
from downtime.reconcile.rules import test_names
from downtime.reconcile.rules.values import fold_test_name
from downtime.reconcile.rules.verdict import parse_instant
from downtime.settings import Settings


class MatchWindow(NamedTuple):
    """How close in time two things of a kind are the same one."""

    sampled: timedelta
    asked: timedelta
    dose: timedelta
    repeated: frozenset[str]
    """Tests that are rightly asked for twice at a time."""

    @classmethod
    def of(cls, settings: Settings) -> "MatchWindow":
        """As the site says."""
        said = settings.reconcile
        return cls(
            timedelta(minutes=said.twice_sample_minutes),
            timedelta(minutes=said.twice_asked_minutes),
            timedelta(minutes=said.twice_dose_minutes),
            frozenset(map(fold_test_name, said.repeated_tests)),
        )

    def widest(self, about: DuplicateKey) -> timedelta:
        """How far apart at most two things of this kind are the same."""
        return self.dose if about[0] == DOSE else max(self.sampled, self.asked)

    def find_close(self, about: DuplicateKey, moments: Sequence[str], *, sampled: bool) -> set[int]:
        """Which of these times have another one close by; `sampled`: all are of samples."""
        widest = self.sampled if sampled and about[0] == REQUEST else self.widest(about)
        times = sorted((parse_instant(one), at) for at, one in enumerate(moments) if one)
        found: set[int] = set()
        for (earlier, one), (later, other) in pairwise(times):
            if later - earlier <= widest:
                found |= {one, other}
        return found

    def is_same(self, kind: str, one: FormStatement, other: FormStatement) -> bool:
        """Whether two forms say one thing of a kind; two lines of one form are two things."""
        if one.serial == other.serial:
            return False
        window = self.dose
        if kind == REQUEST:
            if not self.repeated.isdisjoint(test_names.names_in_fields(one.fields)):
                return False
            if one.site and other.site and specimen_sites.differ(one.site, other.site):
                return False
            window = self.sampled if one.has_sample_time and other.has_sample_time else self.asked
        return abs(parse_instant(one.time) - parse_instant(other.time)) <= window


def find_repeats(
    about: DuplicateKey, group: Sequence[FormStatement], near: MatchWindow
) -> dict[str, FormStatement]:
    """Key of each that does not stand to the one on another form that does."""
    found: dict[str, FormStatement] = {}
    placed: list[_Placed] = []
    kind, widest = about[0], near.widest(about)
    for one in sorted(group, key=_rank):
        if not one.time:
            continue
        here = _Placed(parse_instant(one.time), one.key, one)
        around = _around(placed, here, widest)
        other = next((said for said in around if near.is_same(kind, one, said)), None)
        if other:
            first = found.get(other.key)
            found[one.key] = first if first and near.is_same(kind, one, first) else other
        insort(placed, here, key=_place)
    return found


class _Placed(NamedTuple):
    when: datetime
    key: str
    said: FormStatement


def _place(one: _Placed) -> tuple[datetime, str]:
    return one.when, one.key


def _rank(one: FormStatement) -> tuple[bool, str, str]:
    return not one.is_returned, one.time, one.key


def _around(placed: Sequence[_Placed], here: _Placed, widest: timedelta) -> Iterator[FormStatement]:
    """Those within reach, before it and then after it, the nearest first."""
    at = bisect_left(placed, _place(here), key=_place)
    for some in (range(at - 1, -1, -1), range(at, len(placed))):
        for place in some:
            if abs(placed[place].when - here.when) > widest:
                break
            yield placed[place].said


def words(about: DuplicateKey, other: FormStatement, zone: ZoneInfo) -> str:
    """What the screen adds to what was found of one form, about the other one."""
    first = form(other.serial, out=other.is_returned)
    at = display.format_moment(other.time, zone)
    if about[0] == REQUEST:
        how = "sample taken" if other.has_sample_time else "asked for"
        return f"{first} asks for the same, {how} {at}: leave this one unless both are wanted."
    dose = " ".join(filter(None, (other.fields.get("dosage", ""), other.outcome)))
    return f"{first} says {dose or 'the same'} at {at}: leave this one unless there were two doses."
