"""The theatre list of today and the next two days."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from downtime.demo.hospital import Hospital, Stay
from downtime.demo.moments import ZONE
from downtime.demo.people import Person, make_person
from downtime.demo.randomness import random_for
from downtime.demo.tables import CONSULTANT_NAMES, OPERATIONS, SMALL_THEATRES, THEATRES

FIRST_INDEX = 8000
"""Numbers of people from here on come in for their operation."""
_DAYS = 3
_BETWEEN_CASES = 20
_AGES = {"ORT": (35.0, 88.0), "ENT": (4.0, 60.0), "GYN": (20.0, 75.0)}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation on a list; `status` is Planned, Done or Cancelled."""

    start: datetime
    theatre: str
    position: int
    person: Person
    procedure: str
    surgeon: tuple[str, str, str]
    specialty: str
    minutes: int
    status: str
    note: str = ""


def list_operations(hospital: Hospital, at: datetime) -> list[Operation]:
    """All operations of three days from the hospital's `now`, with their state at `at`."""
    theatres = THEATRES[:SMALL_THEATRES] if hospital.size == "small" else THEATRES
    first = hospital.now.astimezone(ZONE).date()
    waiting = {
        specialty: [s for s in hospital.stays if s.specialty == specialty and not s.case]
        for _, specialty in theatres
    }
    operations: list[Operation] = []
    for day in (first + timedelta(days=n) for n in range(_DAYS)):
        for which, (name, specialty) in enumerate(theatres):
            if day.weekday() < 5 or name.startswith("Emergency"):
                operations.extend(
                    _session(hospital, at, day, which, name, specialty, waiting[specialty])
                )
    return operations


def _session(
    hospital: Hospital,
    at: datetime,
    day: date,
    which: int,
    name: str,
    specialty: str,
    waiting: list[Stay],
) -> Iterator[Operation]:
    dice = random_for(hospital.seed, "theatre", which, day.isoformat())
    start = datetime.combine(day, time(8, 30), ZONE).astimezone(UTC)
    closes = start + timedelta(hours=8, minutes=30)
    surgeon = CONSULTANT_NAMES[(which * 5 + day.toordinal()) % len(CONSULTANT_NAMES)]
    for position in range(1, 9):
        procedure, minutes = dice.choice(OPERATIONS[specialty])
        if start + timedelta(minutes=minutes) > closes:
            break
        status = "Done" if start + timedelta(minutes=minutes) <= at else "Planned"
        if position == 4:
            status = "Cancelled"
        yield Operation(
            start=start,
            theatre=name,
            position=position,
            person=_patient(hospital, waiting, specialty, which, day, position),
            procedure=procedure,
            surgeon=surgeon,
            specialty=specialty,
            minutes=minutes,
            status=status,
            note=_note(status, position),
        )
        start += timedelta(minutes=minutes + _BETWEEN_CASES)


def _note(status: str, position: int) -> str:
    if status == "Cancelled":
        return "No HDU bed"
    return "Send for 08:00 – first on list" if position == 1 else ""


def _patient(
    hospital: Hospital,
    waiting: list[Stay],
    specialty: str,
    which: int,
    day: date,
    position: int,
) -> Person:
    """An inpatient who waits, else somebody who comes in for it."""
    if waiting and position % 2:
        return waiting.pop(0).person
    index = FIRST_INDEX + (day - hospital.now.date()).days * 100 + which * 10 + position
    gender = "F" if specialty == "GYN" else ""
    ages = _AGES.get(specialty, (22.0, 84.0))
    return make_person(hospital.seed, index, hospital.now.date(), ages, gender)
