"""The three-way comparison: snapshot at T0, what happened on paper, the recovered hospital. Pure.

Every fact gets one state and one sentence for the person who decides:

already-there   the recovered system holds it; nothing to do
new             it is not there; it may be returned
newer-live      the live record has moved on since; it is never overwritten
conflict        both say something and it differs; a person decides
unmatched       the patient is not found by any exact number
held            policy keeps it as a document, or the system does not tell what it holds
on-another-form another form tells of the same unit of blood, and is the one that is returned
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from downtime.clinical.model import Patient
from downtime.entry.facts import DOCUMENT, Fact, Person, person_of
from downtime.reconcile.duplicates import annotate
from downtime.reconcile.identity.match_patient import (
    Links,
    match_patient,
    link_keys,
    links_between_forms,
)
from downtime.reconcile.model import Item, ItemState
from downtime.reconcile.record_index import RecordIndex
from downtime.reconcile.rules import (
    appointments,
    encounters,
    observations,
    safety,
    service_requests,
)
from downtime.reconcile.rules import demographics as rules_person
from downtime.reconcile.rules import verdict as rules
from downtime.reconcile.rules.verdict import ComparisonContext, Verdict
from downtime.settings import Settings

Rule = Callable[[Fact, Patient, ComparisonContext], Verdict]

RULES: dict[str, Rule] = {
    "ServiceRequest": service_requests.compare_request,
    "Observation": observations.compare_observation,
    "Encounter": encounters.compare_movement,
    "AllergyIntolerance": safety.compare_allergy,
    "Flag": safety.compare_flag,
    "MedicationAdministration": safety.compare_administration,
    "Appointment": appointments.compare_appointment,
    "Patient": rules_person.compare_demographics,
}
"""Which rule compares which type of fact; a type without one is held."""


@dataclass(frozen=True, slots=True)
class MatchedPerson:
    """Whom a form is about, and whom a message would name."""

    patient: Patient | None
    words: str
    doubt: str
    person: Person


def match_fact(fact: Fact, after: RecordIndex, linked: Links) -> MatchedPerson:
    """Whom a fact is about in the recovered hospital; many forms about one person ask once."""
    keys = tuple(key for key in link_keys(fact) if key in linked) if linked else ()
    held: MatchedPerson | None = after.matched_people.get((fact.person, keys))
    if held is None:
        match = match_patient(fact.person, after, linked, *keys)
        person = _merge_person(fact.person, match.patient) if match.patient else fact.person
        held = MatchedPerson(match.patient, match.words, match.doubt, person)
        after.matched_people[fact.person, keys] = held
    return held


def compare_facts(
    before: RecordIndex,
    facts: Iterable[Fact],
    after: RecordIndex,
    settings: Settings,
    decided: Links = MappingProxyType({}),
) -> list[Item]:
    """One item for each fact, in the order given; `decided` are the links that people confirmed.

    What two of these forms say alike is left to a person.
    """
    return annotate.annotate_items(
        compare_facts_separately(before, facts, after, settings, decided), settings
    ).items


def compare_facts_separately(
    before: RecordIndex,
    facts: Iterable[Fact],
    after: RecordIndex,
    settings: Settings,
    decided: Links = MappingProxyType({}),
) -> list[Item]:
    """The same, each fact by itself."""
    given: Sequence[Fact] = list(facts)
    linked = {**links_between_forms(given), **decided}
    context = ComparisonContext(before, after, settings)
    admitting = frozenset(fact.serial for fact in given if rules.is_registration(fact))
    return [_compare_fact(fact, context, linked, admitting) for fact in given]


def _compare_fact(
    fact: Fact, context: ComparisonContext, linked: Links, admitting: frozenset[str]
) -> Item:
    if fact.type == DOCUMENT or fact.type not in RULES:
        words = "Policy: this form is filed as a document, not returned as data."
        return Item(fact, ItemState.HELD, words, person=fact.person)
    match = match_fact(fact, context.after, linked)
    if match.patient is None and fact.type == "Patient" and fact.serial in admitting:
        words = "It goes out with the admission on the same form."
        return Item(fact, ItemState.HELD, match.words + " " + words, person=fact.person)
    if match.patient is None:
        words = match.words + rules.registering(fact)
        return Item(fact, ItemState.UNMATCHED, words, person=fact.person)
    person = match.person
    if match.doubt:
        words = match.words + match.doubt
        return Item(
            fact,
            ItemState.CONFLICT,
            words,
            match.patient.id,
            person=person,
            needs_second_person=True,
        )
    verdict = RULES[fact.type](fact, match.patient, context)
    words = match.words + verdict.words
    return Item(
        fact,
        verdict.state,
        words,
        match.patient.id,
        verdict.matched_ids,
        person,
        verdict.needs_second_person,
    )


def _merge_person(written: Person, live: Patient) -> Person:
    """The live patient's own numbers and name; what the system does not hold comes from paper."""
    both = zip(person_of(live), written, strict=True)
    return Person(*[theirs or ours for theirs, ours in both])
