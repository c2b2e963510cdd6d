"""Who plays a part in the outage's story: inpatients, known outpatients and people nobody knows."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from downtime.demo.appointments import attends, slots
from downtime.demo.hospital import Hospital, Stay, build
from downtime.demo.people import Person, hospital_number, nhs_number, person

ROLES: tuple[tuple[str, str], ...] = (
    ("request-entered", "ASH"),
    ("request-new", "AMU"),
    ("phoned-same", "WIL"),
    ("phoned-different", "AMU"),
    ("phoned-only", "ASH"),
    ("moved", "AMU"),
    ("went-home", "ROW"),
)
"""Part in the story, and the ward on which it is played by whoever has been there longest."""
_FIRST_INDEX = 9200


@dataclass(frozen=True, slots=True)
class Cast:
    """`inpatients` by part; the rest come to the hospital during the outage."""

    inpatients: dict[str, Stay]
    registered: Person
    """New; given a hospital number by the PAS after recovery."""
    stranger: Person
    """New, from abroad, without an NHS number; in no system to this day."""
    returning: Person
    """Known from a clinic; the PAS never hears of the admission."""
    moved_on: Person
    """Known from a clinic; admitted in the PAS afterwards and moved on."""
    birthday: Person
    """Known from a clinic; the paper has day and month of birth the wrong way round."""


def cast(hospital: Hospital) -> Cast:
    """The players of this hospital."""
    return _cast(hospital.size, hospital.seed, hospital.now)


@lru_cache(maxsize=4)
def _cast(size: str, seed: int, now: datetime) -> Cast:
    hospital = build(size, seed, now)
    inpatients: dict[str, Stay] = {}
    for role, ward in ROLES:
        inpatients[role] = next(
            stay for stay in _longest(hospital, ward) if stay not in inpatients.values()
        )
    returning, moved_on, birthday = _outpatients(size, seed, now)
    return Cast(
        inpatients=inpatients,
        registered=_newcomer(seed, 0, now.date(), "Oyelaran", "Temitope", "F", 37, "Ms"),
        stranger=_newcomer(seed, 1, now.date(), "Grübl-Hartmann", "Anneliese", "F", 58, "Mrs"),
        returning=returning,
        moved_on=moved_on,
        birthday=birthday,
    )


def _longest(hospital: Hospital, ward: str) -> list[Stay]:
    here = [s for s in hospital.stays if s.place.ward == ward and s.place.bed and not s.case]
    return sorted(here, key=lambda stay: (stay.admitted, stay.visit))


def _outpatients(size: str, seed: int, now: datetime) -> list[Person]:
    """Three adults with appointments in cardiology, one with a birthday that can be swapped."""
    found: dict[str, Person] = {}
    swappable: dict[str, Person] = {}
    for slot in slots(size, now):
        if slot.clinic.code == "CARD":
            someone = attends(slot, seed, size, now.date())
            (swappable if swapped(someone.born) else found)[someone.mrn] = someone
        if len(found) >= 2 and swappable:
            break
    return [*list(found.values())[:2], next(iter(swappable.values()))]


def swapped(born: date | None) -> date | None:
    """Day and month the wrong way round; None where that is no other date."""
    if born is None or born.day > 12 or born.day == born.month:
        return None
    return born.replace(month=born.day, day=born.month)


def _newcomer(
    seed: int, number: int, today: date, family: str, given: str, gender: str, age: int, title: str
) -> Person:
    index = _FIRST_INDEX + number
    some = person(seed, index, today, (age, age + 0.9), gender)
    return Person(
        mrn=hospital_number(index) if number == 0 else "",
        nhs=nhs_number(index, seed) if number == 0 else "",
        family=family,
        given=given,
        gender=gender,
        born=some.born,
        prefix=title,
        street=some.street,
        town=some.town,
        postcode=some.postcode,
        phone=some.phone,
        practice=some.practice,
    )
