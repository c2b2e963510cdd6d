"""The three-way comparison: snapshot at T0, what happened on paper, the recovered hospital. Pure.

Every fact gets one state and one sentence for the person who decides:

already-there   the recovered system holds it; nothing to do
new             it is not there; it may be returned
newer-live      the live record has moved on since; it is never overwritten
conflict        both say something and it differs; a person decides
unmatched       the patient is not found by any exact number
held            policy keeps it as a document; nothing is returned
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from downtime.clinical.records import Patient
from downtime.config import Settings
from downtime.entry.facts import DOCUMENT, Fact, Person
from downtime.reconcile import rules
from downtime.reconcile.identity import find, keys_of, links
from downtime.reconcile.rules import Context, Verdict
from downtime.reconcile.states import CONFLICT, HELD, UNMATCHED
from downtime.reconcile.view import View

Rule = Callable[[Fact, Patient, Context], Verdict]

RULES: dict[str, Rule] = {
    "ServiceRequest": rules.request,
    "Observation": rules.observation,
    "Encounter": rules.admission,
}
"""Which rule compares which type of fact; a type without one is held."""


@dataclass(frozen=True, slots=True)
class Item:
    """One fact with what the comparison found; `key` is the fact's."""

    fact: Fact
    state: str
    explanation: str
    patient: str = ""
    """Id of the patient in the recovered snapshot."""
    matched: tuple[str, ...] = ()
    """Ids of the live records that were found to mean the same."""
    person: Person = Person()
    """Whom a returned message names: the recovered system's patient, with the downtime number."""

    @property
    def key(self) -> str:
        return self.fact.key


def compare(
    before: View,
    facts: Iterable[Fact],
    after: View,
    settings: Settings,
    decided: Mapping[str, Person] = MappingProxyType({}),
) -> list[Item]:
    """One item for each fact, in the order given; `decided` are the links that people confirmed."""
    given: Sequence[Fact] = list(facts)
    linked = {**links(given), **decided}
    context = Context(before, after, settings)
    return [_compare(fact, context, linked) for fact in given]


def _compare(fact: Fact, context: Context, linked: rules.Links) -> Item:
    if fact.type == DOCUMENT or fact.type not in RULES:
        words = "Policy: this form is filed as a document, not returned as data."
        return Item(fact, HELD, words, person=fact.person)
    match = find(fact.person, context.after, linked, *keys_of(fact))
    if match.patient is None:
        words = match.words + rules.registering(fact)
        return Item(fact, UNMATCHED, words, person=fact.person)
    person = _resolved(fact.person, match.patient)
    if match.doubt:
        return Item(fact, CONFLICT, match.words + match.doubt, match.patient.id, person=person)
    verdict = RULES[fact.type](fact, match.patient, context)
    words = match.words + verdict.words
    return Item(fact, verdict.state, words, match.patient.id, verdict.matched, person)


def _resolved(written: Person, live: Patient) -> Person:
    """The live patient's own numbers and name; what the system does not hold comes from paper."""
    held = {
        name: getattr(live, name)
        for name in Person.__dataclass_fields__
        if name != "downtime_number" and getattr(live, name)
    }
    return replace(written, **held)
