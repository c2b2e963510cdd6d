"""Bring together what forms say of one test, dose or unit; what one form says alone costs little.

Nothing is made of an item before it is clear that a second form speaks of the same. Pure.
"""

from collections.abc import Iterable, Mapping, Sequence

from downtime.reconcile.duplicates.model import (
    RECORD_TYPES,
    DuplicateKey,
    DuplicateKind,
    FormStatement,
    fields_of,
    find_alternative_keys,
    find_duplicate_key,
    serial_of,
)
from downtime.reconcile.model import Item, ItemState
from downtime.reconcile.rules.values import fold_test_name

PlacedStatement = tuple[int, Item | FormStatement]
"""Where it is among the items (-1: among the other forms' statements), and what is said."""
_AsWritten = tuple[str, str, str, str, str, str]
"""Type, system, patient, and the words by which a test, dose or unit is named."""


def group_statements(
    items: Sequence[Item], others: Iterable[FormStatement]
) -> dict[DuplicateKey, list[PlacedStatement]]:
    """By what is the same: all that forms say of it, where two forms do."""
    groups: dict[_AsWritten, list[PlacedStatement]] = {}
    for position, item in enumerate(items):
        fact = item.fact
        if fact.type in RECORD_TYPES and item.state != ItemState.NEWER_LIVE:
            written = _as_written(fact.type, fact.system, item.patient, fact.fields)
            groups.setdefault(written, []).append((position, item))
    for other in others:
        written = _as_written(other.type, other.system, other.patient, other.fields)
        groups.setdefault(written, []).append((-1, other))
    return {key: group for key, group in _by_key(groups).items() if _is_on_two_forms(group)}


def _as_written(
    record_type: str, system: str, patient: str, fields: Mapping[str, str]
) -> _AsWritten:
    field = fields.get
    if record_type == "ServiceRequest":
        names = field("code", ""), field("display", ""), field("specimen", "")
        return record_type, system, patient, *names
    if unit := field("batch"):
        return record_type, system, "", unit, "", ""
    return record_type, system, patient, "", field("medicine", ""), ""


def _by_key(
    groups: Mapping[_AsWritten, list[PlacedStatement]],
) -> dict[DuplicateKey, list[PlacedStatement]]:
    """Under one key what is written in other words, of which there are few."""
    by_key: dict[DuplicateKey, list[PlacedStatement]] = {}
    for (record_type, system, patient, *_), group in groups.items():
        if key := find_duplicate_key(record_type, system, patient, fields_of(group[0][1])):
            if key in by_key:
                by_key[key] += group
            else:
                by_key[key] = group
    _join_names(by_key)
    return by_key


def _join_names(groups: dict[DuplicateKey, list[PlacedStatement]]) -> None:
    """Put what a form names without its code to what others give the code of, of that patient."""
    uncoded = {key for key, group in groups.items() if _is_uncoded(key, group[0][1])}
    if not uncoded:
        return
    patients = {key[:3] for key in uncoded}
    for key in [key for key in groups if key[:3] in patients and key not in uncoded]:
        for alternative in find_alternative_keys(key, fields_of(groups[key][0][1])):
            if alternative in uncoded and alternative in groups:
                groups[key] += groups.pop(alternative)


def _is_uncoded(key: DuplicateKey, statement: Item | FormStatement) -> bool:
    code = fields_of(statement).get("code", "")
    return key.kind == DuplicateKind.REQUEST and fold_test_name(code) != key.name


def _is_on_two_forms(group: Sequence[PlacedStatement]) -> bool:
    if len(group) < 2:
        return False
    first = serial_of(group[0][1])
    return any(serial_of(statement) != first for _, statement in group)
