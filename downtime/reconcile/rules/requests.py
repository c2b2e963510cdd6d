"""The rule of requests; `tests/spec` shows it as a table."""

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from downtime.clinical.records import Patient, ServiceRequest
from downtime.entry.facts import Fact
from downtime.reconcile.rules import names
from downtime.reconcile.rules.verdict import Context, Verdict, near
from downtime.reconcile.states import ALREADY_THERE, NEW, NEWER_LIVE

_OPEN_STAGES = ("requested", "collected", "received", "in-progress")


def request(fact: Fact, patient: Patient, context: Context) -> Verdict:
    """A test asked for on paper: the same request there, cancelled there, or not there."""
    taken = fact.fields.get("collected") or fact.event
    window = timedelta(hours=context.settings.reconcile.request_match_hours)
    live, called = _of_patient(patient, context), sorted(names.of_fact(fact))
    since = _named(live.since, called)
    found = live.by_number.get(fact.number) or near(
        since, taken, window, lambda r: r.collected or r.authored or r.updated
    )
    if found:
        return _request_found(fact, found[0], context)
    waiting = _named(live.waiting, called)
    words = f"{fact.system} has no such request."
    if waiting:
        words += " An older one for the same test, from before the outage, is still open there."
    return Verdict(NEW, words, tuple(r.id for r in waiting))


Requests = dict[str, list[ServiceRequest]]


class _Held(NamedTuple):
    """A patient's live requests: come since T0 and open since before it by name, all by number."""

    since: Requests
    waiting: Requests
    by_number: Requests


def _of_patient(patient: Patient, context: Context) -> _Held:
    """What is there of a patient's requests; made once."""
    held: _Held | None = context.made.get(("requests", patient.id))
    if held is None:
        held = context.made["requests", patient.id] = _Held({}, {}, {})
        for live in context.after.requests[patient.id]:
            for number in {live.placer, live.filler} - {""}:
                held.by_number.setdefault(number, []).append(live)
            if (was_there := context.old(live)) and live.stage not in _OPEN_STAGES:
                continue
            for name in names.of_live(live):
                (held.waiting if was_there else held.since).setdefault(name, []).append(live)
    return held


def _named(held: Requests, called: Iterable[str]) -> list[ServiceRequest]:
    return list({r.id: r for name in called for r in held.get(name, ())}.values())


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
