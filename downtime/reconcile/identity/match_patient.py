"""Who a form is about in the recovered hospital: by exact numbers or by a link that people made.

Rule (NHS Data Dictionary, patient identity): a name with a date of birth is not an
identifier. Two numbers that point to two people, or a number whose owner was born on another day,
are never resolved here; people settle them by a link (`reconcile.identity.links`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

from downtime.clinical.model import Patient
from downtime.entry.facts import Fact, PaperPerson
from downtime.reconcile.reasons import ReasonCode, Reasons, make_reasons
from downtime.reconcile.record_index import RecordIndex

SERIAL = "serial:"
"""Begins the key of a form without a usable number."""


class StatedIdentity(NamedTuple):
    """What one form says that could contradict a link."""

    birth_date: str
    mrn: str
    nhs_number: str

    @classmethod
    def from_person(cls, person: PaperPerson) -> Self:
        """The date of birth and numbers that a form gives."""
        return cls(person.birth_date, person.mrn, person.nhs_number)


class LinkedPatient(NamedTuple):
    """The patient whom people linked, and what the forms said when they did."""

    person: PaperPerson
    seen: tuple[StatedIdentity, ...]

    @classmethod
    def from_papers(cls, person: PaperPerson, paper: Iterable[PaperPerson]) -> Self:
        """The linked patient, decided upon in sight of these forms."""
        return cls(person, tuple(sorted(set(map(StatedIdentity.from_person, paper)))))


Links = Mapping[str, PaperPerson | LinkedPatient]
"""Downtime number or form to whom another form, or two people, say that it is."""


@dataclass(frozen=True, slots=True)
class PatientMatch:
    """The patient found, or why there is none, and what contradicts a match."""

    patient: Patient | None
    reasons: Reasons = ()
    contradictions: Reasons = ()
    person: PaperPerson = PaperPerson()
    """The patient as a message would name them; empty while only the match is known."""


def links_between_forms(facts: Iterable[Fact]) -> dict[str, PaperPerson]:
    """Downtime number to the person whom some form with that number names by an exact number."""
    return links_between_people(fact.person for fact in facts)


def links_between_people(people: Iterable[PaperPerson]) -> dict[str, PaperPerson]:
    """The same, of the people on forms.

    A downtime number that two forms tie to different people is no link at all.
    """
    named: dict[str, set[PaperPerson]] = {}
    for person in people:
        if person.downtime_number and (person.mrn or person.nhs_number):
            numbers = PaperPerson(
                mrn=person.mrn, nhs_number=person.nhs_number, birth_date=person.birth_date
            )
            named.setdefault(person.downtime_number, set()).add(numbers)
    return {number: same.pop() for number, same in named.items() if len(same) == 1}


def link_keys(fact: Fact) -> tuple[str, ...]:
    """By what a link may name the person of a fact: the downtime number, else the form or its row."""
    if fact.person.downtime_number:
        return (fact.person.downtime_number,)
    return (SERIAL + fact.serial, SERIAL + fact.key)


def match_patient(
    person: PaperPerson, after: RecordIndex, links: Links, *keys: str
) -> PatientMatch:
    """The patient of the recovered hospital whom a form is about; `keys` as of `link_keys`.

    What two people decided comes first, unless this form says something that they did not see.
    """
    ids_by_number = _find_by_numbers(person, after)
    link = next((links[k] for k in (person.downtime_number, *keys) if k and k in links), None)
    if isinstance(link, LinkedPatient):
        return _match_by_decision(person, link, set().union(*ids_by_number.values()), after)
    reasons: Reasons = ()
    if not ids_by_number and link:
        ids_by_number = _find_by_numbers(link, after)
        reasons = make_reasons(ReasonCode.LINKED_BY_FORM, number=person.downtime_number)
    ids = set().union(*ids_by_number.values())
    if len(ids) > 1:
        return PatientMatch(
            None, make_reasons(ReasonCode.NUMBERS_OF_SEVERAL, numbers="\n".join(ids_by_number))
        )
    if not ids:
        return PatientMatch(None, _reason_for_none(person))
    patient = after.patients[ids.pop()]
    return PatientMatch(patient, reasons, _contradictions(person, patient))


def _match_by_decision(
    person: PaperPerson, link: LinkedPatient, own_ids: set[str], after: RecordIndex
) -> PatientMatch:
    id_sets = _find_by_numbers(link.person, after).values()
    ids = next((ids for ids in id_sets if len(ids) == 1), None)
    if ids is None:
        return PatientMatch(None, make_reasons(ReasonCode.LINKED_PATIENT_GONE))
    patient = after.patients[next(iter(ids))]
    reasons = make_reasons(ReasonCode.LINKED_BY_DECISION)
    if StatedIdentity.from_person(person) in link.seen:
        return PatientMatch(patient, reasons)
    contradictions = _contradictions(person, patient)
    if own_ids - {patient.id}:
        contradictions = make_reasons(ReasonCode.NUMBER_OF_ANOTHER) + contradictions
    return PatientMatch(patient, reasons, contradictions)


def _find_by_numbers(person: PaperPerson, after: RecordIndex) -> dict[str, set[str]]:
    """Ids of the patients to whom each number on paper points, by what the number is called."""
    ids_by_number = {
        "The snapshot's record": {after.find_surviving_id(person.id)} - {""},
        "the hospital number": after.find_by_number(person.mrn) if person.mrn else set(),
        "the NHS number": after.find_by_nhs_number(person.nhs_number),
        "the downtime number": after.find_by_number(person.downtime_number)
        if person.downtime_number
        else set(),
    }
    return {name: ids for name, ids in ids_by_number.items() if ids}


def _reason_for_none(person: PaperPerson) -> Reasons:
    numbers = {
        "hospital number": person.mrn,
        "NHS number": person.nhs_number,
        "downtime number": person.downtime_number,
    }
    names = [name for name, number in numbers.items() if number]
    if not names:
        return make_reasons(ReasonCode.NO_NUMBER)
    return make_reasons(ReasonCode.NUMBER_UNKNOWN, numbers="\n".join(names))


def _contradictions(person: PaperPerson, patient: Patient) -> Reasons:
    if person.birth_date and patient.birth_date and person.birth_date != patient.birth_date[:10]:
        return make_reasons(
            ReasonCode.BORN_ANOTHER_DAY, paper=person.birth_date, live=patient.birth_date
        )
    return ()
