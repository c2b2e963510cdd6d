"""What staff do on paper while the systems are down, and what a right comparison says of it later.

| part | form | expected |
|---|---|---|
| request-entered | blood sciences request | FBC and UE already there, CRP new |
| request-new | blood sciences request | new |
| phoned-same | phoned result | already there |
| phoned-different | phoned result | conflict: digits were swapped on the telephone |
| phoned-only | phoned result | new |
| duplicate-record | blood sciences request | FBC already there under the merged record, UE new |
| each admission | its demographics, and 'no known allergies' | as the records have it |
| registered | admission and request on a downtime number | already there |
| stranger | admission and request on a downtime number | unmatched |
| birthday | admission on a downtime number | conflict: born on another day, says the paper |
| returning | admission | new |
| moved-on | admission | newer-live: on another ward by now |
| moved, went-home, and two people of each ward | observations | new |
| one person of each ward | progress notes | held |
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from downtime.demo import form_answers
from downtime.demo.care import NONE_KNOWN, list_allergies
from downtime.demo.hospital import Hospital, Place, Stay, build_hospital
from downtime.demo.laboratory_values import Result
from downtime.demo.people import Person
from downtime.demo.randomness import random_for
from downtime.demo.recovered_hospital import (
    admit_during_outage,
    find_story_stay,
    recover_hospital,
    recovery_time,
)
from downtime.demo.request_events import result_values
from downtime.demo.requests import Request, list_requests
from downtime.demo.story_patients import choose_story_patients
from downtime.demo.tables import ASSESSMENT, REASONS
from downtime.reconcile.model import ItemState


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One form that somebody filled in.

    `mrn` is the hospital number it was printed for; empty on a blank with a downtime number, and
    then forms with the same `person` carry the same downtime number. `answers` are keyed as
    everywhere (`linkId` or `linkId:ROW`, local times). `expected` gives the state of each fact by
    the end of its key: `SERIAL-test.ue` is `test.ue` here, `SERIAL-form` is `form`.
    """

    part: str
    form: str
    ward: str
    event: datetime
    author: tuple[str, str]
    answers: dict[str, str]
    expected: dict[str, ItemState]
    mrn: str = ""
    person: str = ""


@dataclass(frozen=True, slots=True)
class DowntimePlan:
    """The outage from `start` to `end`, and `after`, the moment that phase `after` describes."""

    start: datetime
    end: datetime
    after: datetime
    papers: tuple[Paper, ...]
    """In the order in which they were written."""

    def counts(self) -> dict[str, int]:
        """How many facts a comparison should find in each state."""
        counts: dict[str, int] = {}
        for written in self.papers:
            for state in written.expected.values():
                counts[state] = counts.get(state, 0) + 1
        return dict(sorted(counts.items()))


def plan(size: str, seed: int, now: datetime) -> DowntimePlan:
    """The paper of an outage that begins at `now` (UTC) in the hospital of this size and seed."""
    now = now.replace(second=0, microsecond=0)
    hospital = build_hospital(size, seed, now)
    papers = [*_story(hospital), *_rounds(hospital)]
    papers.sort(key=lambda written: (written.event, written.part, written.form))
    return DowntimePlan(now, recovery_time(hospital), recover_hospital(hospital).now, tuple(papers))


def _story(hospital: Hospital) -> Iterator[Paper]:
    yield from _requested(hospital)
    yield from _telephoned(hospital)
    yield from _list_admissions(hospital)


def _paper(
    hospital: Hospital,
    part: str,
    form: str,
    stay: Stay,
    minutes: int,
    answers: dict[str, str],
    expected: dict[str, ItemState],
) -> Paper:
    """A form for somebody with a hospital number."""
    when = hospital.now + timedelta(minutes=minutes)
    author = _author(hospital, part, form)
    return Paper(
        part=part,
        form=form,
        ward=stay.place.ward,
        event=when,
        author=author,
        answers={**answers, **form_answers.signed(when, author)},
        expected=expected,
        mrn=stay.person.mrn,
    )


def _author(hospital: Hospital, *question: str) -> tuple[str, str]:
    return random_for(hospital.seed, "author", *question).choice(form_answers.AUTHORS)


def _blank(written: Paper, person: Person, key: str, born: date | None = None) -> Paper:
    """The same form on a blank with a downtime number, the identity block written by hand."""
    answers = {**written.answers, **form_answers.identity(person, born)}
    answers.pop("mrn", None)
    return replace(written, mrn="", person=key, answers=answers)


def _requested(hospital: Hospital) -> Iterator[Paper]:
    present, new, lost = ItemState.ALREADY_THERE, ItemState.NEW, ItemState.UNMATCHED
    for part, minutes, expected in (
        ("request-entered", 42, {"test.fbc": present, "test.ue": present, "test.crp": new}),
        ("request-new", 75, {"test.trop": new, "test.coag": new, "test.ddim": new}),
        ("duplicate-record", 150, {"test.fbc": present, "test.ue": new}),
    ):
        yield _request(hospital, part, find_story_stay(hospital, part), minutes, expected)
    stay = find_story_stay(hospital, "registered")
    request = _request(hospital, "registered", stay, 230, {"test.fbc": present})
    yield _blank(request, stay.person, "registered")
    stay = admit_during_outage(
        hospital, choose_story_patients(hospital).stranger, 7002, hospital.now
    )
    request = _request(hospital, "stranger", stay, 190, {"test.ue": lost, "test.crp": lost})
    yield _blank(request, stay.person, "stranger")


