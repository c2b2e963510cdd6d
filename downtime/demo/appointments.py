"""Appointments of clinics and of courses of treatment: who is booked where and when, and what became of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

from downtime.demo.moments import ZONE
from downtime.demo.people import Person, make_person
from downtime.demo.randomness import random_for
from downtime.demo.tables import (
    CLINICS,
    CONSULTANT_NAMES,
    COURSES,
    SMALL_CLINICS,
    ClinicRow,
    CourseRow,
)

TOTAL = {"small": 1_500, "large": 100_000}
FIRST_INDEX = 10_000
"""Numbers of people from here on are outpatients."""
_DAYS_BACK = 2
SLOT_MINUTES = 15
_SLOTS = 13
_PEOPLE_PER_APPOINTMENT = 0.7
_CANCELLED_SHARE = 0.04
_PEOPLE_PER_COURSE = {"small": 1, "large": 10}
_FIRST_COURSE_SLOT = 1_000_000
_FIRST_IN_COURSE = 9_400
"""Numbers of people from here on are in a course of treatment."""
_COURSES_FROM = time(8, 30)
_PLANNED_BEFORE = timedelta(days=9)
_BOOKED, _MOVED, _CANCELLED, _MISSED, SEEN = "S12", "S13", "S15", "S26", "S14"
STANDING = (_BOOKED, _MOVED)
"""The events after which a slot is somebody's."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A quarter of an hour in a clinic's room; `start` is UTC."""

    number: int
    clinic: ClinicRow
    room: int
    start: datetime
    doctor: tuple[str, str, str]
    attendee: int = 0
    """The number of the person, of a part of a course."""
    part: str = ""
    """Which part of which course it is: `Chemotherapy R-CHOP cycle 3 of 6`."""

    @property
    def name(self) -> str:
        """The place as people call it: `Cardiology Clinic 2`, `Dialysis`."""
        if self.part:
            return self.clinic.name
        return f"{self.clinic.name} Clinic {self.room}"

    @property
    def code(self) -> str:
        return f"{self.clinic.code}{self.room}"


@dataclass(frozen=True, slots=True)
class Booking:
    """One SIU message: `event` S12 booked, S13 moved, S14 seen, S15 cancelled, S26 not come."""

    sent: datetime
    event: str
    slot: Slot


def list_slots(size: str, now: datetime) -> Iterator[Slot]:
    """As many slots as the hospital has appointments, day after day, weekdays only."""
    return islice(_slots(size, now), TOTAL[size])


def _slots(size: str, now: datetime) -> Iterator[Slot]:
    clinics = _clinics(size)
    rooms = 1 if size == "small" else 9
    day = now.astimezone(ZONE).date() - timedelta(days=_DAYS_BACK)
    number = 0
    while True:
        if day.weekday() < 5:
            for which, clinic in enumerate(clinics):
                for room in range(1, rooms + 1):
                    if size == "small" or (which + room + day.toordinal()) % 2:
                        for slot in _session(clinic, which, room, day, number):
                            number += 1
                            yield slot
        day += timedelta(days=1)


def _clinics(size: str) -> tuple[ClinicRow, ...]:
    return CLINICS[:SMALL_CLINICS] if size == "small" else CLINICS


def _session(clinic: ClinicRow, which: int, room: int, day: date, before: int) -> Iterator[Slot]:
    """One morning and one afternoon of a room."""
    doctor = CONSULTANT_NAMES[(which * 3 + room) % len(CONSULTANT_NAMES)]
    for hour in (9, 13):
        first = datetime.combine(day, time(hour, 30 if hour == 13 else 0), ZONE).astimezone(UTC)
        for n in range(_SLOTS):
            before += 1
            start = first + timedelta(minutes=n * SLOT_MINUTES)
            yield Slot(before, clinic, room, start, doctor)


def list_course_slots(size: str, now: datetime) -> list[Slot]:
    """Every part of every course that is under way, the past ones too."""
    slots: list[Slot] = []
    for which, course in enumerate(COURSES):
        clinic = ClinicRow(
            course.code, course.name, course.specialty, course.ages, course.sexes, ()
        )
        doctor = CONSULTANT_NAMES[which % len(CONSULTANT_NAMES)]
        for person in range(_PEOPLE_PER_COURSE[size]):
            number = which * _PEOPLE_PER_COURSE[size] + person
            begin = _minutes_later(_COURSES_FROM, which * SLOT_MINUTES)
            for part, day in enumerate(_list_days(course, now.astimezone(ZONE).date()), 1):
                slots.append(
                    Slot(
                        number=_FIRST_COURSE_SLOT + len(slots),
                        clinic=clinic,
                        room=person + 1,
                        start=datetime.combine(day, begin, ZONE).astimezone(UTC),
                        doctor=doctor,
                        attendee=_FIRST_IN_COURSE + number,
                        part=f"{course.text} {part} of {course.parts}",
                    )
                )
    return slots


def _minutes_later(begin: time, minutes: int) -> time:
    return (datetime.combine(date.min, begin) + timedelta(minutes=minutes)).time()


def _list_days(course: CourseRow, today: date) -> list[date]:
    """The weekday of each part; the next one is so many days from today."""
    next_day = today + timedelta(days=course.in_days)
    days = (
        next_day + timedelta(days=(part - course.next_part) * course.interval_days)
        for part in range(1, course.parts + 1)
    )
    return list(days)


def list_bookings(size: str, seed: int, now: datetime) -> list[Booking]:
    """All that was told of appointments up to `now`, in the order sent."""
    messages = [b for slot in list_slots(size, now) for b in _list_slot_bookings(slot, seed, now)]
    messages += [b for slot in list_course_slots(size, now) for b in _list_part_bookings(slot, now)]
    messages.sort(key=lambda b: (b.sent, b.slot.number))
    return messages


def _list_slot_bookings(slot: Slot, seed: int, now: datetime) -> Iterator[Booking]:
    dice = random_for(seed, "slot", slot.number)
    fate = dice.random()
    latest = min(slot.start - timedelta(hours=20), now - timedelta(minutes=9))
    booked = latest - timedelta(minutes=dice.randint(0, 100 * 24 * 60))
    yield Booking(booked, _BOOKED, slot)
    later = booked + (latest - booked) * 0.8
    if fate < _CANCELLED_SHARE:
        yield Booking(later, _CANCELLED, slot)
    elif fate < 2 * _CANCELLED_SHARE:
        yield Booking(later, _MOVED, slot)
    if slot.start < now - timedelta(minutes=40) and fate >= _CANCELLED_SHARE:
        missed = fate > 0.93
        yield Booking(slot.start + timedelta(minutes=25), _MISSED if missed else SEEN, slot)


def _list_part_bookings(slot: Slot, now: datetime) -> Iterator[Booking]:
    """A part of a course was booked when the course was planned; what is past took place."""
    yield Booking(min(slot.start, now) - _PLANNED_BEFORE, _BOOKED, slot)
    if slot.start < now - timedelta(minutes=40):
        yield Booking(slot.start + timedelta(minutes=25), SEEN, slot)


def list_late_bookings(
    size: str, seed: int, now: datetime, back: datetime, later: datetime
) -> list[Booking]:
    """What was told between recovery (`back`) and `later` of clinics held since the outage began."""
    messages = []
    for slot in list_slots(size, now):
        if now - timedelta(minutes=40) <= slot.start < later - timedelta(minutes=40):
            dice = random_for(seed, "caught up", slot.number)
            sent = max(slot.start + timedelta(minutes=25), back + timedelta(minutes=7))
            sent += timedelta(minutes=dice.randint(0, 14))
            if random_for(seed, "slot", slot.number).random() >= _CANCELLED_SHARE:
                messages.append(Booking(sent, _MISSED if dice.random() < 0.1 else SEEN, slot))
    messages.sort(key=lambda b: (b.sent, b.slot.number))
    return messages


def find_attendee(slot: Slot, seed: int, size: str, today: date) -> Person:
    """Who has the slot; some people have several."""
    dice, clinic = random_for(seed, "who", slot.number), slot.clinic
    if slot.attendee:
        return make_person(seed, slot.attendee, today, clinic.ages, clinic.sexes)
    share = int(TOTAL[size] * _PEOPLE_PER_APPOINTMENT / len(_clinics(size)))
    which = CLINICS.index(clinic)
    index = FIRST_INDEX + dice.randrange(share) * len(CLINICS) + which
    gender = clinic.sexes if len(clinic.sexes) == 1 else ""
    return make_person(seed, index, today, clinic.ages, gender)


def visit_reason(slot: Slot, seed: int) -> str:
    """What the visit is for."""
    return slot.part or random_for(seed, "reason", slot.number).choice(slot.clinic.reasons)
