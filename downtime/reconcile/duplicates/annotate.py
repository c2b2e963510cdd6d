"""Say, among the items of a comparison, what two forms tell alike, and what becomes of each. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from downtime.reconcile.duplicates import donations, specimen_sites, tests_and_doses, wording
from downtime.reconcile.duplicates.blood_units import BloodUnitRules
from downtime.reconcile.duplicates.donations import UnitFinding
from downtime.reconcile.duplicates.grouping import One, group_statements
from downtime.reconcile.duplicates.model import DOSE, UNIT, DuplicateKey, FormStatement, moment
from downtime.reconcile.duplicates.tests_and_doses import MatchWindow
from downtime.reconcile.model import Decision, Item, ItemState
from downtime.settings import Settings

RETURNABLE_STATES = (ItemState.NEW, ItemState.HELD, ItemState.CONFLICT)
"""The states of what could be returned: it is marked when another form says the same."""
NOTHING: Mapping[str, str] = MappingProxyType({})


class Annotated(NamedTuple):
    """The items with what was found, and by key what of all forms another one says already."""

    items: list[Item]
    other: Mapping[str, str]
    units: Mapping[str, tuple[DuplicateKey, UnitFinding]]
    """By key: what names a unit of blood that another form names too."""


class _Mark(NamedTuple):
    at: int
    """Where it is among the items; -1 when it is of another form."""
    about: DuplicateKey
    one: FormStatement
    other: FormStatement | None
    unit: UnitFinding | None = None


def annotate_items(
    items: Sequence[Item],
    settings: Settings,
    others: Iterable[FormStatement] = (),
    decided: Mapping[str, str] = NOTHING,
) -> Annotated:
    """The items, marked; `others` is what forms say that are not among them, `decided` by key."""
    found = _found(group_statements(items, others), settings, decided)
    if not found:
        return Annotated(list(items), {}, {})
    zone = ZoneInfo(settings.site.time_zone)
    left = list(items)
    for mark in found.values():
        if mark.at >= 0 and left[mark.at].state in RETURNABLE_STATES:
            left[mark.at] = _left(left[mark.at], mark, zone)
    other = {key: mark.other.key for key, mark in found.items() if mark.other}
    of_units = {key: (mark.about, mark.unit) for key, mark in found.items() if mark.unit}
    return Annotated(left, other, of_units)


def find_repeated_statements(
    said: Iterable[FormStatement], settings: Settings
) -> Mapping[str, FormStatement]:
    """Key of what another form says already to what that form says, whatever becomes of them."""
    found = _found(group_statements((), said), settings, NOTHING)
    return {key: mark.other for key, mark in found.items() if mark.other}


def statement_of_item(
    item: Item, *, patient: str = "", decision: str = Decision.OPEN
) -> FormStatement:
    """What an item says, as other forms may say it too."""
    fact = item.fact
    return FormStatement(
        fact.key, fact.serial, fact.type, fact.system, patient or item.patient, fact.event,
        fact.fields, fact.form, specimen_sites.described(fact.notes) if fact.notes else "", item.state,
        decision, is_patient_certain(item.state, bool(item.matched_ids)),
    )  # fmt: skip


def is_patient_certain(state: str, matched: bool) -> bool:
    """Whether an item is beyond doubt about its patient; a conflict with a live record still is."""
    return state != ItemState.CONFLICT or matched


def _found(
    every: Mapping[DuplicateKey, list[One]], settings: Settings, decided: Mapping[str, str]
) -> dict[str, _Mark]:
    found: dict[str, _Mark] = {}
    near, way = MatchWindow.of(settings), BloodUnitRules.of(settings)
    for about, group in every.items():
        some = group if about[0] == UNIT else _close(about, group, near)
        own = {one.key: (at, one) for at, one in _all_said(some, decided)}
        alike = [one for _, one in own.values()]
        if about[0] == UNIT:
            for key, unit in donations.find_units(alike, way).items():
                at, one = own[key]
                named = (*about, unit.component) if unit.component else about
                found[key] = _Mark(at, named, one, unit.against or unit.follows, unit)
        else:
            for key, other in tests_and_doses.find_repeats(about, alike, near).items():
                at, one = own[key]
                found[key] = _Mark(at, about, one, other)
    return found


def _all_said(
    group: Iterable[One], decided: Mapping[str, str]
) -> Iterator[tuple[int, FormStatement]]:
    for at, one in group:
        if isinstance(one, FormStatement):
            yield at, one
        else:
            yield at, statement_of_item(one, decision=decided.get(one.fact.key, Decision.OPEN))


def _close(about: DuplicateKey, group: Sequence[One], near: MatchWindow) -> list[One]:
    """Those that have another one close in time: of most tests and doses there is none."""
    times: list[str] = []
    sampled = True
    for _, one in group:
        fact = one if isinstance(one, FormStatement) else one.fact
        when = moment(fact.event, fact.fields)
        sampled = sampled and fact.fields.get("collected") == when
        times.append(when)
    return [group[at] for at in sorted(near.find_close(about, times, sampled=sampled))]


def _left(item: Item, mark: _Mark, zone: ZoneInfo) -> Item:
    _, about, one, other, unit = mark
    if other is None:
        return item
    if unit and not unit.against:
        words = wording.behind(other.serial, other.system, other.state, other.decision)
        return replace(
            item, state=ItemState.ON_ANOTHER_FORM, explanation=words, needs_second_person=False
        )
    if unit:
        words = wording.against(one, other, doubtful=unit.doubtful)
    else:
        words = tests_and_doses.words(about, other, zone)
    second = item.needs_second_person or about[0] in (DOSE, UNIT)
    return replace(
        item,
        state=ItemState.CONFLICT,
        explanation=f"{item.explanation} {words}",
        needs_second_person=second,
    )
