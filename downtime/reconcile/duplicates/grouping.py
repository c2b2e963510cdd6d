"""What forms say of one test, dose or unit, brought together; what one form says alone costs little.

Nothing is made of an item before it is clear that a second form speaks of the same. Pure.
"""

from collections.abc import Iterable, Mapping, Sequence

from downtime.reconcile.duplicates import model as rules
from downtime.reconcile.duplicates.model import REQUEST, TYPES, DuplicateKey, FormStatement
from downtime.reconcile.model import Item, ItemState
from downtime.reconcile.rules.values import fold_test_name

One = tuple[int, Item | FormStatement]
"""Where it is among the items (-1: among the others), and the thing itself."""
_Words = tuple[str, str, str, str, str, str]
"""Type, system, patient, and the words by which a test, dose or unit is named."""


def group_statements(
    items: Sequence[Item], others: Iterable[FormStatement]
) -> dict[DuplicateKey, list[One]]:
    """By what is the same: all that forms say of it, where two forms do."""
    alike: dict[_Words, list[One]] = {}
    for at, item in enumerate(items):
        fact = item.fact
        if fact.type in TYPES and item.state != ItemState.NEWER_LIVE:
            words = _words(fact.type, fact.system, item.patient, fact.fields)
            alike.setdefault(words, []).append((at, item))
    for one in others:
        words = _words(one.type, one.system, one.patient, one.fields)
        alike.setdefault(words, []).append((-1, one))
    return {about: group for about, group in _named(alike).items() if _on_two_forms(group)}


def _words(kind: str, system: str, patient: str, fields: Mapping[str, str]) -> _Words:
    said = fields.get
    if kind == "ServiceRequest":
        return kind, system, patient, said("code", ""), said("display", ""), said("specimen", "")
    if unit := said("batch"):
        return kind, system, "", unit, "", ""
    return kind, system, patient, "", said("medicine", ""), ""


def _named(alike: Mapping[_Words, list[One]]) -> dict[DuplicateKey, list[One]]:
    """Under one name what is written in other words, of which there are few."""
    found: dict[DuplicateKey, list[One]] = {}
    for (kind, system, patient, *_), group in alike.items():
        if about := rules.duplicate_key(kind, system, patient, statement_fields(group[0][1])):
            if about in found:
                found[about] += group
            else:
                found[about] = group
    _join_names(found)
    return found


def _join_names(groups: dict[DuplicateKey, list[One]]) -> None:
    """Put what a form names without its code to what others give the code of, of that patient."""
    bare = {one for one, group in groups.items() if _is_bare(one, group[0][1])}
    if not bare:
        return
    people = {about[:3] for about in bare}
    for about in [one for one in groups if one[:3] in people and one not in bare]:
        for name in rules.alternative_keys(about, statement_fields(groups[about][0][1])):
            if name in bare and name in groups:
                groups[about] += groups.pop(name)


def _is_bare(about: DuplicateKey, one: Item | FormStatement) -> bool:
    return about[0] == REQUEST and fold_test_name(statement_fields(one).get("code", "")) != about[3]


def _on_two_forms(group: Sequence[One]) -> bool:
    if len(group) < 2:
        return False
    first = _serial(group[0][1])
    return any(_serial(one) != first for _, one in group)


def _serial(one: Item | FormStatement) -> str:
    return one.serial if isinstance(one, FormStatement) else one.fact.serial


def statement_fields(one: Item | FormStatement) -> Mapping[str, str]:
    """What it says by field."""
    return one.fields if isinstance(one, FormStatement) else one.fact.fields
