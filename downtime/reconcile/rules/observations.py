"""The rule of results and observations; `tests/spec` shows it as tables."""

from datetime import timedelta

from downtime.clinical.amounts import is_same_value
from downtime.clinical.model import Observation, Patient
from downtime.clinical.record_types import find_owner
from downtime.entry.facts import Fact
from downtime.reconcile.model import ItemState
from downtime.reconcile.reasons import ReasonCode, make_reasons
from downtime.reconcile.rules.candidates import Candidates, rank_by_time, rank_in_order
from downtime.reconcile.rules.rule import register_rule
from downtime.reconcile.rules.values import names_of_fact, names_of_record
from downtime.reconcile.rules.verdict import ComparisonContext, Verdict, make_verdict

_AMENDED = ("amended", "corrected", "C")


def find_results(fact: Fact, patient: Patient, context: ComparisonContext) -> Candidates:
    """By the laboratory's number, else near that time; a value that was there at T0 is an older one."""
    settings = context.settings.reconcile
    window = (
        timedelta(hours=settings.result_match_hours)
        if _is_phoned(fact, context)
        else timedelta(minutes=settings.observation_match_minutes)
    )
    names = names_of_fact(fact)
    same_test = [
        o
        for o in context.after.records_of(Observation, patient.id)
        if names & names_of_record(o) and not _is_unchanged(o, context)
    ]
    same_number = [
        o
        for o in same_test
        if (r := context.after.reports.get(o.report)) and r.filler == fact.number
    ]
    if same_number:
        return rank_in_order(same_number)
    value, units = fact.fields.get("value", ""), fact.fields.get("units", "")
    return rank_by_time(
        same_test, fact.fields.get("effective") or fact.event, window,
        lambda o: _effective_time(o, context),
        lambda o: not is_same_value(value, units, o.value, o.units),
    )  # fmt: skip


@register_rule(Observation, find_results)
def compare_observation(
    fact: Fact, patient: Patient, live: Observation | None, context: ComparisonContext
) -> Verdict:
    """A value on paper (phoned, or measured): the same there, another there, or not there."""
    if live is None:
        return make_verdict(ItemState.NEW, ReasonCode.NO_VALUE)
    return _verdict_on_existing(fact, live, context, is_phoned=_is_phoned(fact, context))


def _is_phoned(fact: Fact, context: ComparisonContext) -> bool:
    return fact.system == find_owner(context.settings.systems.records, "Observation")


def _verdict_on_existing(
    fact: Fact, live: Observation, context: ComparisonContext, *, is_phoned: bool
) -> Verdict:
    at = _effective_time(live, context)
    value, units = fact.fields.get("value", ""), fact.fields.get("units", "")
    is_same = is_same_value(value, units, live.value, live.units)
    if is_same:
        return make_verdict(ItemState.ALREADY_THERE, ReasonCode.SAME_VALUE, live, at=at)
    is_amended = live.status in _AMENDED
    code = ReasonCode.VALUE_CORRECTED if is_amended else ReasonCode.VALUE_DIFFERS
    if is_phoned:
        code = ReasonCode.PHONED_AMENDED if is_amended else ReasonCode.PHONED_DIFFERS
    on_paper, in_system = f"{value} {units}".strip(), f"{live.value} {live.units}".strip()
    reasons = make_reasons(code, paper=on_paper, live=in_system, at=at)
    if code == ReasonCode.VALUE_CORRECTED:
        return Verdict(ItemState.NEWER_LIVE, reasons, (live.id,))
    if is_same is None:
        reasons += make_reasons(ReasonCode.UNITS_DIFFER)
    if is_phoned:
        reasons += make_reasons(ReasonCode.CLINICIAN_REVIEWS)
    return Verdict(ItemState.CONFLICT, reasons, (live.id,), needs_second_person=is_phoned)


def _is_unchanged(live: Observation, context: ComparisonContext) -> bool:
    earlier = context.find_record_at_t0(live)
    return isinstance(earlier, Observation) and earlier.value == live.value


def _effective_time(live: Observation, context: ComparisonContext) -> str:
    report = context.after.reports.get(live.report)
    return live.effective or (report and (report.collected or report.issued)) or live.updated
