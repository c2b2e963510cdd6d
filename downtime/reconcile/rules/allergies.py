"""The rule of allergies; `tests/spec` shows it as a table.

A system that does not tell its allergies says nothing: unavailable is never none (CUI PAB-0064).
"""

from downtime.clinical.model import AllergyIntolerance, ClinicalStatus, Patient
from downtime.entry.facts import Fact
from downtime.reconcile.model import ItemState
from downtime.reconcile.reasons import ReasonCode
from downtime.reconcile.rules.verdict import (
    ComparisonContext,
    Verdict,
    fold_text,
    make_verdict,
    register_rule,
    unavailable_verdict,
)

_ACTIVE = (ClinicalStatus.ACTIVE, "")


@register_rule(AllergyIntolerance)
def compare_allergy(fact: Fact, patient: Patient, context: ComparisonContext) -> Verdict:
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
    substance = fold_text(fact.fields.get("substance", ""))
    same_substance = [a for a in live if fold_text(a.substance) == substance]
    if standing := [a for a in same_substance if a.status in _ACTIVE]:
        return _compare_severity(fact, standing[0])
    if same_substance:
        return _verdict_on_ended(same_substance[0], context)
    if none_known:
        code = ReasonCode.NO_ALLERGIES_DENIED
        return make_verdict(ItemState.CONFLICT, code, *none_known, for_two=True, paper=fact.title)
    return make_verdict(ItemState.NEW, ReasonCode.ALLERGIES_LISTED, live=_substances(active))


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
