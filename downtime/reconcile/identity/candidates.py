"""Whom a person on paper may be in the recovered hospital: exact numbers first, then ranked by signs.

Candidates are only offered. They are looked up by blocks (numbers that one slip makes, dates of
birth that one slip makes, beginnings of names in either order, arrivals on the ward at that time),
so that a hospital of any size is never read through.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from downtime.clinical.model import Encounter, Patient
from downtime.clock import from_text, to_text
from downtime.entry.facts import PaperPerson, make_paper_person
from downtime.reconcile.identity.agreement import Agreement
from downtime.reconcile.identity.signs import (
    Sign,
    SignKind,
    find_double_records,
    find_signs,
    make_sign,
    near_births,
    near_nhs_numbers,
    possible_slips,
)
from downtime.reconcile.identity.weights import Population, read_population
from downtime.settings import ReconcileSettings
from downtime.snapshot import search_terms
from downtime.snapshot.model import PatientRow
from downtime.snapshot.store.opened_snapshot import Snapshot

BLOCK_LIMIT = 400
"""Patients that one block gives at most: more than that tells nobody apart."""
SHOWN_FROM_BITS = 5
"""Fewer tell nobody apart."""
NUMBERS = ("nhs_number", "mrn", "downtime_number")
PROVING = (*NUMBERS, "postcode", "phone")
"""Details beside name, date of birth and gender that speak for one person."""
SHOWN = (
    "family", "given", "birth_date", "gender", "nhs_number", "mrn", "downtime_number", "address",
    "postcode", "phone", "general_practitioner",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DetailLine:
    """One detail on all forms and in the system; `kind` as of its sign, if there is one."""

    name: str
    paper: tuple[str, ...]
    system: str
    kind: SignKind | None
    sign: Sign | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One patient of the recovered system who may be meant, best first."""

    row: PatientRow
    person: PaperPerson
    signs: tuple[Sign, ...]
    lines: tuple[DetailLine, ...]
    stay: Encounter | None = None
    """The stay that began on the same ward at that time."""

    @property
    def bits(self) -> int:
        return sum(sign.bits for sign in self.signs)

    def kind(self, name: str) -> SignKind | None:
        """How one detail compares; None when it is not compared."""
        return next((line.kind for line in self.lines if line.name == name), None)

    @property
    def is_numbered(self) -> bool:
        """Whether an exact identifier agrees, and none differs."""
        kinds = {sign.kind for sign in self.signs if sign.field in NUMBERS}
        return SignKind.SAME in kinds and SignKind.DIFFERS not in kinds

    @property
    def is_leading(self) -> bool:
        """Whether it stands before all others: an exact number, and no other date of birth."""
        return self.is_numbered and self.kind("birth_date") != SignKind.DIFFERS

    @property
    def is_exact(self) -> bool:
        """Whether an exact identifier and the date of birth agree, on every form that has them."""
        return self.is_numbered and any(
            sign.field == "birth_date" and sign.kind == SignKind.SAME for sign in self.signs
        )

    @property
    def needs_evidence(self) -> bool:
        """Whether nothing but name, birth, gender or ward agrees: that never links anybody."""
        return not any(sign.field in PROVING and sign.kind == SignKind.SAME for sign in self.signs)


@dataclass(frozen=True, slots=True)
class CandidateOffer:
    """The candidates, and pairs among them that seem to be one person with two hospital numbers."""

    candidates: tuple[Candidate, ...]
    double_records: tuple[tuple[PaperPerson, PaperPerson], ...]


@dataclass(frozen=True, slots=True)
class PersonQuery:
    """What paper says of one person: every variant, the wards, and from when to when (UTC)."""

    papers: tuple[PaperPerson, ...]
    wards: tuple[str, ...]
    first: str
    last: str
    typed: str = ""
    """What somebody types beside: a name, or a number as it stands on paper, valid or not."""

    @property
    def searched_papers(self) -> tuple[PaperPerson, ...]:
        """What paper says, with a number that was typed."""
        number = search_terms.compact_text(self.typed).upper()
        if not any(sign.isdigit() for sign in number):
            return self.papers
        is_nhs = len(number) == 10 and number.isdigit()
        return (*self.papers, PaperPerson(nhs_number=number) if is_nhs else PaperPerson(mrn=number))


def find_candidates(
    snapshot: Snapshot, query: PersonQuery, settings: ReconcileSettings
) -> CandidateOffer:
    """The most likely patients, exact numbers first; a merged record gives way to its survivor.

    Whoever is found by what was typed is offered whatever the signs say.
    """
    papers = query.searched_papers
    arrivals = _arrivals(snapshot, query, settings.same_ward_hours)
    typed = _by_id(snapshot.find_patients(query.typed, settings.candidates_shown))
    arrived = _by_id(snapshot.list_patients(arrivals))
    rows = _by_id(_find_by_blocks(snapshot, papers)) | arrived | typed
    names = read_population(snapshot)
    candidates = (_candidate(row, papers, arrivals.get(key), names) for key, row in rows.items())
    possible = [
        c for c in candidates if c.person.id in typed or c.bits >= SHOWN_FROM_BITS or c.is_numbered
    ]
    ranked = sorted(
        possible, key=lambda c: (not c.is_leading, -c.bits, c.person.family, c.person.id)
    )[: settings.candidates_shown]
    double_records = find_double_records([candidate.person for candidate in ranked])
    return CandidateOffer(tuple(ranked), tuple(double_records))


