"""Who a form is about in the recovered hospital: by exact numbers or by a link that people made.

Rule (NHS Data Dictionary, patient identity): a name with a date of birth is not an
identifier. Nor is a number believed for itself: all that the paper says is weighed against its owner
(`judge_match`). Two numbers that point to two people, or a number whose owner seems to be somebody
else, are never resolved here; people settle them by a link (`reconcile.identity.links`).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import NamedTuple, Self

from downtime.clinical.model import Gender, Patient
from downtime.entry.facts import Fact, PaperPerson, make_paper_person
from downtime.reconcile.identity.agreement import Agreement
from downtime.reconcile.identity.judge_match import Evidence, Judgement, Objection, weigh_match
from downtime.reconcile.identity.signs import SignKind, is_placeholder
from downtime.reconcile.identity.weights import LIMITS, weigh
from downtime.reconcile.reasons import ReasonCode, Reasons, make_reasons
from downtime.reconcile.record_index import RecordIndex
from downtime.snapshot.search_terms import compact_text, fold_names

SERIAL = "serial:"
"""Begins the key of a form without a usable number."""


class StatedIdentity(NamedTuple):
    """What one form says that could contradict a link."""

    birth_date: str
    mrn: str
    nhs_number: str
    family: str
    given: str
    gender: str

    @classmethod
    def from_person(cls, person: PaperPerson) -> Self:
        """The numbers, name, date of birth and gender that a form gives, folded; not what stands for none."""
        is_named = not is_placeholder(person.family)
        stated = person._replace(
            family=compact_text(person.family) if is_named else "",
            given=compact_text(person.given) if is_named else "",
            gender=person.gender if person.gender in (Gender.MALE, Gender.FEMALE) else "",
        )
        return cls(*_read_stated(stated))


_read_stated = attrgetter(*StatedIdentity._fields)


class LinkedPatient(NamedTuple):
    """The patient whom people linked, and what the forms said when they did."""

    person: PaperPerson
    seen: tuple[StatedIdentity, ...]

    @classmethod
    def from_papers(cls, person: PaperPerson, paper: Iterable[PaperPerson]) -> Self:
        """The linked patient, decided upon in sight of these forms."""
        return cls(person, tuple(sorted(set(map(StatedIdentity.from_person, paper)))))

    def has_seen(self, stated: StatedIdentity) -> bool:
        """Whether every detail that a form gives was on some form when people decided."""
        details_seen = zip(*self.seen, strict=True) if self.seen else ((),) * len(stated)
        return all(
            not detail or detail in seen for detail, seen in zip(stated, details_seen, strict=True)
        )


Links = Mapping[str, PaperPerson | LinkedPatient]
"""Downtime number or form to whom another form, or two people, say that it is."""


@dataclass(frozen=True, slots=True)
class PatientMatch:
    """The patient found, or why there is none, and what speaks for and against a match."""

    patient: Patient | None
    reasons: Reasons = ()
    evidence: Evidence | None = None
    """None where there is no patient, or two people decided in sight of all that the form says."""
    contradictions: Reasons = ()
    """Why it is not believed at once."""
    person: PaperPerson = PaperPerson()
    """The patient as a message would name them; empty while only the match is known."""

    @property
    def is_conflict(self) -> bool:
        """Whether two people decide."""
        is_judged_so = self.evidence and self.evidence.judgement == Judgement.CONFLICT
        return bool(self.contradictions and is_judged_so)


def links_between_forms(facts: Iterable[Fact]) -> dict[str, PaperPerson]:
    """Downtime number to the person whom some form with that number names by an exact number."""
    return links_between_people(fact.person for fact in facts)


def links_between_people(people: Iterable[PaperPerson]) -> dict[str, PaperPerson]:
    """The same, of the people on forms.

    A downtime number that two forms tie to different people is no link at all.
    """
    named: dict[str, list[PaperPerson]] = {}
    for person in people:
        if person.downtime_number and (person.mrn or person.nhs_number):
            named.setdefault(person.downtime_number, []).append(person)
    return {
        number: same[0]._replace(id="", downtime_number="")
        for number, same in named.items()
        if len({(p.mrn, p.nhs_number, p.birth_date) for p in same}) == 1
    }


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
        own_ids = set().union(*ids_by_number.values())
        return _match_by_decision(person, link, own_ids, after)
    reasons: Reasons = ()
    weighed = person
    if not ids_by_number and link:
        ids_by_number = _find_by_numbers(link, after)
        reasons = make_reasons(ReasonCode.LINKED_BY_FORM, number=person.downtime_number)
        weighed = _fill_up(person, link)
    ids = set().union(*ids_by_number.values())
    if len(ids) > 1:
        return PatientMatch(
            None, make_reasons(ReasonCode.NUMBERS_OF_SEVERAL, numbers="\n".join(ids_by_number))
        )
    if not ids:
        return PatientMatch(None, _reason_for_none(person))
    patient = after.patients[ids.pop()]
    evidence = _weigh(weighed, patient, after)
    return PatientMatch(patient, reasons, evidence, word_objection(evidence, person, patient))


def _fill_up(person: PaperPerson, other: PaperPerson) -> PaperPerson:
    """What one form says of a person, and another form where it is silent."""
    return PaperPerson(
        *[text or other_text for text, other_text in zip(person, other, strict=True)]
    )


def _find_similar(person: PaperPerson, patient: Patient, after: RecordIndex) -> Collection[Patient]:
    """Who else may be meant: born on that day, or, where the paper gives none, of that name."""
    births = (person.birth_date[:10], patient.birth_date[:10])
    name = ("", "") if births[0] else fold_names(person.family, person.given)
    return after.find_similar_patients(births, name)


def _weigh(person: PaperPerson, patient: Patient, after: RecordIndex) -> Evidence:
    is_own_form = bool(person.id) and after.find_surviving_id(person.id) == patient.id
    similar = () if is_own_form else _find_similar(person, patient, after)
    others = (make_paper_person(other) for other in similar if other.id != patient.id)
    live = make_paper_person(patient)
    return weigh_match(person, live, others, after.population, is_own_form=is_own_form)


def _match_by_decision(
    person: PaperPerson,
    link: LinkedPatient,
    own_ids: set[str],
    after: RecordIndex,
) -> PatientMatch:
    id_sets = _find_by_numbers(link.person, after).values()
    ids = next((ids for ids in id_sets if len(ids) == 1), None)
    if ids is None:
        return PatientMatch(None, make_reasons(ReasonCode.LINKED_PATIENT_GONE))
    patient = after.patients[next(iter(ids))]
    reasons = make_reasons(ReasonCode.LINKED_BY_DECISION)
    if link.has_seen(StatedIdentity.from_person(person)):
        return PatientMatch(patient, reasons)
    live, population = make_paper_person(patient), after.population
    evidence = weigh_match(person, live, (), population, is_own_form=True)
    contradictions = word_objection(evidence, person, patient)
    if own_ids - {patient.id}:
        evidence = replace(evidence, judgement=Judgement.CONFLICT)
        contradictions = make_reasons(ReasonCode.NUMBER_OF_ANOTHER) + contradictions
    return PatientMatch(patient, reasons, evidence, contradictions)


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


_DIFFERENCES = {
    "birth_date": ReasonCode.BORN_ANOTHER_DAY,
    "family": ReasonCode.ANOTHER_SURNAME,
    "given": ReasonCode.ANOTHER_GIVEN_NAME,
    "gender": ReasonCode.ANOTHER_GENDER,
}
_OBJECTION_REASONS = {
    Objection.TOO_LITTLE: ReasonCode.TOO_LITTLE_EVIDENCE,
    Objection.RIVAL: ReasonCode.ANOTHER_FITS_AS_WELL,
    Objection.BETTER_RIVAL: ReasonCode.ANOTHER_FITS_BETTER,
    Objection.NAMESAKE: ReasonCode.NAMESAKE_BORN_THAT_DAY,
}


_SURE_FROM = LIMITS["accept_from"] - weigh("ward", Agreement.NO_STAY)


def needs_stays(match: PatientMatch) -> bool:
    """Whether it could change the judgement that the patient was not in hospital then."""
    return match.evidence is not None and match.evidence.bits < _SURE_FROM


def word_objection(evidence: Evidence, person: PaperPerson, patient: Patient) -> Reasons:
    """Why a match is not believed at once, as reasons; none when it is."""
    if evidence.objection is None:
        return ()
    reasons: Reasons = ()
    for sign in evidence.signs:
        if sign.kind == SignKind.DIFFERS and sign.field in _DIFFERENCES:
            values = {"paper": getattr(person, sign.field), "live": getattr(patient, sign.field)}
            reasons += make_reasons(_DIFFERENCES[sign.field], **values)
        elif sign.kind == SignKind.DIFFERS:
            reasons += make_reasons(ReasonCode.NOT_THERE_THEN)
    if evidence.objection in _OBJECTION_REASONS:
        reasons += make_reasons(_OBJECTION_REASONS[evidence.objection])
    return reasons
