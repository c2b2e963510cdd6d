"""The rule of allergies; `tests/spec` shows it as a table.

A system that does not tell its allergies says nothing: unavailable is never none (CUI PAB-0064).
"""

from downtime.clinical.model import AllergyIntolerance, ClinicalStatus, Patient
from downtime.entry.facts import Fact
from downtime.reconcile.model import ItemState
from downtime.reconcile.reasons import ReasonCode
from downtime.reconcile.rules.candidates import (
    NO_CANDIDATES,
    Candidates,
    rank_after,
    rank_in_order,
)
from downtime.reconcile.rules.rule import register_rule
from downtime.reconcile.rules.substances import are_alike_substances, are_same_substance
from downtime.reconcile.rules.verdict import (
    ComparisonContext,
    Verdict,
    fold_text,
    make_verdict,
    unavailable_verdict,
)

_ACTIVE = (ClinicalStatus.ACTIVE, "")


def find_allergies(fact: Fact, patient: Patient, context: ComparisonContext) -> Candidates:
    """Allergies to that substance, those that stand first, then those to what may be the same."""
    substance = fact.fields.get("substance", "")
    if _says_something_else(fact) or not substance:
        return NO_CANDIDATES
    live = [a for a in context.after.records_of(AllergyIntolerance, patient.id) if a.substance]
    same = [a for a in live if are_same_substance(a.substance, substance)]
    similar = [
        a
        for a in live
        if a.status in _ACTIVE
        and not are_same_substance(a.substance, substance)
        and are_alike_substances(a.substance, substance)
    ]
    by_standing = sorted(same, key=lambda a: a.status not in _ACTIVE)
    return rank_after(rank_in_order(by_standing), rank_in_order(similar))


def _says_something_else(fact: Fact) -> bool:
    """'No known allergies', or that a recorded one is wrong."""
    is_error = fact.fields.get("status") == ClinicalStatus.ENTERED_IN_ERROR
    return is_error or bool(fact.fields.get("none_known"))


@register_rule(AllergyIntolerance, find_allergies)
def compare_allergy(
    fact: Fact, patient: Patient, standing: AllergyIntolerance | None, context: ComparisonContext
) -> Verdict:
    """An allergy on paper, 'no known allergies', or a line that paper calls wrong."""
    if not context.after.is_delivered("AllergyIntolerance"):
        return unavailable_verdict("allergies")
    live = context.after.records_of(AllergyIntolerance, patient.id)
    active = [a for a in live if a.status in _ACTIVE and not a.none_known]
    none_known = [a for a in live if a.status in _ACTIVE and a.none_known]
    if fact.fields.get("status") == ClinicalStatus.ENTERED_IN_ERROR:
        return _compare_error(fact, active)
    if fact.fields.get("none_known"):
        return _compare_none_known(active, none_known)
    if standing:
        return _compare_with(fact, standing, context)
    if none_known:
        code = ReasonCode.NO_ALLERGIES_DENIED
        return make_verdict(ItemState.CONFLICT, code, *none_known, for_two=True, paper=fact.title)
    return make_verdict(ItemState.NEW, ReasonCode.ALLERGIES_LISTED, live=_substances(active))


def _compare_with(fact: Fact, live: AllergyIntolerance, context: ComparisonContext) -> Verdict:
    substance = fact.fields["substance"]
    if not are_same_substance(live.substance, substance):
        code = ReasonCode.SUBSTANCE_ALIKE
        return make_verdict(
            ItemState.CONFLICT, code, live, for_two=True, paper=substance, live=live.substance
        )
    return (
        _compare_severity(fact, live)
        if live.status in _ACTIVE
        else _verdict_on_ended(live, context)
    )


def _compare_error(fact: Fact, active: list[AllergyIntolerance]) -> Verdict:
    text = fold_text(fact.title)
    possible = [a for a in active if a.substance and fold_text(a.substance) in text] or active
    code, live = ReasonCode.ALLERGY_CALLED_WRONG, _substances(possible)
    return make_verdict(ItemState.CONFLICT, code, *possible, for_two=True, live=live)


def _compare_none_known(
    active: list[AllergyIntolerance], none_known: list[AllergyIntolerance]
) -> Verdict:
    if active:
        code, live = ReasonCode.NO_ALLERGIES_RECORDED, _substances(active)
        return make_verdict(ItemState.CONFLICT, code, *active, for_two=True, live=live)
    if none_known:
        return make_verdict(ItemState.ALREADY_THERE, ReasonCode.NO_ALLERGIES_AGREED, *none_known)
    return make_verdict(ItemState.NEW, ReasonCode.ALLERGIES_NOT_RECORDED, for_two=True)


def _compare_severity(fact: Fact, live: AllergyIntolerance) -> Verdict:
    severity = fact.fields.get("severity", "")
    if severity and live.severity and severity != live.severity:
        return make_verdict(
            ItemState.CONFLICT, ReasonCode.SEVERITY_DIFFERS, live, for_two=True, paper=severity,
            live=live.severity,
        )  # fmt: skip
    code = ReasonCode.ALLERGIES_LISTED
    return make_verdict(ItemState.ALREADY_THERE, code, live, live=live.substance)


def _verdict_on_ended(live: AllergyIntolerance, context: ComparisonContext) -> Verdict:
    has_ended_since = context.has_changed(live, "status")
    return make_verdict(
        ItemState.NEWER_LIVE if has_ended_since else ItemState.CONFLICT,
        ReasonCode.ALLERGY_ENDED if has_ended_since else ReasonCode.ALLERGY_NOT_ACTIVE,
        live,
        for_two=not has_ended_since,
        substance=live.substance,
        live=live.status,
    )


def _substances(allergies: list[AllergyIntolerance]) -> str:
    return "\n".join(a.substance or "an allergy without a name" for a in allergies)
