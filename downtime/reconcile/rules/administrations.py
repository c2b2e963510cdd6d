"""The rules of doses given and of units of blood; `tests/spec` shows them as tables."""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from downtime.clinical.amounts import is_same_dose
from downtime.clinical.medicine_codes import MedicineCode
from downtime.clinical.medicine_names import are_alike, read_medicine
from downtime.clinical.model import MedicationAdministration, Patient
from downtime.entry.facts import Fact
from downtime.reconcile.model import ItemState
from downtime.reconcile.reasons import ReasonCode, make_reasons
from downtime.reconcile.rules.blood_components import Components
from downtime.reconcile.rules.candidates import (
    Candidates,
    rank_after,
    rank_by_time,
    rank_in_order,
)
from downtime.reconcile.rules.coded_medicines import (
    find_codes,
    is_same_by_code,
    is_same_name,
    shares_code,
)
from downtime.reconcile.rules.rule import register_rule
from downtime.reconcile.rules.verdict import (
    ComparisonContext,
    Verdict,
    fold_text,
    make_verdict,
    unavailable_verdict,
)


def find_doses(fact: Fact, patient: Patient, context: ComparisonContext) -> Candidates:
    """Doses of that medicine near that time, before those of what may be the same one; or that unit."""
    live = context.after.records_of(MedicationAdministration, patient.id)
    if fold_text(fact.fields.get("batch", "")):
        return rank_in_order(_find_units(fact, live, context))
    name, given_at = fact.fields.get("medicine", ""), fact.fields.get("given") or fact.event
    window = timedelta(minutes=context.settings.reconcile.dose_match_minutes)

    def rank(same_medicine: Iterable[MedicationAdministration]) -> Candidates:
        return rank_by_time(
            same_medicine, given_at, window, lambda a: a.given,
            lambda a: _compare_dose(fact, a).state != ItemState.ALREADY_THERE,
        )  # fmt: skip

    codes = find_codes(name, patient.id, context)
    own_names = context.settings.reconcile.medicine_names.items()
    same = [a for a in live if is_same_medicine(name, codes, a, own_names)]
    medicine = read_medicine(name, own_names)
    similar = [
        a
        for a in live
        if not is_same_medicine(name, codes, a, own_names)
        and (shares_code(codes, a) or are_alike(medicine, read_medicine(a.medicine, own_names)))
    ]
    return rank_after(rank(same), rank(similar))


def is_same_medicine(
    name: str,
    codes: Collection[MedicineCode],
    live: MedicationAdministration,
    own_names: Iterable[tuple[str, str]],
) -> bool:
    """Whether a dose is of the medicine that paper names, beyond doubt: by its name, or by its code."""
    return is_same_name(name, live.medicine) or is_same_by_code(name, codes, live, own_names)


def _contest(fact: Fact) -> str:
    """The forms of a unit tell of one event, so only lines of one form are of different units."""
    return fact.serial if fold_text(fact.fields.get("batch", "")) else ""


@register_rule(MedicationAdministration, find_doses, _contest, is_taken_open=True)
def compare_administration(
    fact: Fact, patient: Patient, live: MedicationAdministration | None, context: ComparisonContext
) -> Verdict:
    """A dose, or a unit of blood: there, there otherwise, or not there."""
    if not context.after.is_delivered("MedicationAdministration"):
        return unavailable_verdict("doses given")
    if fold_text(fact.fields.get("batch", "")):
        doses = context.after.records_of(MedicationAdministration, patient.id)
        return compare_blood_unit(fact, live, doses, context)
    if live is None:
        return make_verdict(ItemState.NEW, ReasonCode.NO_DOSE)
    name = fact.fields.get("medicine", "")
    if is_same_name(name, live.medicine):
        return _compare_dose(fact, live)
    own_names = context.settings.reconcile.medicine_names.items()
    if not is_same_by_code(name, find_codes(name, patient.id, context), live, own_names):
        return _offer_alike(fact, live)
    verdict = _compare_dose(fact, live)
    named = make_reasons(ReasonCode.MEDICINE_BY_CODE, live=live.medicine)
    return verdict._replace(reasons=verdict.reasons + named)


def _offer_alike(fact: Fact, live: MedicationAdministration) -> Verdict:
    """Another name that may mean the same medicine: two people say whether it does."""
    on_paper = " ".join(filter(None, (fact.fields["medicine"], fact.fields.get("dosage", ""))))
    in_system = " ".join(filter(None, (live.medicine, live.dosage)))
    return make_verdict(
        ItemState.CONFLICT, ReasonCode.MEDICINE_ALIKE, live, for_two=True, paper=on_paper,
        live=in_system, at=live.given,
    )  # fmt: skip


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


def _find_units(
    fact: Fact, live: Iterable[MedicationAdministration], context: ComparisonContext
) -> list[MedicationAdministration]:
    """Units of that donation that may be of that component; those that certainly are come first."""
    components = Components.from_settings(context.settings)
    on_paper = components.of_fields(fact.fields)
    named = [(unit, components.named(unit.medicine)) for unit in _same_donation(fact, live)]
    possible = [(unit, component) for unit, component in named if not on_paper.is_apart(component)]
    possible.sort(key=lambda pair: not pair[1].name == on_paper.name != "")
    return [unit for unit, _ in possible]


def _same_donation(
    fact: Fact, live: Iterable[MedicationAdministration]
) -> list[MedicationAdministration]:
    number = fold_text(fact.fields["batch"])
    return [unit for unit in live if fold_text(unit.batch) == number]


def compare_blood_unit(
    fact: Fact,
    unit: MedicationAdministration | None,
    live: Sequence[MedicationAdministration],
    context: ComparisonContext,
) -> Verdict:
    """A unit is known by its donation number and, where both name it, its component.

    Where nobody can tell which of the system's components is meant, two people decide.
    """
    if unit is None:
        reasons = make_reasons(ReasonCode.NO_UNIT)
        if same_donation := _same_donation(fact, live):
            reasons += make_reasons(ReasonCode.OTHER_COMPONENTS, live=_medicines(same_donation))
        return Verdict(ItemState.NEW, reasons)
    components = Components.from_settings(context.settings)
    on_paper, of_unit = components.of_fields(fact.fields), components.named(unit.medicine)
    possible = _find_units(fact, live, context)
    named = [components.named(other.medicine) for other in possible]
    has_several = len({component.name for component in named} - {""}) > 1
    is_exact = of_unit.name == on_paper.name != ""
    if not is_exact and (has_several or any(map(on_paper.is_doubtful, named))):
        return make_verdict(
            ItemState.CONFLICT, ReasonCode.COMPONENT_DIFFERS, *possible, for_two=True,
            live=_medicines(possible), paper=fact.fields.get("medicine", ""),
        )  # fmt: skip
    return _compare_unit_status(fact, unit)


def _medicines(units: Iterable[MedicationAdministration]) -> str:
    return "\n".join(unit.medicine for unit in units)


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
