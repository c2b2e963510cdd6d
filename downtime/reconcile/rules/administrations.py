"""The rules of doses given and of units of blood; `tests/spec` shows them as tables."""

from collections.abc import Iterable
from datetime import timedelta

from downtime.clinical.model import MedicationAdministration, Patient
from downtime.entry.facts import Fact
from downtime.reconcile.model import ItemState
from downtime.reconcile.reasons import ReasonCode, make_reasons
from downtime.reconcile.rules.blood_components import Components
from downtime.reconcile.rules.values import is_same_dose
from downtime.reconcile.rules.verdict import (
    ComparisonContext,
    Verdict,
    find_nearest,
    fold_text,
    make_verdict,
    register_rule,
    unavailable_verdict,
)


@register_rule(MedicationAdministration)
def compare_administration(fact: Fact, patient: Patient, context: ComparisonContext) -> Verdict:
    """A dose, or a unit of blood: there, there otherwise, or not there."""
    if not context.after.is_delivered("MedicationAdministration"):
        return unavailable_verdict("doses given")
    live = context.after.records_of(MedicationAdministration, patient.id)
    if fold_text(fact.fields.get("batch", "")):
        return compare_blood_unit(fact, live, context)
    medicine = fold_text(fact.fields.get("medicine", ""))
    window = timedelta(minutes=context.settings.reconcile.dose_match_minutes)
    same_medicine = [a for a in live if fold_text(a.medicine) == medicine]
    given_at = fact.fields.get("given") or fact.event
    if matching := find_nearest(same_medicine, given_at, window, lambda a: a.given):
        return _compare_dose(fact, matching[0])
    return make_verdict(ItemState.NEW, ReasonCode.NO_DOSE)


def _compare_dose(fact: Fact, live: MedicationAdministration) -> Verdict:
    status, dose, at = fact.fields.get("status", ""), fact.fields.get("dosage", ""), live.given
    if status and live.status and status != live.status:
        code, paper, in_system = ReasonCode.DOSE_STATUS_DIFFERS, status, live.status
    elif dose and live.dosage and not is_same_dose(dose, live.dosage):
        code, paper, in_system = ReasonCode.DOSE_DIFFERS, dose, live.dosage
    else:
        return make_verdict(ItemState.ALREADY_THERE, ReasonCode.DOSE_EXISTS, live, at=at)
    return make_verdict(
        ItemState.CONFLICT, code, live, for_two=True, paper=paper, live=in_system, at=at
    )


def compare_blood_unit(
    fact: Fact, live: Iterable[MedicationAdministration], context: ComparisonContext
) -> Verdict:
    """A unit is known by its donation number and, where both name it, its component.

    Where nobody can tell which of the system's components is meant, two people decide.
    """
    components = Components.from_settings(context.settings)
    on_paper = components.of_fields(fact.fields)
    number = fold_text(fact.fields["batch"])
    same_donation = [
        (unit, components.named(unit.medicine)) for unit in live if fold_text(unit.batch) == number
    ]
    possible = [
        (unit, component) for unit, component in same_donation if not on_paper.is_apart(component)
    ]
    if not possible:
        reasons = make_reasons(ReasonCode.NO_UNIT)
        if same_donation:
            reasons += make_reasons(ReasonCode.OTHER_COMPONENTS, live=_medicines(same_donation))
        return Verdict(ItemState.NEW, reasons)
    exact = [unit for unit, component in possible if component.name == on_paper.name != ""]
    has_several = len({component.name for _, component in possible} - {""}) > 1
    if not exact and (
        has_several or any(on_paper.is_doubtful(component) for _, component in possible)
    ):
        medicine = fact.fields.get("medicine", "")
        return make_verdict(
            ItemState.CONFLICT, ReasonCode.COMPONENT_DIFFERS, *(unit for unit, _ in possible),
            for_two=True, live=_medicines(possible), paper=medicine,
        )  # fmt: skip
    return _compare_unit_status(fact, exact[0] if exact else possible[0][0])


def _medicines(units: Iterable[tuple[MedicationAdministration, object]]) -> str:
    return "\n".join(unit.medicine for unit, _ in units)


def _compare_unit_status(fact: Fact, live: MedicationAdministration) -> Verdict:
    status = fact.fields.get("status", "")
    on_paper, in_system = fact.fields.get("reason") or status, live.reason or live.status
    same_words = bool(status) or on_paper in ("given", "", in_system)
    if live.status == status and same_words:
        return make_verdict(ItemState.ALREADY_THERE, ReasonCode.UNIT_EXISTS, live, live=in_system)
    return make_verdict(
        ItemState.CONFLICT, ReasonCode.UNIT_DIFFERS, live, for_two=True, live=in_system,
        paper=on_paper,
    )  # fmt: skip
