"""The hospital as it stands at one moment: wards, beds, who lies where and how they got there."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random

from downtime.demo.moments import whole_minute
from downtime.demo.people import Person, make_person
from downtime.demo.randomness import random_for
from downtime.demo.special_cases import CASES, SpecialCase
from downtime.demo.tables import (
    ASSESSMENT,
    CONSULTANT_NAMES,
    LARGE,
    REASONS,
    SMALL,
    WARD_KINDS,
    WardKind,
    WardRow,
)

INPATIENTS_LARGE = 1000
_BAYS = ("A", "B", "C", "D")
_BEDS_PER_BAY = 5
_GONE_MINUTES = 36 * 60


@dataclass(frozen=True, slots=True)
class Place:
    """A bed; without bay and bed, somebody waits in the ward's corridor."""

    ward: str
    bay: str = ""
    bed: str = ""


@dataclass(frozen=True, slots=True)
class Stay:
    """One person's stay, with the place where they are at the hospital's `now`."""

    person: Person
    visit: str
    kind: str
    reason: str
    """Key of `REASONS`."""
    reason_text: str
    """The reason as written."""
    specialty: str
    consultant: tuple[str, str, str]
    admitted: datetime
    place: Place
    assessed: bool
    """Whether they came through the assessment unit (AMU)."""
    case: str = ""
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class Bed:
    """A bed that nobody lies in, and why."""

    place: Place
    status: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Hospital:
    """Everything that is true of the demonstration hospital at `now` (UTC, whole minutes)."""

    size: str
    seed: int
    now: datetime
    wards: tuple[WardRow, ...]
    stays: tuple[Stay, ...]
    ended_stays: tuple[Stay, ...]
    """Stays that ended or were cancelled in the last days."""
    empty_beds: tuple[Bed, ...]

    def case(self, key: str) -> Stay:
        """The stay of an unhappy case (`cases.CASES`)."""
        return next(stay for stay in (*self.stays, *self.ended_stays) if stay.case == key)


def list_beds(ward: WardRow, size: str) -> tuple[Place, ...]:
    """24 beds of a small hospital's ward or 25 of a large one's: four bays and side rooms."""
    bays = [
        Place(ward.code, bay, f"{bay}{n}") for bay in _BAYS for n in range(1, _BEDS_PER_BAY + 1)
    ]
    rooms = range(1, (5 if size == "small" else 6))
    return (*bays, *(Place(ward.code, "SR", f"SR{n}") for n in rooms))


@lru_cache(maxsize=4)
def build_hospital(size: str, seed: int, now: datetime) -> Hospital:
    """The hospital of this size and seed at `now`, the same each time."""
    wards = SMALL if size == "small" else LARGE
    stays: list[Stay] = []
    empty: list[Bed] = []
    for ward in wards:
        _fill(ward, size, seed, now, stays, empty)
    if size == "large":
        _board(wards, seed, now, stays)
    gone = [
        _gone(ward, place, seed, 5000 + n, now - timedelta(minutes=37 + 29 * n % _GONE_MINUTES))
        for n, (ward, place) in enumerate(_beds_that_emptied(wards, size))
    ]
    cancelled = replace(
        _of_case(next(c for c in CASES if c.key == "cancelled-admission"), wards, seed, now),
        ended=now - timedelta(minutes=48),
    )
    return Hospital(size, seed, now, wards, tuple(stays), (*gone, cancelled), tuple(empty))


def _beds_that_emptied(wards: tuple[WardRow, ...], size: str) -> Iterator[tuple[WardRow, Place]]:
    for ward in wards:
        for place in list_beds(ward, size)[2:15:5]:
            yield ward, place


def _gone(ward: WardRow, place: Place, seed: int, index: int, ended: datetime) -> Stay:
    return replace(_stay(WARD_KINDS[ward.kind], ward, place, seed, index, ended), ended=ended)


