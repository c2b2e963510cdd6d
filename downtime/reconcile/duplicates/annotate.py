"""Say, among the items of a comparison, what two forms both record, and what becomes of each. Pure.

Nothing is made of an item before it is clear that a second form speaks of the same.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from downtime.clinical.recognition import DuplicateKind
from downtime.reconcile.duplicates.blood_units import BloodUnitRules, find_units
from downtime.reconcile.duplicates.duplicate_reasons import (
    are_of_two_patients,
    reasons_for_contradiction,
    reasons_for_doubtful_patient,
    reasons_for_repeat,
    reasons_for_represented,
    reasons_for_rival,
)
from downtime.reconcile.duplicates.groups import find_groups
from downtime.reconcile.duplicates.keys import (
    CODED_KINDS,
    RECOGNITIONS,
    DuplicateKey,
    OwnNames,
    find_alternative_keys,
    find_duplicate_key,
    find_written_name,
    list_own_names,
)
from downtime.reconcile.duplicates.model import (
    RETURNABLE_STATES,
    DuplicateFinding,
    FormStatement,
    UnitFinding,
    fields_of,
    is_patient_certain,
    own_time,
    serial_of,
)
from downtime.reconcile.duplicates.relations import MatchWindow, relate
from downtime.reconcile.duplicates.repeats import find_repeats
from downtime.reconcile.duplicates.specimen_sites import describe_site
from downtime.reconcile.model import Decision, Item, ItemState
from downtime.reconcile.reasons import Reasons
from downtime.reconcile.rules.coded_medicines import FindCodes, find_no_codes
from downtime.reconcile.rules.values import fold_test_name
from downtime.settings import Settings

PlacedStatement = tuple[int, Item | FormStatement]
"""Where it is among the items (-1: among the other forms' statements), and what is said."""

_AsWritten = tuple[str, str, str, tuple[str, ...]]
"""Type, system, patient, and the words by which a thing is named."""

NO_DECISIONS: Mapping[str, Decision] = MappingProxyType({})


class Annotated(NamedTuple):
    """The items with what was found, and by key what of all forms another one says already."""

    items: list[Item]
    same_on_other_form: Mapping[str, str]
    units: Mapping[str, tuple[DuplicateKey, UnitFinding]]
    """By key: what names a unit of blood, or another thing, of which one form stands for the others."""


def annotate_items(
    items: Sequence[Item],
    settings: Settings,
    others: Iterable[FormStatement] = (),
    decisions: Mapping[str, Decision] = NO_DECISIONS,
    find_codes: FindCodes = find_no_codes,
) -> Annotated:
    """The items, annotated; `others` is what forms say that are not among them.

    `decisions` are those that still hold, by key; `find_codes` are the codes of medicines.
    """
    groups = group_statements(items, others, list_own_names(settings), find_codes)
    findings = _find(groups, settings, decisions, find_codes)
    if not findings:
        return Annotated(list(items), {}, {})
    annotated = list(items)
    for finding in findings.values():
        position = finding.position
        if position >= 0 and annotated[position].state in RETURNABLE_STATES:
            annotated[position] = _annotate(annotated[position], finding)
    other = {key: f.other.key for key, f in findings.items() if f.other}
    units = {key: (f.duplicate_key, f.unit) for key, f in findings.items() if f.unit}
    return Annotated(annotated, other, units)


def _annotate(item: Item, finding: DuplicateFinding) -> Item:
    other, unit, kind = finding.other, finding.unit, finding.duplicate_key.kind
    if other is None:
        return item
    if unit and unit.represented_by:
        reasons = reasons_for_represented(
            kind, other.serial, other.system, other.state, other.decision
        )
        return replace(
            item, state=ItemState.ON_ANOTHER_FORM, reasons=reasons, needs_second_person=False
        )
    added, is_for_two = _contradiction(finding, other)
    return replace(
        item, state=ItemState.CONFLICT, reasons=item.reasons + added,
        needs_second_person=item.needs_second_person or is_for_two,
    )  # fmt: skip


def _contradiction(finding: DuplicateFinding, other: FormStatement) -> tuple[Reasons, bool]:
    """Why a person decides, and whether it takes two."""
    statement, unit, kind = finding.statement, finding.unit, finding.duplicate_key.kind
    if unit and unit.challenged_by:
        is_other = are_of_two_patients(statement.patient, other.patient)
        return reasons_for_rival(
            kind, other.serial, is_returned=other.is_returned, of_another_patient=is_other
        ), True
    if unit and not unit.is_asked:
        return reasons_for_contradiction(finding, other), True
    if unit and not finding.statement.is_patient_certain:
        return reasons_for_doubtful_patient(other), True
    is_for_two = kind == DuplicateKind.DOSE
    return reasons_for_repeat(kind, statement, other), is_for_two


def find_repeated_statements(
    statements: Iterable[FormStatement], settings: Settings
) -> Mapping[str, FormStatement]:
    """Key of what another form says already to what that form says, whatever becomes of them."""
    groups = group_statements((), statements, list_own_names(settings))
    findings = _find(groups, settings, NO_DECISIONS, find_no_codes)
    return {key: finding.other for key, finding in findings.items() if finding.other}


def statement_of_item(
    item: Item, *, patient: str = "", decision: Decision = Decision.OPEN
) -> FormStatement:
    """What an item says, as other forms may say it too."""
    fact = item.fact
    return FormStatement(
        fact.key, fact.serial, fact.type, fact.system, patient or item.patient, fact.event,
        fact.fields, fact.form, describe_site(fact.notes) if fact.notes else "", item.state,
        decision, is_patient_certain(item.state, item.reasons),
    )  # fmt: skip


def _find(
    groups: Mapping[DuplicateKey, list[PlacedStatement]],
    settings: Settings,
    decisions: Mapping[str, Decision],
    find_codes: FindCodes,
) -> dict[str, DuplicateFinding]:
    findings: dict[str, DuplicateFinding] = {}
    window = MatchWindow.from_settings(settings, find_codes)
    unit_rules = BloodUnitRules.from_settings(settings)
    for key, group in groups.items():
        possible = (
            group if key.kind == DuplicateKind.UNIT else _with_close_times(key, group, window)
        )
        placed = {s.key: (position, s) for position, s in _statements(possible, decisions)}
        statements = [statement for _, statement in placed.values()]
        for item_key, result in _find_in_group(key, statements, window, unit_rules).items():
            position, statement = placed[item_key]
            findings[item_key] = DuplicateFinding(
                position, result.key, statement, result.other, result.unit
            )
    return findings


class _GroupResult(NamedTuple):
    key: DuplicateKey
    other: FormStatement | None
    unit: UnitFinding | None = None


def _find_in_group(
    key: DuplicateKey,
    statements: Sequence[FormStatement],
    window: MatchWindow,
    unit_rules: BloodUnitRules,
) -> dict[str, _GroupResult]:
    if key.kind == DuplicateKind.UNIT:
        units = find_units(statements, unit_rules)
        return {
            k: _GroupResult(key._replace(specimen=u.component), u.other, u)
            for k, u in units.items()
        }
    if key.kind in _ASKED_KINDS:
        repeats = find_repeats(key, statements, window)
        return {k: _GroupResult(key, other) for k, other in repeats.items()}
    result = find_groups(statements, lambda s, other: relate(key.kind, s, other, window))
    return {
        k: _GroupResult(key._replace(specimen=first.key), finding.other, finding)
        for k, (first, finding) in result.items()
    }


_ASKED_KINDS = frozenset(r.kind for r in RECOGNITIONS.values() if r.is_asked)


def _statements(
    group: Iterable[PlacedStatement], decisions: Mapping[str, Decision]
) -> Iterator[tuple[int, FormStatement]]:
    for position, statement in group:
        if isinstance(statement, FormStatement):
            yield position, statement
        else:
            decision = decisions.get(statement.fact.key, Decision.OPEN)
            yield position, statement_of_item(statement, decision=decision)


def _with_close_times(
    key: DuplicateKey, group: Sequence[PlacedStatement], window: MatchWindow
) -> list[PlacedStatement]:
    """Those that have another one close in time: of most tests and doses there is none."""
    times: list[str] = []
    all_timed = True
    for _, statement in group:
        fact = statement if isinstance(statement, FormStatement) else statement.fact
        time = own_time(fact.type, fact.fields)
        all_timed = all_timed and bool(time)
        times.append(time or fact.event)
    close = window.find_close(key.kind, times, all_timed=all_timed)
    return [group[index] for index in sorted(close)]


def group_statements(
    items: Sequence[Item],
    others: Iterable[FormStatement],
    own_names: OwnNames = (),
    find_codes: FindCodes = find_no_codes,
) -> dict[DuplicateKey, list[PlacedStatement]]:
    """By what is the same: all that forms say of it, where two forms do."""
    groups: dict[_AsWritten, list[PlacedStatement]] = {}
    for position, item in enumerate(items):
        fact = item.fact
        if fact.type in RECOGNITIONS and item.state != ItemState.NEWER_LIVE:
            written = _as_written(fact.type, fact.system, item.patient, fact.fields)
            groups.setdefault(written, []).append((position, item))
    for other in others:
        if other.type in RECOGNITIONS:
            written = _as_written(other.type, other.system, other.patient, other.fields)
            groups.setdefault(written, []).append((-1, other))
    by_key = _by_key(groups, own_names)
    by_name_or_code = _group_by_code(by_key, find_codes) | by_key
    return {key: group for key, group in by_name_or_code.items() if _is_on_two_forms(group)}


def _as_written(
    record_type: str, system: str, patient: str, fields: Mapping[str, str]
) -> _AsWritten:
    name = find_written_name(record_type, fields)
    return record_type, system, "" if fields.get("batch") else patient, name


def _by_key(
    groups: Mapping[_AsWritten, list[PlacedStatement]], own_names: OwnNames
) -> dict[DuplicateKey, list[PlacedStatement]]:
    """Under one key what is written in other words, of which there are few."""
    by_key: dict[DuplicateKey, list[PlacedStatement]] = {}
    for (record_type, system, patient, *_), group in groups.items():
        fields = fields_of(group[0][1])
        if key := find_duplicate_key(record_type, system, patient, fields, own_names):
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


def _group_by_code(
    groups: Mapping[DuplicateKey, list[PlacedStatement]], find_codes: FindCodes
) -> dict[DuplicateKey, list[PlacedStatement]]:
    """Doses of several names to which one patient's records give one code, once more under that code."""
    by_code: dict[DuplicateKey, list[DuplicateKey]] = {}
    for key, group in groups.items():
        if key.kind == DuplicateKind.DOSE:
            names = {fields_of(statement).get("medicine", "") for _, statement in group}
            for code in {code for name in names for code in find_codes(name, key.patient)}:
                of_code = key._replace(name="", specimen=" ".join(code))
                by_code.setdefault(of_code, []).append(key)
    return {
        of_code: [placed for key in by_code[of_code] for placed in groups[key]]
        for of_code in sorted(by_code)
        if len(by_code[of_code]) > 1
    }


def _is_uncoded(key: DuplicateKey, statement: Item | FormStatement) -> bool:
    code = fields_of(statement).get("code", "")
    return key.kind in CODED_KINDS and fold_test_name(code) != key.name


def _is_on_two_forms(group: Sequence[PlacedStatement]) -> bool:
    if len(group) < 2:
        return False
    first = serial_of(group[0][1])
    return any(serial_of(statement) != first for _, statement in group)
