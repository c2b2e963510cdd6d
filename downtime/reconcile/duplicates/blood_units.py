"""The rule of a unit of blood on several forms: one event, returned once; see `tests/spec`. Pure.

A unit passes through the log of the fridge, the record of the bedside and the slip of its fate. What
they say of one patient and without contradiction is one event, and one of them represents it. Each
component of a donation is a unit of its own. A form that names no component is of the one that the
others name; where they name several, or in words of which nobody can tell, a person decides.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple, Protocol, TypeVar

from downtime.clinical.model import AdministrationStatus
from downtime.reconcile.duplicates.model import FormStatement, UnitFinding
from downtime.reconcile.rules.blood_components import Component, Components
from downtime.reconcile.rules.verdict import parse_instant
from downtime.settings import Settings


class BloodUnitRules(NamedTuple):
    """Through which forms a unit passes, and which of them is returned."""

    forms: tuple[str, ...]
    record_form: str
    slip: timedelta
    """By how much the times of two forms may contradict their order."""
    components: Components

    @classmethod
    def from_settings(cls, settings: Settings) -> "BloodUnitRules":
        """As the site says."""
        reconcile = settings.reconcile
        slip = timedelta(minutes=reconcile.unit_slip_minutes)
        components = Components.from_settings(settings)
        return cls(reconcile.unit_forms, reconcile.unit_record, slip, components)

    def component(self, statement: FormStatement) -> Component:
        """What the form calls the component of the unit."""
        return self.components.of_fields(statement.fields)

    def sort_key(self, statement: FormStatement) -> str:
        """Sorts forms of a unit: the record, then the last on its way, then any other; by time."""
        step = 0 if statement.form == self.record_form else self._step(statement.form) + 1
        return f"{step:03} {statement.time} {statement.key}"

    def is_one_event(self, statement: FormStatement, other: FormStatement) -> bool:
        """Whether they are forms of two kinds that tell of one event of one patient.

        Two lines of one form are two things, such as the bags that one donation was split into.
        """
        if statement.serial == other.serial:
            return True
        are_certain = statement.is_patient_certain and other.is_patient_certain
        same_patient = statement.patient == other.patient != "" and are_certain
        if not same_patient or statement.form == other.form:
            return False
        outcomes = unit_outcome(statement.fields), unit_outcome(other.fields)
        return not _contradict(*outcomes) and self._is_in_order(statement, other)

    def _is_in_order(self, statement: FormStatement, other: FormStatement) -> bool:
        if statement.form not in self.forms or other.form not in self.forms:
            return True
        if not statement.time or not other.time:
            return True
        first, second = sorted((statement, other), key=lambda s: self.forms.index(s.form))
        return parse_instant(first.time) - parse_instant(second.time) <= self.slip

    def _step(self, form: str) -> int:
        index = self.forms.index(form) if form in self.forms else -1
        return len(self.forms) - 1 - index


def unit_outcome(fields: Mapping[str, str]) -> str:
    """What became of a unit: `given`, `returned`, `discarded`, `moved` …; empty: only taken."""
    status, reason = fields.get("status", ""), fields.get("reason", "")
    if status == AdministrationStatus.NOT_GIVEN and reason:
        return reason
    return status or reason


def _contradict(outcome: str, other: str) -> bool:
    if not outcome or not other or outcome == other:
        return False
    return {outcome, other} not in ({"not-given", "returned"}, {"not-given", "discarded"})


def find_units(group: Sequence[FormStatement], rules: BloodUnitRules) -> dict[str, UnitFinding]:
    """By key, for a donation number that is named on two forms at least."""
    if len({statement.serial for statement in group}) < 2:
        return {}
    donation = _Donation.of(group, rules)
    sort_keys = {statement.key: rules.sort_key(statement) for statement in group}
    consistent: list[FormStatement] = []
    contradicted: dict[str, FormStatement] = {}
    for statement in sorted(group, key=lambda s: (*donation.rank(s), sort_keys[s.key])):
        other = next((s for s in consistent if donation.is_contradiction(statement, s)), None)
        if other:
            contradicted[statement.key] = other
        else:
            consistent.append(statement)
    may_go = [s for s in group if s.key not in contradicted or s.settlement_rank < 2]
    represented = find_representatives(
        sorted(may_go, key=lambda s: sort_keys[s.key]), donation.is_one_event
    )
    findings = {
        s.key: donation.finding(
            s, sort_keys[s.key], represented.get(s.key), contradicted.get(s.key)
        )
        for s in group
    }
    rivals = [s for s in group if s.key in contradicted and not s.is_left_out]
    rivals.sort(key=lambda s: sort_keys[s.key])
    return _challenge_standing(group, findings, rivals)


def _challenge_standing(
    group: Sequence[FormStatement],
    findings: dict[str, UnitFinding],
    rivals: Sequence[FormStatement],
) -> dict[str, UnitFinding]:
    """A unit on two patients' forms is in question for both: neither goes out by one person's word."""
    for statement in group:
        finding = findings[statement.key]
        is_in_question = any(
            statement.patient and rival.patient and statement.patient != rival.patient
            for rival in rivals
        )
        if is_in_question and finding.other is None and not statement.is_left_out:
            findings[statement.key] = finding._replace(challenged_by=rivals[0])
    return findings


class _Donation(NamedTuple):
    """The forms of one donation number, with what each calls the component."""

    rules: BloodUnitRules
    components: Mapping[str, Component]
    has_several: bool
    """Whether the forms name two components: one that names none may then mean any."""

    @classmethod
    def of(cls, group: Sequence[FormStatement], rules: BloodUnitRules) -> "_Donation":
        components = {statement.key: rules.component(statement) for statement in group}
        names = {component.name for component in components.values()} - {""}
        return cls(rules, components, len(names) > 1)

    def component_name(self, statement: FormStatement) -> str:
        """Its component, where forms name several."""
        return self.components[statement.key].name if self.has_several else ""

    def is_apart(self, statement: FormStatement, other: FormStatement) -> bool:
        """Whether they are two units."""
        return self.components[statement.key].is_apart(self.components[other.key])

    def is_component_open(self, statement: FormStatement, other: FormStatement) -> bool:
        """Whether a person has to say if they are of one component."""
        if statement.serial == other.serial:
            return False
        one_names_none = bool(self.component_name(statement)) != bool(self.component_name(other))
        component, other_component = self.components[statement.key], self.components[other.key]
        return one_names_none or component.is_doubtful(other_component)

    def is_one_event(self, statement: FormStatement, other: FormStatement) -> bool:
        """Whether they tell of one event."""
        if self.is_apart(statement, other) or self.is_component_open(statement, other):
            return False
        return self.rules.is_one_event(statement, other)

    def is_contradiction(self, statement: FormStatement, other: FormStatement) -> bool:
        """Whether both cannot be returned without that somebody looks."""
        return not self.is_apart(statement, other) and not self.is_one_event(statement, other)

    def rank(self, statement: FormStatement) -> tuple[bool, ...]:
        """Sorts before the others what was returned; after them what stays out or is in doubt."""
        return (
            not statement.is_returned,
            statement.is_left_out,
            not (statement.patient and statement.is_patient_certain),
            self.has_several and not self.component_name(statement),
        )

    def finding(
        self,
        statement: FormStatement,
        sort_key: str,
        represented_by: FormStatement | None,
        contradicts: FormStatement | None,
    ) -> UnitFinding:
        """What is found of one of them."""
        name = self.component_name(statement)
        if contradicts is None:
            return UnitFinding(sort_key, represented_by, None, name)
        is_open = self.is_component_open(statement, contradicts) and self.rules.is_one_event(
            statement, contradicts
        )
        component = name or self.component_name(contradicts)
        return UnitFinding(sort_key, None, contradicts, component, is_open)


class Returnable(Protocol):
    """What may be returned, or be represented by another."""

    @property
    def key(self) -> str: ...
    @property
    def serial(self) -> str: ...
    @property
    def is_left_out(self) -> bool: ...
    @property
    def settlement_rank(self) -> int: ...


S = TypeVar("S", bound=Returnable)


def find_representatives(
    ordered: Sequence[S], is_one_event: Callable[[S, S], bool]
) -> dict[str, S]:
    """Key of each that is not returned, to the one in its place; what was left out represents none."""
    representatives: list[S] = []
    represented: dict[str, S] = {}
    possible = [statement for statement in ordered if not statement.is_left_out]
    for statement in sorted(possible, key=lambda s: s.settlement_rank):
        first = next(
            (
                r
                for r in representatives
                if r.serial != statement.serial and is_one_event(r, statement)
            ),
            None,
        )
        if first and statement.settlement_rank:
            represented[statement.key] = first
        else:
            representatives.append(statement)
    return represented