def _fill(
    ward: WardRow, size: str, seed: int, now: datetime, stays: list[Stay], empty: list[Bed]
) -> None:
    """Put the ward's cases and then anybody into all beds but a few."""
    dice = random_for(seed, "ward", ward.code)
    places = list_beds(ward, size)
    free = dice.sample(places[4:], dice.randint(2, 3) if size == "small" else dice.randint(1, 2))
    empty.extend(_empty(dice, place, n) for n, place in enumerate(free))
    cases = [case for case in CASES if case.ward == ward.code and case.stays]
    taken = [place for place in places if place not in free]
    for case in cases:
        place = Place(ward.code) if case.boarded else _bed_for(case, taken)
        stays.append(replace(_of_case(case, (ward,), seed, now), place=place))
    kind = WARD_KINDS[ward.kind]
    for place in taken:
        stays.append(_stay(kind, ward, place, seed, len(stays), now))


def _empty(dice: Random, place: Place, number: int) -> Bed:
    if number == 0:
        return Bed(place, "available")
    status, note = dice.choice(
        (
            ("available", ""),
            ("cleaning", "Terminal clean, ready in 40 min"),
            ("closed", "Mattress pump broken – porters called"),
        )
    )
    return Bed(place, status, note)


def _bed_for(case: SpecialCase, places: list[Place]) -> Place:
    """The first bed in a bay of the person's own sex, taken off the list."""
    bays = ("SR", "A", "B") if case.gender == "M" else ("C", "D", "SR")
    place = next(p for p in places if p.bay in bays)
    places.remove(place)
    return place


def _board(wards: tuple[WardRow, ...], seed: int, now: datetime, stays: list[Stay]) -> None:
    """People who wait in corridors for a bed, until the large hospital holds a thousand."""
    acute = [ward for ward in wards if WARD_KINDS[ward.kind].emergency > 0.8]
    missing = INPATIENTS_LARGE - len(stays)
    for n in range(missing):
        ward = acute[n % len(acute)]
        stays.append(_stay(WARD_KINDS[ward.kind], ward, Place(ward.code), seed, len(stays), now))


def _stay(
    kind: WardKind, ward: WardRow, place: Place, seed: int, index: int, now: datetime
) -> Stay:
    gender = kind.sexes if len(kind.sexes) == 1 else _sex_of_bay(place)
    someone = make_person(seed, index, now.date(), kind.ages, gender)
    return _admit(someone, kind, ward, place, seed, index, now)


def _sex_of_bay(place: Place) -> str:
    """Bays hold one sex (mixed-sex accommodation is a breach); side rooms take anybody."""
    return {"A": "M", "B": "M", "C": "F", "D": "F"}.get(place.bay, "")


def _of_case(case: SpecialCase, wards: tuple[WardRow, ...], seed: int, now: datetime) -> Stay:
    ward = next(ward for ward in wards if ward.code == case.ward)
    someone = case.person(seed, now.date())
    stay = _admit(someone, WARD_KINDS[ward.kind], ward, Place(ward.code), seed, case.index, now)
    hours = case.hours or (now - stay.admitted).total_seconds() / 3600
    reason = case.reason or stay.reason
    return replace(
        stay,
        case=case.key,
        reason=reason,
        reason_text=REASONS[reason].texts[0],
        admitted=whole_minute(now - timedelta(hours=hours)),
    )


def _admit(
    someone: Person,
    kind: WardKind,
    ward: WardRow,
    place: Place,
    seed: int,
    index: int,
    now: datetime,
) -> Stay:
    dice = random_for(seed, "stay", index)
    reason = dice.choice(kind.reasons)
    shortest, longest = kind.stay_hours
    hours = shortest + (longest - shortest) * dice.random() ** 2
    emergency = dice.random() < kind.emergency
    return Stay(
        person=someone,
        visit=f"V{26_000_000 + index * 13:08}",
        kind=ward.kind,
        reason=reason,
        reason_text=dice.choice(REASONS[reason].texts),
        specialty=ward.specialty,
        consultant=CONSULTANT_NAMES[(sum(map(ord, ward.code)) + index % 3) % len(CONSULTANT_NAMES)],
        admitted=whole_minute(now - timedelta(hours=hours)),
        place=place,
        assessed=emergency and ward.code != ASSESSMENT,
    )
