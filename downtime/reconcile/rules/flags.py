"""The rule of alerts; `tests/spec` shows it as a table."""

from downtime.clinical.model import ClinicalStatus, Flag, Patient
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
