"""Rules of allergies, alerts and doses given; `tests/spec` shows them as tables.

A system that does not tell its allergies says nothing: unavailable is never none (CUI PAB-0064).
"""

from datetime import timedelta

from downtime.clinical.model import AllergyIntolerance, Flag, MedicationAdministration, Patient
from downtime.entry.facts import Fact
from downtime.reconcile.model import ItemState
from downtime.reconcile.rules import blood_units
from downtime.reconcile.rules.values import is_same_dose
from downtime.reconcile.rules.verdict import (
    ComparisonContext,
    Verdict,
    fold_text,
    find_nearest,
    unavailable_verdict,
)

_ACTIVE = ("active", "")


def compare_allergy(fact: Fact, patient: Patient, context: ComparisonContext) -> Verdict:
    """An allergy on paper, 'no known allergies', or a line that paper calls wrong."""
    if not context.after.is_delivered("AllergyIntolerance"):
        return unavailable_verdict(fact, "allergies")
    live = context.after.allergies[patient.id]
    active = [a for a in live if a.status in _ACTIVE and not a.none_known]
    none = [a for a in live if a.status in _ACTIVE and a.none_known]
    if fact.fields.get("status") == "entered-in-error":
        return _called_wrong(fact, active)
    if fact.fields.get("none_known"):
        return _none_known(fact, active, none)
    named = [
        a for a in live if fold_text(a.substance) == fold_text(fact.fields.get("substance", ""))
    ]
    if standing := [a for a in named if a.status in _ACTIVE]:
        return _same_allergy(fact, standing[0])
    if named:
        return _ended_allergy(fact, named[0], context)
    if none:
        words = f"{fact.system} says no known allergies; paper says {fact.title}."
        return Verdict(ItemState.CONFLICT, words, _ids(none), needs_second_person=True)
    words = f"{fact.system} lists {_names(active)}." if active else f"{fact.system} lists none."
    return Verdict(ItemState.NEW, words)


def _called_wrong(fact: Fact, active: list[AllergyIntolerance]) -> Verdict:
    text = fold_text(fact.title)
    meant = [a for a in active if a.substance and fold_text(a.substance) in text] or active
    words = f"Paper says that a recorded allergy is wrong; {fact.system} lists {_names(meant)}."
    return Verdict(ItemState.CONFLICT, words, _ids(meant), needs_second_person=True)


def _none_known(
    fact: Fact, active: list[AllergyIntolerance], none: list[AllergyIntolerance]
) -> Verdict:
    if active:
        words = f"Paper says no known allergies; {fact.system} lists {_names(active)}."
        return Verdict(ItemState.CONFLICT, words, _ids(active), needs_second_person=True)
    if none:
        words = f"{fact.system} says no known allergies too."
        return Verdict(ItemState.ALREADY_THERE, words, _ids(none))
    return Verdict(
        ItemState.NEW,
        f"{fact.system} has nothing recorded about allergies.",
        needs_second_person=True,
    )


def _same_allergy(fact: Fact, live: AllergyIntolerance) -> Verdict:
    severity = fact.fields.get("severity", "")
    if severity and live.severity and severity != live.severity:
        words = f"Paper says {severity}; {fact.system} says {live.severity}."
        return Verdict(ItemState.CONFLICT, words, (live.id,), needs_second_person=True)
    return Verdict(ItemState.ALREADY_THERE, f"{fact.system} lists {live.substance}.", (live.id,))


def _ended_allergy(fact: Fact, live: AllergyIntolerance, context: ComparisonContext) -> Verdict:
    words = f"{fact.system} has {live.substance} as {live.status}"
    if context.has_changed(live, "status"):
        return Verdict(
            ItemState.NEWER_LIVE, f"{words}, changed since the outage began.", (live.id,)
        )
    return Verdict(
        ItemState.CONFLICT, f"{words}; paper says it stands.", (live.id,), needs_second_person=True
    )


def compare_flag(fact: Fact, patient: Patient, context: ComparisonContext) -> Verdict:
    """An alert on paper: standing there, ended there since, or not there."""
    if not context.after.is_delivered("Flag"):
        return unavailable_verdict(fact, "alerts")
    text = fold_text(fact.fields.get("text", ""))
    named = [f for f in context.after.flags[patient.id] if fold_text(f.text) == text]
    if standing := [f for f in named if _stands(f, fact.event)]:
        words = f"{fact.system} has this alert since {context.shown(standing[0].started)}."
        return Verdict(ItemState.ALREADY_THERE, words, (standing[0].id,))
    if named and context.has_changed(named[0], "status", "ended"):
        return Verdict(
            ItemState.NEWER_LIVE, f"{fact.system} has ended this alert since.", (named[0].id,)
        )
    return Verdict(ItemState.NEW, f"{fact.system} has no such alert.", tuple(f.id for f in named))


def _stands(flag: Flag, at: str) -> bool:
    return flag.status in ("active", "") and (not flag.ended or flag.ended > at)


def compare_administration(fact: Fact, patient: Patient, context: ComparisonContext) -> Verdict:
    """A dose, or a unit of blood: there, there otherwise, or not there."""
    if not context.after.is_delivered("MedicationAdministration"):
        return unavailable_verdict(fact, "doses given")
    live = context.after.given[patient.id]
    if fold_text(fact.fields.get("batch", "")):
        return blood_units.compare_blood_unit(fact, live, context)
    name = fold_text(fact.fields.get("medicine", ""))
    window = timedelta(minutes=context.settings.reconcile.dose_match_minutes)
    alike = [g for g in live if fold_text(g.medicine) == name]
    found = find_nearest(alike, fact.fields.get("given") or fact.event, window, lambda g: g.given)
    if found:
        return _dose_found(fact, found[0], context)
    return Verdict(ItemState.NEW, f"{fact.system} has no such dose near that time.")


def _dose_found(fact: Fact, live: MedicationAdministration, context: ComparisonContext) -> Verdict:
    at = context.shown(live.given)
    status, dose = fact.fields.get("status", ""), fact.fields.get("dosage", "")
    if status and live.status and status != live.status:
        words = f"Paper says {_plain(status)}; {fact.system} says {_plain(live.status)} of {at}."
        return Verdict(ItemState.CONFLICT, words, (live.id,), needs_second_person=True)
    if dose and live.dosage and not is_same_dose(dose, live.dosage):
        words = f"Paper says {dose}; {fact.system} says {live.dosage} of {at}."
        return Verdict(ItemState.CONFLICT, words, (live.id,), needs_second_person=True)
    return Verdict(ItemState.ALREADY_THERE, f"{fact.system} has this dose of {at}.", (live.id,))


def _plain(status: str) -> str:
    return status.replace("-", " ")


def _names(listed: list[AllergyIntolerance]) -> str:
    return ", ".join(a.substance or "an allergy without a name" for a in listed) or "none"


def _ids(listed: list[AllergyIntolerance]) -> tuple[str, ...]:
    return tuple(a.id for a in listed)