def _request(
    hospital: Hospital, part: str, stay: Stay, minutes: int, expected: dict[str, ItemState]
) -> Paper:
    form = "blood-sciences-request"
    author = _author(hospital, part, form)
    tests = tuple(field.removeprefix("test.").upper() for field in expected)
    taken = hospital.now + timedelta(minutes=minutes)
    answers = form_answers.request(tests, taken, stay.reason_text, author)
    return _paper(hospital, part, form, stay, minutes, answers, expected)


def _telephoned(hospital: Hospital) -> Iterator[Paper]:
    """What the laboratory telephoned of samples it held when the systems failed."""
    for part, codes, minutes, state in (
        ("phoned-same", ("K", "CREA"), 98, ItemState.ALREADY_THERE),
        ("phoned-different", ("HB",), 115, ItemState.CONFLICT),
        ("phoned-only", ("TROP",), 140, ItemState.NEW),
    ):
        asked = next(r for r in list_requests(hospital) if r.case == part)
        results = [result for result in result_values(asked, hospital.seed) if result.code in codes]
        if state == ItemState.CONFLICT:
            results = [_misheard(result) for result in results]
        yield _phoned(hospital, part, asked, results, minutes, state)


def _phoned(
    hospital: Hospital,
    part: str,
    asked: Request,
    results: list[Result],
    minutes: int,
    state: ItemState,
) -> Paper:
    phoned_at = hospital.now + timedelta(minutes=minutes)
    taken = asked.collected or asked.ordered
    answers = form_answers.phoned(results, taken, asked.filler, phoned_at)
    expected = {f"result-{row}": state for row in range(1, len(results) + 1)}
    stay = find_story_stay(hospital, part)
    return _paper(hospital, part, "phoned-result", stay, minutes, answers, expected)


def _misheard(result: Result) -> Result:
    """The last two digits the wrong way round, or ten more where they are the same."""
    digits = result.value
    swapped_digits = digits[:-2] + digits[-1] + digits[-2]
    return replace(
        result, value=swapped_digits if swapped_digits != digits else str(int(digits) + 10)
    )


OTHER_BIRTHDAY = timedelta(days=1_234)
"""By how much a date of birth on paper is wrong: no slip of the pen makes one of the other."""


def _list_admissions(hospital: Hospital) -> Iterator[Paper]:
    """Admissions on paper: three on downtime numbers, two of people the hospital knows."""
    players = choose_story_patients(hospital)
    present, new, unmatched = ItemState.ALREADY_THERE, ItemState.NEW, ItemState.UNMATCHED
    conflict, newer, document = ItemState.CONFLICT, ItemState.NEWER_LIVE, ItemState.NOT_COMPARED
    for part, person, index, minutes, state, demographics, safety in (
        ("registered", players.registered, 7000, 95, present, present, None),
        ("stranger", players.stranger, 7002, 170, unmatched, document, unmatched),
        ("birthday", players.birthday, 7003, 262, conflict, conflict, conflict),
        ("returning", players.returning, 7004, 60, new, new, new),
        ("moved-on", players.moved_on, 7001, 130, newer, present, None),
    ):
        stay = admit_during_outage(
            hospital, person, index, hospital.now + timedelta(minutes=minutes)
        )
        born = person.born - OTHER_BIRTHDAY if part == "birthday" and person.born else None
        known = part in ("returning", "moved-on")
        answers = form_answers.admission(stay, Place(ASSESSMENT), born, known)
        safety = safety or _expect_none_known(stay, hospital.seed)
        expected = {"form": state, "person": demographics, "safety": safety}
        form = _paper(hospital, part, "admission", stay, minutes, answers, expected)
        yield form if known else _blank(form, person, part, born)


def _expect_none_known(stay: Stay, seed: int) -> ItemState:
    """'No known allergies' on paper, beside what the EPR has recorded since."""
    recorded = [allergy for allergy, _ in list_allergies(stay, seed)]
    if not recorded:
        return ItemState.NEW
    return ItemState.ALREADY_THERE if NONE_KNOWN in recorded else ItemState.CONFLICT


def _rounds(hospital: Hospital) -> Iterator[Paper]:
    """Observations and notes of an ordinary shift."""
    players = choose_story_patients(hospital).inpatients
    seen = [("moved", players["moved"]), ("went-home", players["went-home"])]
    for ward in hospital.wards:
        inpatients = [s for s in hospital.stays if s.place.ward == ward.code and s.place.bed]
        dice = random_for(hospital.seed, "round", ward.code)
        chosen = dice.sample([s for s in inpatients if s not in players.values() and not s.case], 3)
        seen += [(f"observed-{ward.code}", stay) for stay in chosen[:2]]
        yield _paper(
            hospital,
            f"notes-{ward.code}",
            "progress-notes",
            chosen[2],
            200,
            {},
            {"form": ItemState.NOT_COMPARED},
        )
    for part, stay in seen:
        yield _observed(hospital, part, stay)


def _observed(hospital: Hospital, part: str, stay: Stay) -> Paper:
    """A chart with two rows, the second an hour or two before the end of the outage."""
    dice = random_for(hospital.seed, "observed", stay.visit)
    first = dice.randint(15, 60)
    last = first + dice.randint(90, 180)
    times = [hospital.now + timedelta(minutes=minutes) for minutes in (first, last)]
    unwell = not {"CRP", "LAC"}.isdisjoint(REASONS[stay.reason].shifts)
    answers = form_answers.observations(dice, times, unwell)
    fields = (*form_answers.OBSERVED, *form_answers.ON_OXYGEN)
    expected = {
        f"{field}-{row}": ItemState.NEW
        for row in (1, 2)
        for field in fields
        if f"{field}:{row}" in answers
    }
    return _paper(hospital, part, "observations", stay, last + 2, answers, expected)
