"""The rule of alerts; `tests/spec` shows it as a table."""

from downtime.clinical.model import ClinicalStatus, Flag, Patient
from downtime.entry.facts import Fact
from downtime.reconcile.model import ItemState
from downtime.reconcile.reasons import ReasonCode
from downtime.reconcile.rules.candidates import Candidates, rank_in_order
from downtime.reconcile.rules.rule import register_rule
from downtime.reconcile.rules.verdict import (
    ComparisonContext,
    Verdict,
    fold_text,
    make_verdict,
    unavailable_verdict,
)


def find_alerts(fact: Fact, patient: Patient, context: ComparisonContext) -> Candidates:
    """Alerts of the same words, those that stand first."""
    text = fold_text(fact.fields.get("text", ""))
    same_text = [f for f in context.after.records_of(Flag, patient.id) if fold_text(f.text) == text]
    same_text.sort(key=lambda flag: not _is_active(flag, fact.event))
    return rank_in_order(same_text)


@register_rule(Flag, find_alerts)
def compare_flag(
    fact: Fact, patient: Patient, live: Flag | None, context: ComparisonContext
) -> Verdict:
    """An alert on paper: standing there, ended there since, or not there."""
    if not context.after.is_delivered("Flag"):
        return unavailable_verdict("alerts")
    if live is None:
        return make_verdict(ItemState.NEW, ReasonCode.NO_ALERT)
    if _is_active(live, fact.event):
        code = ReasonCode.ALERT_EXISTS
        return make_verdict(ItemState.ALREADY_THERE, code, live, at=live.started)
    if context.has_changed(live, "status", "ended"):
        return make_verdict(ItemState.NEWER_LIVE, ReasonCode.ALERT_ENDED, live)
    return make_verdict(ItemState.NEW, ReasonCode.NO_ALERT, live)


def _is_active(flag: Flag, at: str) -> bool:
    return flag.status in (ClinicalStatus.ACTIVE, "") and (not flag.ended or flag.ended > at)
