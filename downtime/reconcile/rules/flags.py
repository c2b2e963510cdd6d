"""The rule of alerts; `tests/spec` shows it as a table."""

from downtime.clinical.model import ClinicalStatus, Flag, Patient
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


@register_rule(Flag)
def compare_flag(fact: Fact, patient: Patient, context: ComparisonContext) -> Verdict:
    """An alert on paper: standing there, ended there since, or not there."""
    if not context.after.is_delivered("Flag"):
        return unavailable_verdict("alerts")
    text = fold_text(fact.fields.get("text", ""))
    same_text = [f for f in context.after.records_of(Flag, patient.id) if fold_text(f.text) == text]
    if active := [f for f in same_text if _is_active(f, fact.event)]:
        live, code = active[0], ReasonCode.ALERT_EXISTS
        return make_verdict(ItemState.ALREADY_THERE, code, live, at=live.started)
    if same_text and context.has_changed(same_text[0], "status", "ended"):
        return make_verdict(ItemState.NEWER_LIVE, ReasonCode.ALERT_ENDED, same_text[0])
    return make_verdict(ItemState.NEW, ReasonCode.NO_ALERT, *same_text)


def _is_active(flag: Flag, at: str) -> bool:
    return flag.status in (ClinicalStatus.ACTIVE, "") and (not flag.ended or flag.ended > at)
