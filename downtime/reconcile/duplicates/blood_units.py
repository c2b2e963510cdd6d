"""The rule of a unit of blood on several forms: one event, returned once; see `tests/spec`. Pure.

A unit passes through the log of the fridge, the record of the bedside and the slip of its fate. What
they say of one patient and without contradiction is one event, and one of them stands for it.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

from downtime.reconcile.duplicates.model import FormStatement
from downtime.reconcile.rules.blood_components import Component, Components
from downtime.reconcile.rules.verdict import parse_instant
from downtime.settings import Settings


class BloodUnitRules(NamedTuple):
    """Through which forms a unit passes, and which of them is returned."""

    forms: tuple[str, ...]
    record: str
    slip: timedelta
    components: Components

    @classmethod
    def of(cls, settings: Settings) -> "BloodUnitRules":
        """As the site says."""
        said = settings.reconcile
        slip = timedelta(minutes=said.unit_slip_minutes)
        return cls(said.unit_forms, said.unit_record, slip, Components.of(settings))

    def component(self, one: FormStatement) -> Component:
        """What the form calls the component of the unit."""
        return self.components.of_fields(one.fields)

    def sort_key(self, one: FormStatement) -> str:
        """Sorts forms of a unit: the record, then the last on its way, then any other; by time."""
        step = -1 if one.form == self.record else self._step(one.form)
        return f"{step + 1:03} {one.time} {one.key}"

    def is_one_event(self, one: FormStatement, other: FormStatement) -> bool:
        """Whether they are forms of two kinds that tell of one event of one patient.

        Two lines of one form are two things, such as the bags that one donation was split into.
        """
        if one.serial == other.serial:
            return True
        known = (
            one.patient == other.patient != ""
            and one.is_patient_certain
            and other.is_patient_certain
        )
        if not known or one.form == other.form:
            return False
        return not _contradict(
            unit_outcome(one.fields), unit_outcome(other.fields)
        ) and self._in_order(one, other)

    def _in_order(self, one: FormStatement, other: FormStatement) -> bool:
        if one.form not in self.forms or other.form not in self.forms:
            return True
        if not one.time or not other.time:
            return True
        first, then = sorted((one, other), key=lambda said: self.forms.index(said.form))
        return parse_instant(first.time) - parse_instant(then.time) <= self.slip

    def _step(self, form: str) -> int:
        known = self.forms.index(form) if form in self.forms else -1
        return len(self.forms) - 1 - known


def unit_outcome(fields: Mapping[str, str]) -> str:
    """What became of a unit: `given`, `returned`, `discarded`, `moved` …; empty: only taken."""
    status, reason = fields.get("status", ""), fields.get("reason", "")
    if status == "not-given" and reason:
        return reason
    return status or reason


def _contradict(one: str, other: str) -> bool:
    if not one or not other or one == other:
        return False
    return {one, other} not in ({"not-given", "returned"}, {"not-given", "discarded"})
