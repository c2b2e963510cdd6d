"""Say, among the items of a comparison, what two forms tell alike, and what becomes of each. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from downtime.reconcile.item import Item
from downtime.reconcile.rules import donations, sites, twice, unit_words
from downtime.reconcile.rules.donations import Unit
from downtime.reconcile.rules.groups import One, groups
from downtime.reconcile.rules.said import DOSE, UNIT, About, Said, moment
from downtime.reconcile.rules.twice import Near
from downtime.reconcile.rules.units import Way
from downtime.reconcile.states import CONFLICT, HELD, NEW, ON_ANOTHER_FORM, OPEN
from downtime.settings import Settings

LEFT = (NEW, HELD, CONFLICT)
"""The states of what could be returned: it is marked when another form says the same."""
NOTHING: Mapping[str, str] = MappingProxyType({})


class Marked(NamedTuple):
    """The items with what was found, and by key what of all forms another one says already."""

    items: list[Item]
    other: Mapping[str, str]
    units: Mapping[str, tuple[About, Unit]]
    """By key: what names a unit of blood that another form names too."""


class _Mark(NamedTuple):
    at: int
    """Where it is among the items; -1 when it is of another form."""
    about: About
    one: Said
    other: Said | None
    unit: Unit | None = None


def marked(
    items: Sequence[Item],
    settings: Settings,
    others: Iterable[Said] = (),
    decided: Mapping[str, str] = NOTHING,
) -> Marked:
    """The items, marked; `others` is what forms say that are not among them, `decided` by key."""
    found = _found(groups(items, others), settings, decided)
    if not found:
        return Marked(list(items), {}, {})
    zone = ZoneInfo(settings.site.time_zone)
    left = list(items)
    for mark in found.values():
        if mark.at >= 0 and left[mark.at].state in LEFT:
            left[mark.at] = _left(left[mark.at], mark, zone)
    other = {key: mark.other.key for key, mark in found.items() if mark.other}
    of_units = {key: (mark.about, mark.unit) for key, mark in found.items() if mark.unit}
    return Marked(left, other, of_units)


def twice_said(said: Iterable[Said], settings: Settings) -> Mapping[str, Said]:
    """Key of what another form says already to what that form says, whatever becomes of them."""
    found = _found(groups((), said), settings, NOTHING)
    return {key: mark.other for key, mark in found.items() if mark.other}


def said(item: Item, *, patient: str = "", decision: str = OPEN) -> Said:
    """What an item says, as other forms may say it too."""
    fact = item.fact
    return Said(
        fact.key, fact.serial, fact.type, fact.system, patient or item.patient, fact.event,
        fact.fields, fact.form, sites.described(fact.notes) if fact.notes else "", item.state,
        decision, is_sure(item.state, bool(item.matched)),
    )  # fmt: skip


def is_sure(state: str, matched: bool) -> bool:
    """Whether an item is beyond doubt about its patient; a conflict with a live record still is."""
    return state != CONFLICT or matched


def _found(
    every: Mapping[About, list[One]], settings: Settings, decided: Mapping[str, str]
) -> dict[str, _Mark]:
    found: dict[str, _Mark] = {}
    near, way = Near.of(settings), Way.of(settings)
    for about, group in every.items():
        some = group if about[0] == UNIT else _close(about, group, near)
        own = {one.key: (at, one) for at, one in _all_said(some, decided)}
        alike = [one for _, one in own.values()]
        if about[0] == UNIT:
            for key, unit in donations.found(alike, way).items():
                at, one = own[key]
                named = (*about, unit.component) if unit.component else about
                found[key] = _Mark(at, named, one, unit.against or unit.follows, unit)
        else:
            for key, other in twice.twins(about, alike, near).items():
                at, one = own[key]
                found[key] = _Mark(at, about, one, other)
    return found


def _all_said(group: Iterable[One], decided: Mapping[str, str]) -> Iterator[tuple[int, Said]]:
    for at, one in group:
        if isinstance(one, Said):
            yield at, one
        else:
            yield at, said(one, decision=decided.get(one.fact.key, OPEN))


def _close(about: About, group: Sequence[One], near: Near) -> list[One]:
    """Those that have another one close in time: of most tests and doses there is none."""
    times: list[str] = []
    sampled = True
    for _, one in group:
        fact = one if isinstance(one, Said) else one.fact
        when = moment(fact.event, fact.fields)
        sampled = sampled and fact.fields.get("collected") == when
        times.append(when)
    return [group[at] for at in sorted(near.close(about, times, sampled=sampled))]


def _left(item: Item, mark: _Mark, zone: ZoneInfo) -> Item:
    _, about, one, other, unit = mark
    if other is None:
        return item
    if unit and not unit.against:
        words = unit_words.behind(other.serial, other.system, other.state, other.decision)
        return replace(item, state=ON_ANOTHER_FORM, explanation=words, second=False)
    if unit:
        words = unit_words.against(one, other, doubtful=unit.doubtful)
    else:
        words = twice.words(about, other, zone)
    second = item.second or about[0] in (DOSE, UNIT)
    return replace(item, state=CONFLICT, explanation=f"{item.explanation} {words}", second=second)
