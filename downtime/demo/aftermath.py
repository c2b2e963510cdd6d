"""What the recovered systems say: the story's movements, the laboratory's backlog, new work."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from downtime.demo.cases import earlier_record
from downtime.demo.cast import cast
from downtime.demo.chance import chance
from downtime.demo.hospital import Bed, Hospital, Place, Stay, build
from downtime.demo.movements import Movement
from downtime.demo.people import Person
from downtime.demo.requests import Request, requests
from downtime.demo.tables import ASSESSMENT, REASONS, WARD_KINDS
from downtime.demo.telling import ARRIVED, FINAL, ORDERED, Told, told

OUTAGE_HOURS = 6
AFTER_HOURS = 2
"""Phase `after` describes the hospital this long after recovery."""
DISCHARGED_EVERY = 14
"""One of so many inpatients went home while the systems were down."""
ENTERED_TESTS: tuple[tuple[str, tuple[str, ...], int], ...] = (
    ("request-entered", ("FBC", "UE"), 42),
    ("duplicate-record", ("FBC",), 150),
    ("registered", ("FBC",), 230),
)
"""Paper requests that the laboratory keyed in itself: whose, which tests, minutes into the outage."""


@dataclass(frozen=True, slots=True)
class Aftermath:
    """The world at `now`, two hours after recovery, and what was told since T0."""

    now: datetime
    stays: tuple[Stay, ...]
    empty: tuple[Bed, ...]
    movements: tuple[Movement, ...]
    told: tuple[Told, ...]


def recovery(hospital: Hospital) -> datetime:
    """When the systems came back."""
    return hospital.now + timedelta(hours=OUTAGE_HOURS)


def aftermath(hospital: Hospital) -> Aftermath:
    """What happened to this hospital."""
    return _aftermath(hospital.size, hospital.seed, hospital.now)


@lru_cache(maxsize=2)
def _aftermath(size: str, seed: int, now: datetime) -> Aftermath:
    hospital = build(size, seed, now)
    later = recovery(hospital) + timedelta(hours=AFTER_HOURS)
    moves = sorted(_movements(hospital), key=lambda m: (m.sent, m.person.mrn, m.event))
    stays, empty = _resettled(hospital, moves)
    return Aftermath(later, stays, empty, tuple(moves), tuple(_laboratory(hospital, later)))


def _movements(hospital: Hospital) -> Iterator[Movement]:
    """Each is dated when it happened and told when somebody keyed it after recovery."""
    start, back = hospital.now, recovery(hospital)
    yield from _story(hospital, start, back)
    players = {stay.visit for stay in cast(hospital).inpatients.values()}
    ordinary = [s for s in hospital.stays if s.visit not in players and not s.case and s.place.bed]
    for number, stay in enumerate(ordinary[::DISCHARGED_EVERY]):
        dice = chance(hospital.seed, "went home", stay.visit)
        when = start + timedelta(minutes=dice.randint(20, 340))
        ended = replace(stay, ended=when)
        entered = back + timedelta(
            minutes=4 + number * 90 // (len(ordinary) // DISCHARGED_EVERY + 1)
        )
        yield _told(Movement("A03", when, stay.person, ended, stay.place), entered)


def _told(movement: Movement, entered: datetime) -> Movement:
    return replace(movement, delay=int((entered - movement.when).total_seconds() // 60))


def _story(hospital: Hospital, start: datetime, back: datetime) -> Iterator[Movement]:
    players = cast(hospital)

    def at(minutes: int) -> datetime:
        return start + timedelta(minutes=minutes)

    moved = players.inpatients["moved"]
    bed = _available(hospital, "WIL")
    yield _told(
        Movement("A02", at(205), moved.person, moved, bed, moved.place),
        back + timedelta(minutes=31),
    )
    home = players.inpatients["went-home"]
    yield _told(
        Movement("A03", at(250), home.person, replace(home, ended=at(250)), home.place),
        back + timedelta(minutes=18),
    )
    new = admitted(hospital, players.registered, 7000, at(95))
    yield Movement("A28", back + timedelta(minutes=38), new.person)
    here = _available(hospital, ASSESSMENT)
    yield _told(Movement("A01", at(95), new.person, new, here), back + timedelta(minutes=41))
    other = admitted(hospital, players.moved_on, 7001, at(130))
    ward = Place(ASSESSMENT)
    yield _told(Movement("A01", at(130), other.person, other, ward), back + timedelta(minutes=52))
    there = _available(hospital, "ASH")
    yield Movement("A02", back + timedelta(minutes=70), other.person, other, there, ward)
    twice = hospital.case("duplicate-record")
    first = earlier_record(twice.person, hospital.seed, start.date())
    yield Movement("A40", back + timedelta(minutes=64), first, gone=twice.person)


def admitted(hospital: Hospital, someone: Person, index: int, when: datetime) -> Stay:
    """A stay in the assessment unit that began during the outage."""
    ward = next(ward for ward in hospital.wards if ward.code == ASSESSMENT)
    like = next(s for s in hospital.stays if s.place.ward == ASSESSMENT)
    reason = chance(hospital.seed, "came", index).choice(WARD_KINDS[ward.kind].reasons)
    return Stay(
        person=someone,
        visit=f"V{26_000_000 + index * 13:08}",
        kind=ward.kind,
        reason=reason,
        words=REASONS[reason].texts[0],
        specialty=ward.specialty,
        consultant=like.consultant,
        admitted=when,
        place=Place(ASSESSMENT),
        assessed=False,
    )


def _available(hospital: Hospital, ward: str) -> Place:
    """The first free bed of a ward."""
    return next(b.place for b in hospital.empty if b.place.ward == ward and b.status == "available")


def _resettled(
    hospital: Hospital, moves: list[Movement]
) -> tuple[tuple[Stay, ...], tuple[Bed, ...]]:
    """Who lies where after all movements, and which beds are free then."""
    places = {stay.visit: stay for stay in hospital.stays}
    for move in moves:
        if move.stay is None or move.place is None:
            continue
        if move.event == "A03":
            places.pop(move.stay.visit)
        else:
            places[move.stay.visit] = replace(move.stay, place=move.place)
    twice = hospital.case("duplicate-record")
    first = earlier_record(twice.person, hospital.seed, hospital.now.date())
    places[twice.visit] = replace(twice, person=first)
    stays = tuple(places.values())
    taken = {stay.place for stay in stays}
    known = {bed.place: bed for bed in hospital.empty}
    left = [stay.place for stay in hospital.stays if stay.place.bed]
    free = [known.get(place, Bed(place, "available")) for place in (*known, *left)]
    return stays, tuple(dict.fromkeys(bed for bed in free if bed.place not in taken))


def _laboratory(hospital: Hospital, later: datetime) -> list[Told]:
    """The backlog is sent after recovery; a fifth of it has still not been."""
    before = {
        (t.sent, t.what, t.requests[0].number) for t in told(requests(hospital), hospital.now)
    }
    back = recovery(hospital)
    found = []
    for event in told(requests(hospital), later):
        first = event.requests[0]
        if (event.sent, event.what, first.number) in before or not _keyed(hospital, event):
            continue
        dice = chance(hospital.seed, "backlog", first.group, event.what)
        sent = max(event.sent, back + timedelta(minutes=dice.randint(3, 100)))
        if sent <= later - timedelta(minutes=3):
            found.append(replace(event, sent=sent))
    found += [*_entered(hospital, back), *_new_work(hospital, back)]
    found.sort(key=lambda e: (e.sent, e.requests[0].number, e.what))
    return found


def _keyed(hospital: Hospital, event: Told) -> bool:
    """Whether the laboratory has caught up with this request yet."""
    case = event.requests[0].case
    if case.startswith("phoned"):
        return case != "phoned-only" or event.what != FINAL
    return chance(hospital.seed, "caught up", event.requests[0].group).random() < 0.8


def _entered(hospital: Hospital, back: datetime) -> Iterator[Told]:
    """Paper requests that the laboratory entered: numbers of its own, and results."""
    number = len(requests(hospital))
    for role, codes, minutes in ENTERED_TESTS:
        stay = story_stay(hospital, role)
        taken = hospital.now + timedelta(minutes=minutes)
        for code in codes:
            number += 1
            request = Request(
                number=number,
                group=50_000 + minutes,
                person=stay.person,
                stay=stay,
                code=code,
                ordered=taken,
                priority="A",
                collected=taken,
                received=taken + timedelta(minutes=26),
                resulted=taken + timedelta(minutes=88),
                registered=True,
            )
            sent = back + timedelta(minutes=22 + number % 7)
            yield Told(sent, ARRIVED, (request,), taken + timedelta(minutes=26))
            final = back + timedelta(minutes=75 + number % 9)
            yield Told(final, FINAL, (request,), taken + timedelta(minutes=88))


def story_stay(hospital: Hospital, role: str) -> Stay:
    """The stay of a player or of an unhappy case, by part."""
    players = cast(hospital)
    if role == "registered":
        when = hospital.now + timedelta(minutes=95)
        return admitted(hospital, players.registered, 7000, when)
    return players.inpatients.get(role) or hospital.case(role)


def _new_work(hospital: Hospital, back: datetime) -> Iterator[Told]:
    """Orders made electronically again, for people who have no part in the story."""
    players = {stay.visit for stay in cast(hospital).inpatients.values()}
    ordinary = [s for s in hospital.stays if s.visit not in players and not s.case]
    number = len(requests(hospital)) + 100
    for which, stay in enumerate(ordinary[3 :: DISCHARGED_EVERY // 2]):
        ordered = back + timedelta(minutes=6 + which * 7 % 104)
        request = Request(
            number=number + which,
            group=60_000 + which,
            person=stay.person,
            stay=stay,
            code=REASONS[stay.reason].panels[0],
            ordered=ordered,
            priority="R",
        )
        yield Told(ordered + timedelta(minutes=1), ORDERED, (request,), ordered)
