"""The rule of results and observations; `tests/spec` shows it as tables."""

from datetime import timedelta

from downtime.clinical.records import Observation, Patient
from downtime.entry.facts import Fact
from downtime.reconcile.rules import names
from downtime.reconcile.rules.verdict import Context, Verdict, near
from downtime.reconcile.states import ALREADY_THERE, CONFLICT, NEW, NEWER_LIVE
from downtime.reconcile.values import same

_CHANGED_LATER = ("amended", "corrected", "C")


def observation(fact: Fact, patient: Patient, context: Context) -> Verdict:
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
    called = names.of_fact(fact)
    alike = [
        o
        for o in context.after.observations[patient.id]
        if called & names.of_live(o) and not _unchanged(o, context)
    ]
    own = [
        o for o in alike if (r := context.after.reports.get(o.report)) and r.filler == fact.number
    ]
    taken = fact.fields.get("effective") or fact.event
    found = own or near(alike, taken, window, lambda o: _taken(o, context))
    if not found:
        return Verdict(NEW, f"{fact.system} has no such value near that time.")
    return _value_found(fact, found[0], context, phoned=phoned)


def _value_found(fact: Fact, live: Observation, context: Context, *, phoned: bool) -> Verdict:
    at = context.shown(_taken(live, context))
    value, units = fact.fields.get("value", ""), fact.fields.get("units", "")
    alike = same(value, units, live.value, live.units)
    held = f"{live.value} {live.units}".strip()
    said = f"{value} {units}".strip()
    changed = live.status in _CHANGED_LATER
    if alike:
        return Verdict(ALREADY_THERE, f"{fact.system} has the same value of {at}.", (live.id,))
    if changed and not phoned:
        words = f"{fact.system} says {held} of {at}, corrected there since; paper says {said}."
        return Verdict(NEWER_LIVE, words, (live.id,))
    words = f"{'Phoned' if phoned else 'Paper says'} {said}; {fact.system} says {held} of {at}"
    words += ", amended since." if changed else "."
    if alike is None:
        words += " The units differ and cannot be converted."
    if phoned:
        words += " Have a clinician review it."
    return Verdict(CONFLICT, words, (live.id,), second=phoned)


def _unchanged(live: Observation, context: Context) -> bool:
    then = context.old(live)
    return isinstance(then, Observation) and then.value == live.value


def _taken(live: Observation, context: Context) -> str:
    report = context.after.reports.get(live.report)
    return live.effective or (report and (report.collected or report.issued)) or live.updated
