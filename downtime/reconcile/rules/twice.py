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
from downtime.reconcile.rules import names, sites
from downtime.reconcile.rules.said import DOSE, REQUEST, About, Said, form
from downtime.reconcile.rules.verdict import instant
from downtime.reconcile.values import test_name
from downtime.settings import Settings


class Near(NamedTuple):
    """How close in time two things of a kind are the same one."""

    sampled: timedelta
    asked: timedelta
    dose: timedelta
    repeated: frozenset[str]
    """Tests that are rightly asked for twice at a time."""

    @classmethod
    def of(cls, settings: Settings) -> "Near":
        """As the site says."""
        said = settings.reconcile
        return cls(
            timedelta(minutes=said.twice_sample_minutes),
            timedelta(minutes=said.twice_asked_minutes),
            timedelta(minutes=said.twice_dose_minutes),
            frozenset(map(test_name, said.repeated_tests)),
        )

    def widest(self, about: About) -> timedelta:
        """How far apart at most two things of this kind are the same."""
        return self.dose if about[0] == DOSE else max(self.sampled, self.asked)

    def close(self, about: About, moments: Sequence[str], *, sampled: bool) -> set[int]:
        """Which of these times have another one close by; `sampled`: all are of samples."""
        widest = self.sampled if sampled and about[0] == REQUEST else self.widest(about)
        times = sorted((instant(one), at) for at, one in enumerate(moments) if one)
        found: set[int] = set()
        for (earlier, one), (later, other) in pairwise(times):
            if later - earlier <= widest:
                found |= {one, other}
        return found

    def same(self, kind: str, one: Said, other: Said) -> bool:
        """Whether two forms say one thing of a kind; two lines of one form are two things."""
        if one.serial == other.serial:
            return False
        window = self.dose
        if kind == REQUEST:
            if not self.repeated.isdisjoint(names.said(one.fields)):
                return False
            if one.site and other.site and sites.differ(one.site, other.site):
                return False
            window = self.sampled if one.sampled and other.sampled else self.asked
        return abs(instant(one.moment) - instant(other.moment)) <= window


def twins(about: About, group: Sequence[Said], near: Near) -> dict[str, Said]:
    """Key of each that does not stand to the one on another form that does."""
    found: dict[str, Said] = {}
    placed: list[_Placed] = []
    kind, widest = about[0], near.widest(about)
    for one in sorted(group, key=_rank):
        if not one.moment:
            continue
        here = _Placed(instant(one.moment), one.key, one)
        around = _around(placed, here, widest)
        other = next((said for said in around if near.same(kind, one, said)), None)
        if other:
            first = found.get(other.key)
            found[one.key] = first if first and near.same(kind, one, first) else other
        insort(placed, here, key=_place)
    return found


class _Placed(NamedTuple):
    when: datetime
    key: str
    said: Said


def _place(one: _Placed) -> tuple[datetime, str]:
    return one.when, one.key


def _rank(one: Said) -> tuple[bool, str, str]:
    return not one.out, one.moment, one.key


def _around(placed: Sequence[_Placed], here: _Placed, widest: timedelta) -> Iterator[Said]:
    """Those within reach, before it and then after it, the nearest first."""
    at = bisect_left(placed, _place(here), key=_place)
    for some in (range(at - 1, -1, -1), range(at, len(placed))):
        for place in some:
            if abs(placed[place].when - here.when) > widest:
                break
            yield placed[place].said


def words(about: About, other: Said, zone: ZoneInfo) -> str:
    """What the screen adds to what was found of one form, about the other one."""
    first = form(other.serial, out=other.out)
    at = display.moment(other.moment, zone)
    if about[0] == REQUEST:
        how = "sample taken" if other.sampled else "asked for"
        return f"{first} asks for the same, {how} {at}: leave this one unless both are wanted."
    dose = " ".join(filter(None, (other.fields.get("dosage", ""), other.became)))
    return f"{first} says {dose or 'the same'} at {at}: leave this one unless there were two doses."
