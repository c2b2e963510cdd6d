"""The rule of what two forms say alike: a test asked for, a dose, a unit of blood; see `tests/spec`.

The one that went out already stands, or else the one that happened first; the other one is left to
a person, so that nothing is ever returned twice without anybody having looked.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.paper.serials import shown
from downtime.reconcile.rules import names
from downtime.reconcile.rules.verdict import folded, instant
from downtime.reconcile.values import test_name
from downtime.settings import Settings

REQUEST, DOSE, UNIT = "request", "dose", "unit"
TYPES = ("ServiceRequest", "MedicationAdministration")
"""The types of fact that one may find on two forms."""
About = tuple[str, ...]
"""What is the same on two forms: the kind, the system, the patient and the test, dose or unit."""


class Said(NamedTuple):
    """One thing as one form says it."""

    key: str
    serial: str
    type: str
    system: str
    patient: str
    event: str
    fields: Mapping[str, str]
    out: bool = False
    """Whether it went out already."""

    @property
    def moment(self) -> str:
        """When it was (UTC as stored)."""
        return moment(self.event, self.fields)

    @property
    def sampled(self) -> bool:
        """Whether the form says when the sample was taken."""
        return "T" in self.fields.get("collected", "")


def moment(event: str, fields: Mapping[str, str]) -> str:
    """When the sample was taken, else the dose given, else the form's own time."""
    known = fields.get("collected") or fields.get("given", "")
    return known if "T" in known else event


def about(kind: str, system: str, patient: str, fields: Mapping[str, str]) -> About | None:
    """Under what it is found on another form; None when that cannot be told.

    Blood is known by its donation number alone, whoever had it. A test without a patient, or one
    without a name, is like no other.
    """
    if kind == "ServiceRequest":
        name = _called(fields.get("code", ""), fields.get("display", ""))
        specimen = fields.get("specimen", "")
        if not patient or not name:
            return None
        return REQUEST, system, patient, name, folded(specimen) if specimen else ""
    if unit := fields.get("batch"):
        return UNIT, system, folded(unit)
    medicine = folded(fields.get("medicine", ""))
    return (DOSE, system, patient, medicine) if patient and medicine else None


def otherwise(one: About, fields: Mapping[str, str]) -> list[About]:
    """What a form that gives no code, only the name of the test, would find it under."""
    if one[0] != REQUEST:
        return []
    return [(*one[:3], name, one[4]) for name in names.said(fields) - {one[3]}]


@lru_cache(maxsize=8192)
def _called(code: str, display: str) -> str:
    """A test by its code, else by its name; nothing for a mere `other`."""
    return next((n for n in map(test_name, (code, display)) if n not in ("", "other")), "")


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
        if about[0] == UNIT:
            return timedelta.max
        if about[0] == DOSE:
            return self.dose
        return max(self.sampled, self.asked)

    def none(self, about: About, moments: Sequence[str], *, sampled: bool) -> bool:
        """Whether no two of these times, in order, are close; `sampled`: all are of samples."""
        widest = self.sampled if sampled and about[0] == REQUEST else self.widest(about)
        if widest == timedelta.max:
            return False
        times = [instant(one) for one in moments if one]
        return all(later - earlier > widest for earlier, later in pairwise(times))

    def same(self, kind: str, one: Said, other: Said) -> bool:
        """Whether two forms say one thing of a kind; a unit of blood is one at any time."""
        if one.serial == other.serial or kind == UNIT:
            return one.serial != other.serial
        window = self.dose
        if kind == REQUEST:
            if not self.repeated.isdisjoint(names.said(one.fields)):
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


def words(about: About, one: Said, other: Said, zone: ZoneInfo) -> str:
    """What the screen adds to what was found of the first, about the other one."""
    form = f"Form {shown(other.serial)}{', returned already,' if other.out else ''}"
    at = display.moment(other.moment, zone)
    if about[0] == REQUEST:
        how = "sample taken" if other.sampled else "asked for"
        return f"{form} asks for the same, {how} {at}: leave this one unless both are wanted."
    status = other.fields.get("reason") or other.fields.get("status", "").replace("-", " ")
    if about[0] == UNIT:
        whose = one.patient and other.patient and one.patient != other.patient
        words = f"{form} has this unit {f'as {status}' if status else 'too'}"
        return f"{words}{', for another patient' if whose else ''}: return one of the two at most."
    dose = " ".join(filter(None, (other.fields.get("dosage", ""), status)))
    return f"{form} says {dose or 'the same'} at {at}: leave this one unless there were two doses."
