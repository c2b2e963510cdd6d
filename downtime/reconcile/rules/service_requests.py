"""The rule of requests; `tests/spec` shows it as a table."""

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from downtime.clinical.model import OPEN_STAGES, Patient, RequestStage, ServiceRequest
from downtime.entry.facts import Fact
from downtime.reconcile.model import ItemState
from downtime.reconcile.reasons import ReasonCode, make_reasons
from downtime.reconcile.rules.candidates import Candidates, rank_by_time, rank_in_order
from downtime.reconcile.rules.rule import register_rule
from downtime.reconcile.rules.values import names_of_fact, names_of_record
from downtime.reconcile.rules.verdict import ComparisonContext, Verdict, make_verdict


def find_requests(fact: Fact, patient: Patient, context: ComparisonContext) -> Candidates:
    """By the order number, else one that has come since T0, near the time of the sample."""
    live = _requests_of_patient(patient, context)
    if numbered := live.by_number.get(fact.number):
        return rank_in_order(numbered)
    collected = fact.fields.get("collected") or fact.event
    window = timedelta(hours=context.settings.reconcile.request_match_hours)
    since = _with_names(live.since, sorted(names_of_fact(fact)))
    return rank_by_time(since, collected, window, _time)


@register_rule(ServiceRequest, find_requests)
def compare_request(
    fact: Fact, patient: Patient, live: ServiceRequest | None, context: ComparisonContext
) -> Verdict:
    """A test asked for on paper: the same request there, cancelled there, or not there."""
    if live:
        return _verdict_on_existing(live)
    older = _with_names(_requests_of_patient(patient, context).older, sorted(names_of_fact(fact)))
    reasons = make_reasons(ReasonCode.NO_REQUEST)
    if older:
        reasons += make_reasons(ReasonCode.OLDER_REQUEST)
    return Verdict(ItemState.NEW, reasons, tuple(request.id for request in older))


_RequestsByName = dict[str, list[ServiceRequest]]


class _PatientRequests(NamedTuple):
    """A patient's live requests: come since T0 and open since before it by name, all by number."""

    since: _RequestsByName
    older: _RequestsByName
    by_number: _RequestsByName


def _requests_of_patient(patient: Patient, context: ComparisonContext) -> _PatientRequests:
    """A patient's live requests; indexed once for all forms about the patient."""
    requests: _PatientRequests | None = context.cache.get(("requests", patient.id))
    if requests is None:
        requests = context.cache["requests", patient.id] = _PatientRequests({}, {}, {})
        for live in context.after.records_of(ServiceRequest, patient.id):
            for number in {live.placer, live.filler} - {""}:
                requests.by_number.setdefault(number, []).append(live)
            if (was_there := context.find_record_at_t0(live)) and live.stage not in OPEN_STAGES:
                continue
            for name in names_of_record(live):
                by_name = requests.older if was_there else requests.since
                by_name.setdefault(name, []).append(live)
    return requests


def _with_names(requests: _RequestsByName, names: Iterable[str]) -> list[ServiceRequest]:
    return list({r.id: r for name in names for r in requests.get(name, ())}.values())


def _time(request: ServiceRequest) -> str:
    return request.collected or request.authored or request.updated


def _verdict_on_existing(live: ServiceRequest) -> Verdict:
    at = _time(live)
    if live.stage == RequestStage.CANCELLED:
        return make_verdict(ItemState.NEWER_LIVE, ReasonCode.REQUEST_CANCELLED, live, at=at)
    number, code = live.filler or live.placer, ReasonCode.REQUEST_EXISTS
    return make_verdict(ItemState.ALREADY_THERE, code, live, number=number, at=at, stage=live.stage)