def _by_id(rows: Iterable[PatientRow]) -> dict[str, PatientRow]:
    return {row.patient.id: row for row in rows}


def get_candidate(
    snapshot: Snapshot, query: PersonQuery, patient_id: str, settings: ReconcileSettings
) -> Candidate:
    """One patient as a candidate, whom somebody found otherwise; NotFoundError."""
    patient = snapshot.get_patient(patient_id)
    row = next(iter(snapshot.list_patients([patient.id])))
    arrivals = _arrivals(snapshot, query, settings.same_ward_hours)
    stay, population = arrivals.get(patient.id), read_population(snapshot)
    return _candidate(row, query.searched_papers, stay, population)


def _candidate(
    row: PatientRow,
    papers: Sequence[PaperPerson],
    stay: Encounter | None,
    population: Population,
) -> Candidate:
    number = _known_number(row.patient, papers)
    person = make_paper_person(row.patient)._replace(downtime_number=number)
    variants = (find_signs(paper, person, population) for paper in papers)
    signs = list(_deciding_signs(variants))
    if person.downtime_number:
        text = "the system knows this downtime number"
        signs.append(make_sign("downtime_number", "number", Agreement.SAME, text))
    if stay:
        text = "admitted to the same ward at that time"
        signs.append(make_sign("ward", "ward", Agreement.SAME, text))
    ordered = sorted(signs, key=lambda sign: -sign.bits)
    return Candidate(row, person, tuple(ordered), tuple(_lines(papers, person, signs)), stay)


def _known_number(patient: Patient, papers: Sequence[PaperPerson]) -> str:
    """The downtime number on paper that the system knows as the patient's."""
    compact = search_terms.compact_text
    known = {compact(text.split("|", 2)[-1]) for text in patient.identifiers}
    numbers = (paper.downtime_number for paper in papers)
    return next((number for number in numbers if number and compact(number) in known), "")


def _deciding_signs(variants: Iterable[list[Sign]]) -> Iterator[Sign]:
    """Of each field the worst sign of a number or birth, else the best: variants must not hide."""
    by_field: dict[str, Sign] = {}
    for sign in (sign for variant in variants for sign in variant):
        other = by_field.setdefault(sign.field, sign)
        worst_decides = sign.field in NUMBERS or sign.field == "birth_date"
        if (sign.bits < other.bits) if worst_decides else (sign.bits > other.bits):
            by_field[sign.field] = sign
    yield from by_field.values()


def _lines(
    papers: Sequence[PaperPerson], live: PaperPerson, signs: list[Sign]
) -> Iterator[DetailLine]:
    by_field = {sign.field: sign for sign in signs}
    kinds = {field: sign.kind for field, sign in by_field.items()}
    if kinds.get("family") == SignKind.SLIP:
        kinds.setdefault("given", SignKind.SLIP)
    for name in SHOWN:
        on_paper = tuple(dict.fromkeys(text for p in papers if (text := getattr(p, name))))
        if on_paper or getattr(live, name):
            sign = by_field.get(name)
            yield DetailLine(name, on_paper, getattr(live, name), kinds.get(name), sign)


def _arrivals(snapshot: Snapshot, query: PersonQuery, hours: int) -> dict[str, Encounter]:
    """The stays that began on one of the wards at about that time, by patient."""
    if not query.first:
        return {}
    margin = timedelta(hours=hours)
    since = to_text(from_text(query.first) - margin)
    until = to_text(from_text(query.last) + margin)
    stays = (s for ward in query.wards for s in snapshot.list_arrivals(ward, since, until))
    return {stay.patient: stay for stay in stays}


def _find_by_blocks(snapshot: Snapshot, papers: Sequence[PaperPerson]) -> list[PatientRow]:
    rows = snapshot.list_patients(
        snapshot.find_identifier_holders(n for p in papers for n in _near_numbers(p))
    )
    for paper in papers:
        for block in _word_blocks(paper):
            rows += snapshot.find_patients_by_tokens(block, BLOCK_LIMIT)
    return rows


def _near_numbers(paper: PaperPerson) -> Iterator[str]:
    if paper.nhs_number:
        yield from near_nhs_numbers(paper.nhs_number)
    for number in (paper.mrn, paper.downtime_number):
        if number:
            yield number
    yield from possible_slips(search_terms.compact_text(paper.mrn).upper())


def _word_blocks(paper: PaperPerson) -> Iterator[list[tuple[str, ...]]]:
    """Groups of words by which the search index is asked, one question each."""
    if len(paper.birth_date) >= 10:
        births = sorted(near_births(paper.birth_date[:10]))
        yield [("dob" + born.replace("-", ""),) for born in births]
    family = search_terms.compact_text(paper.family)
    first_name = next(iter(search_terms.split_words(paper.given)), "")
    if family and first_name:
        yield [(family, first_name)]
        yield [(family[:4], first_name[:3])]
        yield [(family[:1], first_name), (family, first_name[:1])]
    elif family or first_name:
        yield [(family or first_name,)]
