"""Who a form is about in the recovered hospital: by exact numbers or by a link that people made.

Rule (NHS Data Dictionary, patient identity): a name with a date of birth is not an
identifier. Two numbers that point to two people, or a number whose owner was born on another day,
are never resolved here; people settle them by a link (`reconcile.linking`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

from downtime.clinical import display
from downtime.clinical.model import Patient
from downtime.entry.facts import Fact, Person
from downtime.reconcile.record_index import RecordIndex

SERIAL = "serial:"
"""Begins the key of a form without a usable number."""


class StatedIdentity(NamedTuple):
    """What one form says that could contradict a link."""

    birth_date: str
    mrn: str
    nhs_number: str

    @classmethod
    def by(cls, person: Person) -> Self:
        """The date of birth and numbers that a form gives."""
        return cls(person.birth_date, person.mrn, person.nhs_number)


class LinkedPatient(NamedTuple):
    """The patient whom people linked, and what the forms said when they did."""

    person: Person
    seen: tuple[StatedIdentity, ...]

    @classmethod
    def of(cls, person: Person, paper: Iterable[Person]) -> Self:
        """The linked patient, decided upon in sight of these forms."""
        return cls(person, tuple(sorted(set(map(StatedIdentity.by, paper)))))


Links = Mapping[str, Person | LinkedPatient]
"""Downtime number or form to whom another form, or two people, say that it is."""


@dataclass(frozen=True, slots=True)
class PatientMatch:
    """The patient found, or why there is none; `doubt` says what contradicts a match."""

    patient: Patient | None
    words: str
    doubt: str = ""


def links_between_forms(facts: Iterable[Fact]) -> dict[str, Person]:
    """Downtime number to the person whom some form with that number names by an exact number.

    A downtime number that two forms tie to different people is no link at all.
    """
    found: dict[str, set[Person]] = {}
    for fact in facts:
        who = fact.person
        if who.downtime_number and (who.mrn or who.nhs_number):
            numbers = Person(mrn=who.mrn, nhs_number=who.nhs_number, birth_date=who.birth_date)
            found.setdefault(who.downtime_number, set()).add(numbers)
    return {number: people.pop() for number, people in found.items() if len(people) == 1}


def link_keys(fact: Fact) -> tuple[str, ...]:
    """By what a link may name the person of a fact: the downtime number, else the form or its row."""
    if fact.person.downtime_number:
        return (fact.person.downtime_number,)
    return (SERIAL + fact.serial, SERIAL + fact.key)


def match_patient(person: Person, after: RecordIndex, linked: Links, *keys: str) -> PatientMatch:
    """The patient of the recovered hospital whom a form is about; `keys` as `keys_of` gives them.

    What two people decided comes first, unless this form says something that they did not see.
    """
    sets = _candidates(person, after)
    other = next((linked[k] for k in (person.downtime_number, *keys) if k and k in linked), None)
    if isinstance(other, LinkedPatient):
        return _by_decision(person, other, set().union(*sets.values()), after)
    words = ""
    if not sets and other:
        sets = _candidates(other, after)
        words = f"Downtime number {person.downtime_number} is linked by another form. "
    found = set().union(*sets.values())
    if len(found) > 1:
        pointing = " and ".join(sets)
        return PatientMatch(
            None, f"{pointing} belong to different patients in the recovered system."
        )
    if not found:
        return PatientMatch(None, _absent(person))
    patient = after.patients[found.pop()]
    return PatientMatch(patient, words, _doubt(person, patient))


def _by_decision(
    person: Person, linked: LinkedPatient, own: set[str], after: RecordIndex
) -> PatientMatch:
    meant = next((ids for ids in _candidates(linked.person, after).values() if len(ids) == 1), None)
    if meant is None:
        return PatientMatch(None, "The patient it was linked to is not to be found any more.")
    patient = after.patients[next(iter(meant))]
    words = "Linked to this patient by decision. "
    if StatedIdentity.by(person) in linked.seen:
        return PatientMatch(patient, words)
    doubt = _doubt(person, patient)
    if own - {patient.id}:
        doubt = f"A number on this form belongs to another patient. {doubt}".strip()
    return PatientMatch(patient, words, doubt)


def _candidates(person: Person, after: RecordIndex) -> dict[str, set[str]]:
    by = {
        "The snapshot's record": {after.surviving_id(person.id)} - {""},
        "the hospital number": after.find_by_number(person.mrn) if person.mrn else set(),
        "the NHS number": after.find_by_nhs_number(person.nhs_number),
        "the downtime number": after.find_by_number(person.downtime_number)
        if person.downtime_number
        else set(),
    }
    return {name: ids for name, ids in by.items() if ids}


def _absent(person: Person) -> str:
    held = [
        name
        for name, number in (
            ("hospital number", person.mrn),
            ("NHS number", person.nhs_number),
            ("downtime number", person.downtime_number),
        )
        if number
    ]
    if not held:
        return "The form carries no number of the patient."
    return f"No patient in the recovered system has this {' or '.join(held)}."


def _doubt(person: Person, patient: Patient) -> str:
    if person.birth_date and patient.birth_date and person.birth_date != patient.birth_date[:10]:
        return (
            f"The form says born {display.format_day(person.birth_date)}, "
            f"the recovered system {display.format_day(patient.birth_date)}."
        )
    return ""
