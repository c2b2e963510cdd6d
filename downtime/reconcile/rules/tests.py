"""Rules of requests, results and observations; `tests/spec` shows them as tables."""

from datetime import timedelta

from downtime.clinical.records import Observation, Patient, ServiceRequest
from downtime.entry.facts import Fact
from downtime.reconcile.rules.verdict import Context, Verdict, near
from downtime.reconcile.states import ALREADY_THERE, CONFLICT, NEW, NEWER_LIVE
from downtime.reconcile.values import same, test_name

_OPEN_STAGES = ("requested", "collected", "received", "in-progress")
_CHANGED_LATER = ("amended", "corrected", "C")


def request(fact: Fact, patient: Patient, context: Context) -> Verdict:
    """A test asked for on paper: the same request there, cancelled there, or not there."""
    taken = fact.fields.get("collected") or fact.event
    window = timedelta(hours=context.settings.reconcile.request_match_hours)
    by_name, by_number = _of_patient(patient, context)
    named = by_number.get(fact.number, [])
    alike = list({r.id: r for name in sorted(_names(fact)) for r in by_name.get(name, ())}.values())
    since = [r for r in alike if not context.old(r)]
    found = named or near(since, taken, window, lambda r: r.collected or r.authored or r.updated)
    if found:
        return _request_found(fact, found[0], context)
    waiting = [r for r in alike if context.old(r) and r.stage in _OPEN_STAGES]
    words = f"{fact.system} has no such request."
    if waiting:
        words += " An older one for the same test, from before the outage, is still open there."
    return Verdict(NEW, words, tuple(r.id for r in waiting))


Requests = dict[str, list[ServiceRequest]]


def _of_patient(patient: Patient, context: Context) -> tuple[Requests, Requests]:
    """A patient's live requests by the names of their tests, and by their numbers; made once."""
    held: tuple[Requests, Requests] | None = context.made.get(("requests", patient.id))
    if held is None:
        by_name: Requests = {}
        by_number: Requests = {}
        for live in context.after.requests[patient.id]:
            for name in _names_of(live):
                by_name.setdefault(name, []).append(live)
            for number in {live.placer, live.filler} - {""}:
                by_number.setdefault(number, []).append(live)
        held = context.made["requests", patient.id] = (by_name, by_number)
    return held


def _request_found(fact: Fact, live: ServiceRequest, context: Context) -> Verdict:
    at = context.shown(live.collected or live.authored or live.updated)
    if live.stage == "cancelled":
        return Verdict(
            NEWER_LIVE, f"{fact.system} has this request of {at} and has cancelled it.", (live.id,)
        )
    number = live.filler or live.placer
    return Verdict(
        ALREADY_THERE,
        f"{fact.system} has it as {number} of {at} ({live.stage or 'requested'}).",
        (live.id,),
    )


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
    names = _names(fact)
    alike = [
        o
        for o in context.after.observations[patient.id]
        if names & _names_of(o) and not _unchanged(o, context)
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


def _names(fact: Fact) -> set[str]:
    said = (fact.fields.get("code", ""), fact.fields.get("display", ""))
    return {test_name(text) for text in said} - {"", "other"}


def _names_of(live: ServiceRequest | Observation) -> set[str]:
    return {test_name(live.code), test_name(live.display)} - {""}
