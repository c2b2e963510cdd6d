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

from downtime.clinical.records import Patient
from downtime.entry.facts import DOCUMENT, Fact, Person, person_of
from downtime.reconcile.identity.match import Links, find, keys_of, links
from downtime.reconcile.item import Item
from downtime.reconcile.rules import bookings, marks, requests, safety, stays, tests
from downtime.reconcile.rules import person as rules_person
from downtime.reconcile.rules import verdict as rules
from downtime.reconcile.rules.verdict import Context, Verdict
from downtime.reconcile.states import CONFLICT, HELD, UNMATCHED
from downtime.reconcile.view import View
from downtime.settings import Settings

Rule = Callable[[Fact, Patient, Context], Verdict]

RULES: dict[str, Rule] = {
    "ServiceRequest": requests.request,
    "Observation": tests.observation,
    "Encounter": stays.movement,
    "AllergyIntolerance": safety.allergy,
    "Flag": safety.alert,
    "MedicationAdministration": safety.given,
    "Appointment": bookings.appointment,
    "Patient": rules_person.demographics,
}
"""Which rule compares which type of fact; a type without one is held."""


@dataclass(frozen=True, slots=True)
class Matched:
    """Whom a form is about, and whom a message would name."""

    patient: Patient | None
    words: str
    doubt: str
    person: Person


def matched(fact: Fact, after: View, linked: Links) -> Matched:
    """Whom a fact is about in the recovered hospital; many forms about one person ask once."""
    keys = tuple(key for key in keys_of(fact) if key in linked) if linked else ()
    held: Matched | None = after.matches.get((fact.person, keys))
    if held is None:
        match = find(fact.person, after, linked, *keys)
        person = _resolved(fact.person, match.patient) if match.patient else fact.person
        held = Matched(match.patient, match.words, match.doubt, person)
        after.matches[fact.person, keys] = held
    return held


def compare(
    before: View,
    facts: Iterable[Fact],
    after: View,
    settings: Settings,
    decided: Links = MappingProxyType({}),
) -> list[Item]:
    """One item for each fact, in the order given; `decided` are the links that people confirmed.

    What two of these forms say alike is left to a person.
    """
    return marks.marked(compare_each(before, facts, after, settings, decided), settings).items


def compare_each(
    before: View,
    facts: Iterable[Fact],
    after: View,
    settings: Settings,
    decided: Links = MappingProxyType({}),
) -> list[Item]:
    """The same, each fact by itself."""
    given: Sequence[Fact] = list(facts)
    linked = {**links(given), **decided}
    context = Context(before, after, settings)
    admitting = frozenset(fact.serial for fact in given if rules.registers(fact))
    return [_compare(fact, context, linked, admitting) for fact in given]


def _compare(fact: Fact, context: Context, linked: Links, admitting: frozenset[str]) -> Item:
    if fact.type == DOCUMENT or fact.type not in RULES:
        words = "Policy: this form is filed as a document, not returned as data."
        return Item(fact, HELD, words, person=fact.person)
    match = matched(fact, context.after, linked)
    if match.patient is None and fact.type == "Patient" and fact.serial in admitting:
        words = "It goes out with the admission on the same form."
        return Item(fact, HELD, match.words + " " + words, person=fact.person)
    if match.patient is None:
        words = match.words + rules.registering(fact)
        return Item(fact, UNMATCHED, words, person=fact.person)
    person = match.person
    if match.doubt:
        words = match.words + match.doubt
        return Item(fact, CONFLICT, words, match.patient.id, person=person, second=True)
    verdict = RULES[fact.type](fact, match.patient, context)
    words = match.words + verdict.words
    return Item(
        fact, verdict.state, words, match.patient.id, verdict.matched, person, verdict.second
    )


def _resolved(written: Person, live: Patient) -> Person:
    """The live patient's own numbers and name; what the system does not hold comes from paper."""
    both = zip(person_of(live), written, strict=True)
    return Person(*[theirs or ours for theirs, ours in both])
