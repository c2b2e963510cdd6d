"""How people came, moved and left: what the PAS tells, in the order in which it is told."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from downtime.demo.hospital import Hospital, Place, Stay
from downtime.demo.moments import whole_minute
from downtime.demo.people import Person
from downtime.demo.randomness import random_for
from downtime.demo.special_cases import make_earlier_record
from downtime.demo.tables import ASSESSMENT


@dataclass(frozen=True, slots=True)
class Movement:
    """One event of a stay, or of a person when there is no stay (A28, A40).

    `undone` is when the event that a cancellation takes back had happened.
    """

    event: str
    when: datetime
    person: Person
    stay: Stay | None = None
    place: Place | None = None
    prior: Place | None = None
    merged: Person | None = None
    """The record that a merge takes away."""
    cancelled_event_time: datetime | None = None
    delay: int = 2
    """Minutes until it was told."""

    @property
    def sent(self) -> datetime:
        return self.when + timedelta(minutes=self.delay)


def list_movements(hospital: Hospital) -> list[Movement]:
    """All movements up to the hospital's `now`, as they stand in the file: one pair is swapped."""
    history = [m for stay in (*hospital.stays, *hospital.ended_stays) for m in _of(stay, hospital)]
    history.append(_earlier_registration(hospital))
    history.sort(key=lambda m: (m.sent, m.person.mrn, m.event))
    return _out_of_order(history)


def _of(stay: Stay, hospital: Hospital) -> Iterator[Movement]:
    if stay.case in _SCRIPTS:
        yield from _SCRIPTS[stay.case](stay, hospital.now)
        return
    yield from _arrival(stay, hospital)
    dice = random_for(hospital.seed, "update", stay.visit)
    if dice.random() < 0.1 and stay.ended is None:
        when = stay.admitted + (hospital.now - stay.admitted) * 0.9
        yield Movement("A08", whole_minute(when), stay.person, stay, stay.place, delay=1)
    if stay.ended:
        yield Movement("A03", stay.ended, stay.person, stay, stay.place)


def _arrival(stay: Stay, hospital: Hospital) -> Iterator[Movement]:
    if not stay.assessed:
        prior = Place("ED") if stay.place.ward == ASSESSMENT else None
        yield Movement("A01", stay.admitted, stay.person, stay, stay.place, prior)
        return
    dice = random_for(hospital.seed, "arrival", stay.visit)
    bay = dice.choice("AB") if stay.person.gender == "M" else dice.choice("CD")
    first = Place(ASSESSMENT, bay, f"{bay}{dice.randint(1, 5)}")
    assessment_time = min((stay.ended or hospital.now) - stay.admitted, timedelta(hours=30))
    moved = whole_minute(stay.admitted + assessment_time * dice.uniform(0.3, 0.8))
    yield Movement("A01", stay.admitted, stay.person, stay, first, Place("ED"))
    yield Movement("A02", moved, stay.person, stay, stay.place, first)


def _earlier_registration(hospital: Hospital) -> Movement:
    """What was known of the person who is registered twice."""
    first = make_earlier_record(
        hospital.case("duplicate-record").person, hospital.seed, hospital.now.date()
    )
    return Movement("A28", hospital.now - timedelta(days=400), first)


def _ago(now: datetime, minutes: int) -> datetime:
    return now - timedelta(minutes=minutes)


def _moved(stay: Stay, now: datetime) -> Iterator[Movement]:
    first = Place(ASSESSMENT, "D", "D5")
    yield Movement("A01", stay.admitted, stay.person, stay, first, Place("ED"))
    yield Movement("A02", _ago(now, 22), stay.person, stay, stay.place, first)


def _transfer_undone(stay: Stay, now: datetime) -> Iterator[Movement]:
    destination = Place("WIL", "B", "B5")
    yield Movement("A01", stay.admitted, stay.person, stay, stay.place, Place("ED"))
    yield Movement("A02", _ago(now, 95), stay.person, stay, destination, stay.place)
    yield Movement(
        "A12",
        _ago(now, 80),
        stay.person,
        stay,
        stay.place,
        destination,
        cancelled_event_time=_ago(now, 95),
    )


def _discharge_undone(stay: Stay, now: datetime) -> Iterator[Movement]:
    discharged = replace(stay, ended=_ago(now, 120))
    yield Movement("A01", stay.admitted, stay.person, stay, stay.place)
    yield Movement("A03", _ago(now, 120), stay.person, discharged, stay.place)
    yield Movement(
        "A13", _ago(now, 100), stay.person, stay, stay.place, cancelled_event_time=_ago(now, 120)
    )


def _admission_undone(stay: Stay, now: datetime) -> Iterator[Movement]:
    place = Place(stay.place.ward, "A", "A1")
    running = replace(stay, ended=None)
    yield Movement("A01", stay.admitted, stay.person, running, place)
    yield Movement(
        "A11",
        stay.ended or now,
        stay.person,
        running,
        place,
        cancelled_event_time=stay.admitted,
        delay=1,
    )


def _through_assessment(stay: Stay, now: datetime) -> Iterator[Movement]:
    first = Place(ASSESSMENT, "D", "D4")
    yield Movement("A01", stay.admitted, stay.person, stay, first, Place("ED"))
    yield Movement("A02", _ago(now, 600), stay.person, stay, stay.place, first)


_SCRIPTS = {
    "moved": _moved,
    "cancelled-transfer": _transfer_undone,
    "cancelled-discharge": _discharge_undone,
    "cancelled-admission": _admission_undone,
    "out-of-order": _through_assessment,
}


def _out_of_order(history: list[Movement]) -> list[Movement]:
    """The second movement of one stay stands before the first, as after a queue was replayed."""
    mine = [n for n, m in enumerate(history) if m.stay and m.stay.case == "out-of-order"]
    first, second = mine[0], mine[1]
    history.insert(first, history.pop(second))
    return history
