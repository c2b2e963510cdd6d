"""What forms say of one test, dose or unit, brought together; most say it alone and cost nothing. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from downtime.reconcile.rules import said as rules
from downtime.reconcile.rules.said import REQUEST, TYPES, About, Said
from downtime.reconcile.states import NEWER_LIVE
from downtime.reconcile.values import test_name

if TYPE_CHECKING:
    from downtime.reconcile.compare import Item

Timed = tuple[str, str, "Item | Said"]
"""When, the key, and the thing itself."""
_About = tuple["Item | Said", str, str, str, Mapping[str, str]]
"""The thing, its serial, type and patient, and its fields."""


def groups(items: Sequence["Item"], others: Iterable[Said]) -> dict[About, list[Timed]]:
    """By what is the same: all that forms say of it, where two forms are about one patient or unit."""
    found: dict[About, list[Timed]] = {}
    for one, _, kind, patient, fields in _on_two_forms([*_said(items), *_other(others)]):
        fact = one if isinstance(one, Said) else one.fact
        if about := rules.about(kind, fact.system, patient, fields):
            timed = (rules.moment(fact.event, fields), fact.key, one)
            found.setdefault(about, []).append(timed)
    _join_names(found)
    return found


def _said(items: Iterable["Item"]) -> Iterable[_About]:
    for item in items:
        fact = item.fact
        if fact.type in TYPES and item.state != NEWER_LIVE:
            yield item, fact.serial, fact.type, item.patient, fact.fields


def _other(others: Iterable[Said]) -> Iterable[_About]:
    return ((one, one.serial, one.type, one.patient, one.fields) for one in others)


def _on_two_forms(every: Sequence[_About]) -> Iterable[_About]:
    """Without what no second form can tell: nothing else is looked at closely."""
    one: dict[tuple[str, str], str] = {}
    two: set[tuple[str, str]] = set()
    for _, serial, kind, patient, fields in every:
        whose = (kind, "") if fields.get("batch") else (kind, patient)
        if one.setdefault(whose, serial) != serial:
            two.add(whose)
    return (
        about
        for about in every
        if ((about[2], "") if about[4].get("batch") else (about[2], about[3])) in two
    )


def _join_names(groups: dict[About, list[Timed]]) -> None:
    """Put what a form names without its code to what others give the code of, of that patient."""
    bare = {one for one, group in groups.items() if _is_bare(one, group[0][2])}
    if not bare:
        return
    people = {about[:3] for about in bare}
    for about in [one for one in groups if one[:3] in people and one not in bare]:
        for name in rules.otherwise(about, fields_of(groups[about][0][2])):
            if name in bare and name in groups:
                groups[about] += groups.pop(name)


def _is_bare(about: About, one: "Item | Said") -> bool:
    return about[0] == REQUEST and test_name(fields_of(one).get("code", "")) != about[3]


def fields_of(one: "Item | Said") -> Mapping[str, str]:
    """What it says by field."""
    return one.fields if isinstance(one, Said) else one.fact.fields
