"""The rule of results and observations; `tests/spec` shows it as tables."""

from datetime import timedelta

from downtime.clinical.model import Observation, Patient
from downtime.entry.facts import Fact
from downtime.reconcile.model import ItemState
from downtime.reconcile.rules import test_names
from downtime.reconcile.rules.values import is_same_value
from downtime.reconcile.rules.verdict import ComparisonContext, Verdict, find_nearest

_CHANGED_LATER = ("amended", "corrected", "C")


def compare_observation(fact: Fact, patient: Patient, context: ComparisonContext) -> Verdict:
    """A value on paper (phoned, or measured): the same there, another there, or not there.

    A value that the live system already held at T0 is an older one and is never taken for it.
    """
    settings = context.settings
    phoned = fact.system == settings.systems.records["Observation"]
    window = (
        timedelta(hours=settings.reconcile.result_match_hours)
        if phoned
        else timedelta(minutes=settings.reconcile.observation_match_minutes)
    )
    called = test_names.names_of_fact(fact)
    alike = [
        o
        for o in context.after.observations[patient.id]
        if called & test_names.names_of_record(o) and not _unchanged(o, context)
    ]
    own = [
        o for o in alike if (r := context.after.reports.get(o.report)) and r.filler == fact.number
    ]
    taken = fact.fields.get("effective") or fact.event
    found = own or find_nearest(alike, taken, window, lambda o: _taken(o, context))
    if not found:
        return Verdict(ItemState.NEW, f"{fact.system} has no such value near that time.")
    return _value_found(fact, found[0], context, phoned=phoned)


def _value_found(
    fact: Fact, live: Observation, context: ComparisonContext, *, phoned: bool
) -> Verdict:
    at = context.shown(_taken(live, context))
    value, units = fact.fields.get("value", ""), fact.fields.get("units", "")
    alike = is_same_value(value, units, live.value, live.units)
    held = f"{live.value} {live.units}".strip()
    said = f"{value} {units}".strip()
    changed = live.status in _CHANGED_LATER
    if alike:
        return Verdict(
            ItemState.ALREADY_THERE, f"{fact.system} has the same value of {at}.", (live.id,)
        )
    if changed and not phoned:
        words = f"{fact.system} says {held} of {at}, corrected there since; paper says {said}."
        return Verdict(ItemState.NEWER_LIVE, words, (live.id,))
    words = f"{'Phoned' if phoned else 'Paper says'} {said}; {fact.system} says {held} of {at}"
    words += ", amended since." if changed else "."
    if alike is None:
        words += " The units differ and cannot be converted."
    if phoned:
        words += " Have a clinician review it."
    return Verdict(ItemState.CONFLICT, words, (live.id,), needs_second_person=phoned)


def _unchanged(live: Observation, context: ComparisonContext) -> bool:
    then = context.earlier(live)
    return isinstance(then, Observation) and then.value == live.value


def _taken(live: Observation, context: ComparisonContext) -> str:
    report = context.after.reports.get(live.report)
    return live.effective or (report and (report.collected or report.issued)) or live.updated
