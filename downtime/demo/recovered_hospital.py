"""What the recovered systems say: the story's movements, the laboratory's backlog, new work."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from downtime.demo.hospital import Bed, Hospital, Place, Stay, build_hospital
from downtime.demo.movements import Movement
from downtime.demo.people import Person
from downtime.demo.randomness import random_for
from downtime.demo.request_events import EventKind, RequestEvent, list_request_events
from downtime.demo.requests import Request, list_requests
from downtime.demo.special_cases import make_earlier_record
from downtime.demo.story_patients import choose_story_patients
from downtime.demo.tables import ASSESSMENT, REASONS, WARD_KINDS

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
class RecoveredHospital:
    """The world at `now`, two hours after recovery, and what was told since T0."""

    now: datetime
    stays: tuple[Stay, ...]
    empty: tuple[Bed, ...]
    movements: tuple[Movement, ...]
    events: tuple[RequestEvent, ...]


def recovery_time(hospital: Hospital) -> datetime:
    """When the systems came back."""
    return hospital.now + timedelta(hours=OUTAGE_HOURS)


def recover_hospital(hospital: Hospital) -> RecoveredHospital:
    """What happened to this hospital."""
    return _recover_hospital(hospital.size, hospital.seed, hospital.now)


@lru_cache(maxsize=2)
def _recover_hospital(size: str, seed: int, now: datetime) -> RecoveredHospital:
    hospital = build_hospital(size, seed, now)
    later = recovery_time(hospital) + timedelta(hours=AFTER_HOURS)
    moves = sorted(_movements(hospital), key=lambda m: (m.sent, m.person.mrn, m.event))
    stays, empty = _apply_movements(hospital, moves)
    return RecoveredHospital(
        later, stays, empty, tuple(moves), tuple(_list_laboratory_events(hospital, later))
    )


def _movements(hospital: Hospital) -> Iterator[Movement]:
    """Each is dated when it happened and told when somebody keyed it after recovery."""
    start, back = hospital.now, recovery_time(hospital)
    yield from _story_movements(hospital, start, back)
    players = {stay.visit for stay in choose_story_patients(hospital).inpatients.values()}
    ordinary = [s for s in hospital.stays if s.visit not in players and not s.case and s.place.bed]
    for number, stay in enumerate(ordinary[::DISCHARGED_EVERY]):
        dice = random_for(hospital.seed, "went home", stay.visit)
        when = start + timedelta(minutes=dice.randint(20, 340))
        ended = replace(stay, ended=when)
        entered = back + timedelta(
            minutes=4 + number * 90 // (len(ordinary) // DISCHARGED_EVERY + 1)
        )
        yield _enter_late(Movement("A03", when, stay.person, ended, stay.place), entered)


def _enter_late(movement: Movement, entered: datetime) -> Movement:
    return replace(movement, delay=int((entered - movement.when).total_seconds() // 60))


def _story_movements(hospital: Hospital, start: datetime, back: datetime) -> Iterator[Movement]:
    players = choose_story_patients(hospital)

    def at(minutes: int) -> datetime:
        return start + timedelta(minutes=minutes)

    moved = players.inpatients["moved"]
    bed = _find_free_bed(hospital, "WIL")
    yield _enter_late(
        Movement("A02", at(205), moved.person, moved, bed, moved.place),
        back + timedelta(minutes=31),
    )
    home = players.inpatients["went-home"]
    yield _enter_late(
        Movement("A03", at(250), home.person, replace(home, ended=at(250)), home.place),
        back + timedelta(minutes=18),
    )
    new = admit_during_outage(hospital, players.registered, 7000, at(95))
    yield Movement("A28", back + timedelta(minutes=38), new.person)
    assessment_bed = _find_free_bed(hospital, ASSESSMENT)
    yield _enter_late(
        Movement("A01", at(95), new.person, new, assessment_bed), back + timedelta(minutes=41)
    )
    other = admit_during_outage(hospital, players.moved_on, 7001, at(130))
    ward = Place(ASSESSMENT)
    yield _enter_late(
        Movement("A01", at(130), other.person, other, ward), back + timedelta(minutes=52)
    )
    surgical_bed = _find_free_bed(hospital, "ASH")
    yield Movement("A02", back + timedelta(minutes=70), other.person, other, surgical_bed, ward)
    duplicate = hospital.case("duplicate-record")
    first = make_earlier_record(duplicate.person, hospital.seed, start.date())
    yield Movement("A40", back + timedelta(minutes=64), first, merged=duplicate.person)


def admit_during_outage(hospital: Hospital, someone: Person, index: int, when: datetime) -> Stay:
    """A stay in the assessment unit that began during the outage."""
    ward = next(ward for ward in hospital.wards if ward.code == ASSESSMENT)
    like = next(s for s in hospital.stays if s.place.ward == ASSESSMENT)
    reason = random_for(hospital.seed, "came", index).choice(WARD_KINDS[ward.kind].reasons)
    return Stay(
        person=someone,
        visit=f"V{26_000_000 + index * 13:08}",
        kind=ward.kind,
        reason=reason,
        reason_text=REASONS[reason].texts[0],
        specialty=ward.specialty,
        consultant=like.consultant,
        admitted=when,
        place=Place(ASSESSMENT),
        assessed=False,
    )


def _find_free_bed(hospital: Hospital, ward: str) -> Place:
    """The first free bed of a ward."""
    return next(
        b.place for b in hospital.empty_beds if b.place.ward == ward and b.status == "available"
    )


def _apply_movements(
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
    duplicate = hospital.case("duplicate-record")
    first = make_earlier_record(duplicate.person, hospital.seed, hospital.now.date())
    places[duplicate.visit] = replace(duplicate, person=first)
    stays = tuple(places.values())
    taken = {stay.place for stay in stays}
    known = {bed.place: bed for bed in hospital.empty_beds}
    vacated = [stay.place for stay in hospital.stays if stay.place.bed]
    free = [known.get(place, Bed(place, "available")) for place in (*known, *vacated)]
    return stays, tuple(dict.fromkeys(bed for bed in free if bed.place not in taken))


def _list_laboratory_events(hospital: Hospital, later: datetime) -> list[RequestEvent]:
    """The backlog is sent after recovery; a fifth of it has still not been."""
    before = {
        (t.sent, t.kind, t.requests[0].number)
        for t in list_request_events(list_requests(hospital), hospital.now)
    }
    back = recovery_time(hospital)
    events = []
    for event in list_request_events(list_requests(hospital), later):
        first = event.requests[0]
        if (event.sent, event.kind, first.number) in before or not _has_caught_up(hospital, event):
            continue
        dice = random_for(hospital.seed, "backlog", first.group, event.kind)
        sent = max(event.sent, back + timedelta(minutes=dice.randint(3, 100)))
        if sent <= later - timedelta(minutes=3):
            events.append(replace(event, sent=sent))
    events += [*_enter_paper_requests(hospital, back), *_order_new_requests(hospital, back)]
    events.sort(key=lambda e: (e.sent, e.requests[0].number, e.kind))
    return events


def _has_caught_up(hospital: Hospital, event: RequestEvent) -> bool:
    """Whether the laboratory has caught up with this request yet."""
    case = event.requests[0].case
    if case.startswith("phoned"):
        return case != "phoned-only" or event.kind != EventKind.FINAL
    return random_for(hospital.seed, "caught up", event.requests[0].group).random() < 0.8


def _enter_paper_requests(hospital: Hospital, back: datetime) -> Iterator[RequestEvent]:
    """Paper requests that the laboratory entered: numbers of its own, and results."""
    number = len(list_requests(hospital))
    for role, codes, minutes in ENTERED_TESTS:
        stay = find_story_stay(hospital, role)
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
            yield RequestEvent(sent, EventKind.ARRIVED, (request,), taken + timedelta(minutes=26))
            final = back + timedelta(minutes=75 + number % 9)
            yield RequestEvent(final, EventKind.FINAL, (request,), taken + timedelta(minutes=88))


def find_story_stay(hospital: Hospital, role: str) -> Stay:
    """The stay of a player or of an unhappy case, by part."""
    players = choose_story_patients(hospital)
    if role == "registered":
        when = hospital.now + timedelta(minutes=95)
        return admit_during_outage(hospital, players.registered, 7000, when)
    return players.inpatients.get(role) or hospital.case(role)


def _order_new_requests(hospital: Hospital, back: datetime) -> Iterator[RequestEvent]:
    """Orders made electronically again, for people who have no part in the story."""
    players = {stay.visit for stay in choose_story_patients(hospital).inpatients.values()}
    ordinary = [s for s in hospital.stays if s.visit not in players and not s.case]
    number = len(list_requests(hospital)) + 100
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
        yield RequestEvent(ordered + timedelta(minutes=1), EventKind.ORDERED, (request,), ordered)
