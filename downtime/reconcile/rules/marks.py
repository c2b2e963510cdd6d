"""Leave to a person, among the items of a comparison, what two forms say alike. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from downtime.reconcile.rules import twice
from downtime.reconcile.rules.twice import DOSE, REQUEST, UNIT, About, Near, Said
from downtime.reconcile.states import CONFLICT, HELD, NEW, NEWER_LIVE
from downtime.reconcile.values import test_name
from downtime.settings import Settings

if TYPE_CHECKING:
    from downtime.reconcile.compare import Item

LEFT = (NEW, HELD, CONFLICT)
"""The states of what could be returned: a person decides about it when another form says the same."""


class Marked(NamedTuple):
    """The items with what was found, and by key what of all forms another one says already."""

    items: list["Item"]
    other: Mapping[str, str]


def marked(
    items: Sequence["Item"],
    settings: Settings,
    others: Iterable[Said] = (),
    out: Collection[str] = (),
) -> Marked:
    """The items, marked; `others` is what forms say that are not among them, `out` went out already."""
    found = _found(_groups(items, others), Near.of(settings), frozenset(out))
    if not found:
        return Marked(list(items), {})
    zone = ZoneInfo(settings.site.time_zone)
    left = [
        _left(item, *found[item.key], zone) if item.key in found and item.state in LEFT else item
        for item in items
    ]
    return Marked(left, {key: other.key for key, (_, _, other) in found.items()})


def twice_said(said: Iterable[Said], settings: Settings) -> Mapping[str, Said]:
    """Key of what another form says already to what that form says, whatever becomes of them."""
    found = _found(_groups((), said), Near.of(settings), frozenset())
    return {key: other for key, (_, _, other) in found.items()}


def said(item: "Item", *, patient: str = "", out: bool = False) -> Said:
    """What an item says, as other forms may say it too."""
    fact = item.fact
    return Said(
        fact.key, fact.serial, fact.type, fact.system, patient or item.patient, fact.event,
        fact.fields, out,
    )  # fmt: skip


_Timed = tuple[str, str, "Item | Said"]
"""When, the key, and the thing itself."""


def _groups(items: Iterable["Item"], others: Iterable[Said]) -> dict[About, list[_Timed]]:
    """By what is the same: all that forms say of it."""
    groups: dict[About, list[_Timed]] = {}
    for item in items:
        fact = item.fact
        if fact.type not in twice.TYPES or item.state == NEWER_LIVE:
            continue
        if about := twice.about(fact.type, fact.system, item.patient, fact.fields):
            timed = (twice.moment(fact.event, fact.fields), fact.key, item)
            groups.setdefault(about, []).append(timed)
    for one in others:
        if about := twice.about(one.type, one.system, one.patient, one.fields):
            groups.setdefault(about, []).append((one.moment, one.key, one))
    _join_names(groups)
    return groups


def _join_names(groups: dict[About, list[_Timed]]) -> None:
    """Put what a form names without its code to what others give the code of, of that patient."""
    bare = {one for one, group in groups.items() if _is_bare(one, group[0][2])}
    people = {about[:3] for about in bare}
    for about in [one for one in groups if one[:3] in people and one not in bare]:
        for name in twice.otherwise(about, _fields(groups[about][0][2])):
            if name in bare and name in groups:
                groups[about] += groups.pop(name)


def _is_bare(about: About, one: "Item | Said") -> bool:
    return about[0] == REQUEST and test_name(_fields(one).get("code", "")) != about[3]


def _fields(one: "Item | Said") -> Mapping[str, str]:
    return one.fields if isinstance(one, Said) else one.fact.fields


def _found(
    groups: Mapping[About, list[_Timed]], near: Near, out: frozenset[str]
) -> dict[str, tuple[About, Said, Said]]:
    found: dict[str, tuple[About, Said, Said]] = {}
    for about, group in groups.items():
        if len(group) < 2:
            continue
        group.sort(key=_when)
        sampled = all(_fields(one).get("collected") == when for when, _, one in group)
        if near.none(about, [when for when, _, _ in group], sampled=sampled):
            continue
        all_said = [g if isinstance(g, Said) else said(g, out=g.key in out) for _, _, g in group]
        own = {one.key: one for one in all_said}
        for key, other in twice.twins(about, all_said, near).items():
            found[key] = about, own[key], other
    return found


def _when(one: _Timed) -> str:
    return one[0]


def _left(item: "Item", about: About, one: Said, other: Said, zone: ZoneInfo) -> "Item":
    words = f"{item.explanation} {twice.words(about, one, other, zone)}"
    second = item.second or about[0] in (DOSE, UNIT)
    return replace(item, state=CONFLICT, explanation=words, second=second)
