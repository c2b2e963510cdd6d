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
| birthday | admission on a downtime number | conflict: day and month of birth swapped |
| returning | admission | new |
| moved-on | admission | newer-live: on another ward by now |
| moved, went-home, and two people of each ward | observations | new |
| one person of each ward | progress notes | held |
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from downtime.demo import paper
from downtime.demo.aftermath import admitted, aftermath, recovery, story_stay
from downtime.demo.care import NONE_KNOWN, allergies
from downtime.demo.cast import cast, swapped
from downtime.demo.chance import chance
from downtime.demo.hospital import Hospital, Place, Stay, build
from downtime.demo.people import Person
from downtime.demo.requests import Request, requests
from downtime.demo.tables import ASSESSMENT, REASONS
from downtime.demo.values import Result
from downtime.demo.writers.reports import values

ALREADY_THERE, NEW, NEWER_LIVE = "already-there", "new", "newer-live"
CONFLICT, UNMATCHED, HELD = "conflict", "unmatched", "held"


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
    expected: dict[str, str]
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
        found: dict[str, int] = {}
        for written in self.papers:
            for state in written.expected.values():
                found[state] = found.get(state, 0) + 1
        return dict(sorted(found.items()))


def plan(size: str, seed: int, now: datetime) -> DowntimePlan:
    """The paper of an outage that begins at `now` (UTC) in the hospital of this size and seed."""
    now = now.replace(second=0, microsecond=0)
    hospital = build(size, seed, now)
    papers = [*_story(hospital), *_rounds(hospital)]
    papers.sort(key=lambda written: (written.event, written.part, written.form))
    return DowntimePlan(now, recovery(hospital), aftermath(hospital).now, tuple(papers))


def _story(hospital: Hospital) -> Iterator[Paper]:
    yield from _requested(hospital)
    yield from _telephoned(hospital)
    yield from _came(hospital)


def _paper(
    hospital: Hospital,
    part: str,
    form: str,
    stay: Stay,
    minutes: int,
    answers: dict[str, str],
    expected: dict[str, str],
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
        answers={**answers, **paper.signed(when, author)},
        expected=expected,
        mrn=stay.person.mrn,
    )


def _author(hospital: Hospital, *about: str) -> tuple[str, str]:
    return chance(hospital.seed, "author", *about).choice(paper.AUTHORS)


def _blank(written: Paper, person: Person, key: str, born: date | None = None) -> Paper:
    """The same form on a blank with a downtime number, the identity block written by hand."""
    answers = {**written.answers, **paper.identity(person, born)}
    answers.pop("mrn", None)
    return replace(written, mrn="", person=key, answers=answers)


def _requested(hospital: Hospital) -> Iterator[Paper]:
    there, new, lost = ALREADY_THERE, NEW, UNMATCHED
    for part, minutes, expected in (
        ("request-entered", 42, {"test.fbc": there, "test.ue": there, "test.crp": new}),
        ("request-new", 75, {"test.trop": new, "test.coag": new, "test.gs": new}),
        ("duplicate-record", 150, {"test.fbc": there, "test.ue": new}),
    ):
        yield _request(hospital, part, story_stay(hospital, part), minutes, expected)
    stay = story_stay(hospital, "registered")
    made = _request(hospital, "registered", stay, 230, {"test.fbc": there})
    yield _blank(made, stay.person, "registered")
    stay = admitted(hospital, cast(hospital).stranger, 7002, hospital.now)
    made = _request(hospital, "stranger", stay, 190, {"test.ue": lost, "test.gs": lost})
    yield _blank(made, stay.person, "stranger")


def _request(
    hospital: Hospital, part: str, stay: Stay, minutes: int, expected: dict[str, str]
) -> Paper:
    form = "blood-sciences-request"
    author = _author(hospital, part, form)
    tests = tuple(field.removeprefix("test.").upper() for field in expected)
    taken = hospital.now + timedelta(minutes=minutes)
    answers = paper.request(tests, taken, stay.words, author)
    return _paper(hospital, part, form, stay, minutes, answers, expected)


