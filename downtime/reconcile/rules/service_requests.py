"""The rule of requests; `tests/spec` shows it as a table."""

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from downtime.clinical.model import Patient, ServiceRequest
from downtime.entry.facts import Fact
from downtime.reconcile.model import ItemState
from downtime.reconcile.rules import test_names
from downtime.reconcile.rules.verdict import ComparisonContext, Verdict, find_nearest

_OPEN_STAGES = ("requested", "collected", "received", "in-progress")


def compare_request(fact: Fact, patient: Patient, context: ComparisonContext) -> Verdict:
    """A test asked for on paper: the same request there, cancelled there, or not there."""
    taken = fact.fields.get("collected") or fact.event
    window = timedelta(hours=context.settings.reconcile.request_match_hours)
    live, called = _of_patient(patient, context), sorted(test_names.names_of_fact(fact))
    since = _named(live.since, called)
    found = live.by_number.get(fact.number) or find_nearest(
        since, taken, window, lambda r: r.collected or r.authored or r.updated
    )
    if found:
        return _request_found(fact, found[0], context)
    waiting = _named(live.waiting, called)
    words = f"{fact.system} has no such request."
    if waiting:
        words += " An older one for the same test, from before the outage, is still open there."
    return Verdict(ItemState.NEW, words, tuple(r.id for r in waiting))


Requests = dict[str, list[ServiceRequest]]


class _Held(NamedTuple):
    """A patient's live requests: come since T0 and open since before it by name, all by number."""

    since: Requests
    waiting: Requests
    by_number: Requests


def _of_patient(patient: Patient, context: ComparisonContext) -> _Held:
    """What is there of a patient's requests; made once."""
    held: _Held | None = context.cache.get(("requests", patient.id))
    if held is None:
        held = context.cache["requests", patient.id] = _Held({}, {}, {})
        for live in context.after.requests[patient.id]:
            for number in {live.placer, live.filler} - {""}:
                held.by_number.setdefault(number, []).append(live)
            if (was_there := context.earlier(live)) and live.stage not in _OPEN_STAGES:
                continue
            for name in test_names.names_of_record(live):
                (held.waiting if was_there else held.since).setdefault(name, []).append(live)
    return held


def _named(held: Requests, called: Iterable[str]) -> list[ServiceRequest]:
    return list({r.id: r for name in called for r in held.get(name, ())}.values())


def _request_found(fact: Fact, live: ServiceRequest, context: ComparisonContext) -> Verdict:
    at = context.shown(live.collected or live.authored or live.updated)
    if live.stage == "cancelled":
        return Verdict(
            ItemState.NEWER_LIVE,
            f"{fact.system} has this request of {at} and has cancelled it.",
            (live.id,),
        )
    number = live.filler or live.placer
    return Verdict(
        ItemState.ALREADY_THERE,
        f"{fact.system} has it as {number} of {at} ({live.stage or 'requested'}).",
        (live.id,),
    )
