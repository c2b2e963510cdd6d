"""The rules of allergies and of alerts; `tests/spec` shows them as tables.

A system that does not tell its allergies says nothing: unavailable is never none (CUI PAB-0064).
"""

from downtime.clinical.model import AllergyIntolerance, ClinicalStatus, Flag, Patient
from downtime.entry.facts import Fact
from downtime.reconcile.model import ItemState
from downtime.reconcile.reasons import ReasonCode, make_reasons
from downtime.reconcile.rules.verdict import (
    ComparisonContext,
    Verdict,
    fold_text,
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
        reasons = make_reasons(ReasonCode.NO_ALLERGIES_DENIED, paper=fact.title)
        return Verdict(ItemState.CONFLICT, reasons, _ids(none_known), needs_second_person=True)
    return Verdict(
        ItemState.NEW, make_reasons(ReasonCode.ALLERGIES_LISTED, live=_substances(active))
    )


def _compare_error(fact: Fact, active: list[AllergyIntolerance]) -> Verdict:
    text = fold_text(fact.title)
    possible = [a for a in active if a.substance and fold_text(a.substance) in text] or active
    reasons = make_reasons(ReasonCode.ALLERGY_CALLED_WRONG, live=_substances(possible))
    return Verdict(ItemState.CONFLICT, reasons, _ids(possible), needs_second_person=True)


def _compare_none_known(
    active: list[AllergyIntolerance], none_known: list[AllergyIntolerance]
) -> Verdict:
    if active:
        reasons = make_reasons(ReasonCode.NO_ALLERGIES_RECORDED, live=_substances(active))
        return Verdict(ItemState.CONFLICT, reasons, _ids(active), needs_second_person=True)
    if none_known:
        reasons = make_reasons(ReasonCode.NO_ALLERGIES_AGREED)
        return Verdict(ItemState.ALREADY_THERE, reasons, _ids(none_known))
    reasons = make_reasons(ReasonCode.ALLERGIES_NOT_RECORDED)
    return Verdict(ItemState.NEW, reasons, needs_second_person=True)


def _compare_severity(fact: Fact, live: AllergyIntolerance) -> Verdict:
    severity = fact.fields.get("severity", "")
    if severity and live.severity and severity != live.severity:
        reasons = make_reasons(ReasonCode.SEVERITY_DIFFERS, paper=severity, live=live.severity)
        return Verdict(ItemState.CONFLICT, reasons, (live.id,), needs_second_person=True)
    reasons = make_reasons(ReasonCode.ALLERGIES_LISTED, live=live.substance)
    return Verdict(ItemState.ALREADY_THERE, reasons, (live.id,))


def _verdict_on_ended(live: AllergyIntolerance, context: ComparisonContext) -> Verdict:
    if context.has_changed(live, "status"):
        reasons = make_reasons(ReasonCode.ALLERGY_ENDED, substance=live.substance, live=live.status)
        return Verdict(ItemState.NEWER_LIVE, reasons, (live.id,))
    reasons = make_reasons(
        ReasonCode.ALLERGY_NOT_ACTIVE, substance=live.substance, live=live.status
    )
    return Verdict(ItemState.CONFLICT, reasons, (live.id,), needs_second_person=True)


def _substances(allergies: list[AllergyIntolerance]) -> str:
    return "\n".join(a.substance or "an allergy without a name" for a in allergies)


def _ids(allergies: list[AllergyIntolerance]) -> tuple[str, ...]:
    return tuple(a.id for a in allergies)


@register_rule(Flag)
def compare_flag(fact: Fact, patient: Patient, context: ComparisonContext) -> Verdict:
    """An alert on paper: standing there, ended there since, or not there."""
    if not context.after.is_delivered("Flag"):
        return unavailable_verdict("alerts")
    text = fold_text(fact.fields.get("text", ""))
    same_text = [f for f in context.after.records_of(Flag, patient.id) if fold_text(f.text) == text]
    if active := [f for f in same_text if _is_active(f, fact.event)]:
        reasons = make_reasons(ReasonCode.ALERT_EXISTS, at=active[0].started)
        return Verdict(ItemState.ALREADY_THERE, reasons, (active[0].id,))
    if same_text and context.has_changed(same_text[0], "status", "ended"):
        return Verdict(
            ItemState.NEWER_LIVE, make_reasons(ReasonCode.ALERT_ENDED), (same_text[0].id,)
        )
    return Verdict(ItemState.NEW, make_reasons(ReasonCode.NO_ALERT), tuple(f.id for f in same_text))


def _is_active(flag: Flag, at: str) -> bool:
    return flag.status in (ClinicalStatus.ACTIVE, "") and (not flag.ended or flag.ended > at)