def _telephoned(hospital: Hospital) -> Iterator[Paper]:
    """What the laboratory telephoned of samples it held when the systems failed."""
    for part, codes, minutes, state in (
        ("phoned-same", ("K", "CREA"), 98, ALREADY_THERE),
        ("phoned-different", ("HB",), 115, CONFLICT),
        ("phoned-only", ("TROP",), 140, NEW),
    ):
        asked = next(r for r in requests(hospital) if r.case == part)
        found = [one for one in values(asked, hospital.seed) if one.code in codes]
        if state == CONFLICT:
            found = [_misheard(one) for one in found]
        yield _phoned(hospital, part, asked, found, minutes, state)


def _phoned(
    hospital: Hospital, part: str, asked: Request, found: list[Result], minutes: int, state: str
) -> Paper:
    told = hospital.now + timedelta(minutes=minutes)
    taken = asked.collected or asked.ordered
    answers = paper.phoned(found, taken, asked.filler, told)
    expected = {f"result-{row}": state for row in range(1, len(found) + 1)}
    stay = story_stay(hospital, part)
    return _paper(hospital, part, "phoned-result", stay, minutes, answers, expected)


def _misheard(one: Result) -> Result:
    """The last two digits the wrong way round, or ten more where they are the same."""
    digits = one.value
    turned = digits[:-2] + digits[-1] + digits[-2]
    return replace(one, value=turned if turned != digits else str(int(digits) + 10))


def _came(hospital: Hospital) -> Iterator[Paper]:
    """Admissions on paper: three on downtime numbers, two of people the hospital knows."""
    players = cast(hospital)
    for part, person, index, minutes, *states in (
        ("registered", players.registered, 7000, 95, ALREADY_THERE, ALREADY_THERE, ""),
        ("stranger", players.stranger, 7002, 170, UNMATCHED, HELD, UNMATCHED),
        ("birthday", players.birthday, 7003, 262, CONFLICT, CONFLICT, CONFLICT),
        ("returning", players.returning, 7004, 60, NEW, NEW, NEW),
        ("moved-on", players.moved_on, 7001, 130, NEWER_LIVE, ALREADY_THERE, ""),
    ):
        came = admitted(hospital, person, index, hospital.now + timedelta(minutes=minutes))
        born = swapped(person.born) if part == "birthday" else None
        known = part in ("returning", "moved-on")
        answers = paper.admission(came, Place(ASSESSMENT), born, known)
        expected = dict(zip(("form", "person", "safety"), states, strict=True))
        expected["safety"] = expected["safety"] or _none_known(came, hospital.seed)
        made = _paper(hospital, part, "admission", came, minutes, answers, expected)
        yield made if known else _blank(made, person, part, born)


def _none_known(came: Stay, seed: int) -> str:
    """'No known allergies' on paper, beside what the EPR has recorded since."""
    held = [allergy for allergy, _ in allergies(came, seed)]
    if not held:
        return NEW
    return ALREADY_THERE if NONE_KNOWN in held else CONFLICT


def _rounds(hospital: Hospital) -> Iterator[Paper]:
    """Observations and notes of an ordinary shift."""
    players = cast(hospital).inpatients
    seen = [("moved", players["moved"]), ("went-home", players["went-home"])]
    for ward in hospital.wards:
        here = [s for s in hospital.stays if s.place.ward == ward.code and s.place.bed]
        dice = chance(hospital.seed, "round", ward.code)
        chosen = dice.sample([s for s in here if s not in players.values() and not s.case], 3)
        seen += [(f"observed-{ward.code}", stay) for stay in chosen[:2]]
        yield _paper(
            hospital, f"notes-{ward.code}", "progress-notes", chosen[2], 200, {}, {"form": HELD}
        )
    for part, stay in seen:
        yield _observed(hospital, part, stay)


def _observed(hospital: Hospital, part: str, stay: Stay) -> Paper:
    """A chart with two rows, the second an hour or two before the end of the outage."""
    dice = chance(hospital.seed, "observed", stay.visit)
    first = dice.randint(15, 60)
    last = first + dice.randint(90, 180)
    times = [hospital.now + timedelta(minutes=minutes) for minutes in (first, last)]
    unwell = not {"CRP", "LAC"}.isdisjoint(REASONS[stay.reason].shifts)
    answers = paper.observations(dice, times, unwell)
    expected = {f"{field}-{row}": NEW for row in (1, 2) for field in paper.OBSERVED}
    return _paper(hospital, part, "observations", stay, last + 2, answers, expected)
