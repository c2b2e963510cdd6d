"""The rule of immunisations; `tests/spec/reconcile/test_immunization.py` shows it."""

from datetime import timedelta

from downtime.clinical.amounts import is_same_dose
from downtime.clinical.model import Immunization, Patient
from downtime.entry.facts import Fact
from downtime.reconcile.model import ItemState
from downtime.reconcile.reasons import ReasonCode
from downtime.reconcile.rules.candidates import Candidates, rank_by_time
from downtime.reconcile.rules.rule import register_rule
from downtime.reconcile.rules.verdict import (
    ComparisonContext,
    Verdict,
    fold_text,
    make_verdict,
    unavailable_verdict,
)


def find_vaccinations(fact: Fact, patient: Patient, context: ComparisonContext) -> Candidates:
    """A vaccine by its code or name near that time."""
    names = _fold_names(fact.fields.get("code", ""), fact.title)
    same_vaccine = [
        live
        for live in context.after.records_of(Immunization, patient.id)
        if names & _fold_names(live.code, live.display)
    ]
    moment = fact.fields.get("occurrence") or fact.event
    window = timedelta(minutes=context.settings.reconcile.dose_match_minutes)
    return rank_by_time(
        same_vaccine, moment, window, lambda live: live.occurrence,
        lambda live: _compare_dose(fact, live).state != ItemState.ALREADY_THERE,
    )  # fmt: skip


@register_rule(Immunization, find_vaccinations)
def compare_immunization(
    fact: Fact, patient: Patient, live: Immunization | None, context: ComparisonContext
) -> Verdict:
    """A vaccine near that time: there, there otherwise, or not there."""
    if not context.after.is_delivered("Immunization"):
        return unavailable_verdict("immunisations")
    return _compare_dose(fact, live) if live else make_verdict(ItemState.NEW, ReasonCode.NO_DOSE)


def _fold_names(*names: str) -> set[str]:
    return {fold_text(name) for name in names} - {""}


def _compare_dose(fact: Fact, live: Immunization) -> Verdict:
    """A batch that differs may be another ampoule, so two people look."""
    fields, code, at = fact.fields, ReasonCode.DOSE_DIFFERS, live.occurrence
    status, batch, dose = (fields.get(name, "") for name in ("status", "lot_number", "dosage"))
    if status and live.status and status != live.status:
        code, paper, in_system = ReasonCode.DOSE_STATUS_DIFFERS, status, live.status
    elif batch and live.lot_number and fold_text(batch) != fold_text(live.lot_number):
        paper, in_system = f"batch {batch}", f"batch {live.lot_number}"
    elif dose and live.dosage and not is_same_dose(dose, live.dosage):
        paper, in_system = dose, live.dosage
    else:
        return make_verdict(ItemState.ALREADY_THERE, ReasonCode.DOSE_EXISTS, live, at=at)
    return make_verdict(
        ItemState.CONFLICT, code, live, for_two=True, paper=paper, live=in_system, at=at
    )
