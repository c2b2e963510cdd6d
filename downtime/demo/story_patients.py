"""Who plays a part in the outage's story: inpatients, known outpatients and people nobody knows."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache

from downtime.demo.appointments import find_attendee, list_slots
from downtime.demo.hospital import Hospital, Stay, build_hospital
from downtime.demo.people import Person, make_person

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
class StoryPatients:
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


def choose_story_patients(hospital: Hospital) -> StoryPatients:
    """The players of this hospital."""
    return _cast(hospital.size, hospital.seed, hospital.now)


@lru_cache(maxsize=4)
def _cast(size: str, seed: int, now: datetime) -> StoryPatients:
    hospital = build_hospital(size, seed, now)
    inpatients: dict[str, Stay] = {}
    for role, ward in ROLES:
        inpatients[role] = next(
            stay
            for stay in _list_by_length_of_stay(hospital, ward)
            if stay not in inpatients.values()
        )
    returning, moved_on, birthday = _choose_outpatients(size, seed, now)
    return StoryPatients(
        inpatients=inpatients,
        registered=_make_newcomer(seed, 0, now.date(), "Oyelaran", "Temitope", "F", 37, "Ms"),
        stranger=_make_newcomer(seed, 1, now.date(), "Grübl-Hartmann", "Anneliese", "F", 58, "Mrs"),
        returning=returning,
        moved_on=moved_on,
        birthday=birthday,
    )


def _list_by_length_of_stay(hospital: Hospital, ward: str) -> list[Stay]:
    inpatients = [s for s in hospital.stays if s.place.ward == ward and s.place.bed and not s.case]
    return sorted(inpatients, key=lambda stay: (stay.admitted, stay.visit))


def _choose_outpatients(size: str, seed: int, now: datetime) -> list[Person]:
    """Three people with appointments in cardiology whose day of birth is known."""
    people: dict[str, Person] = {}
    for slot in list_slots(size, now):
        if slot.clinic.code == "CARD":
            someone = find_attendee(slot, seed, size, now.date())
            if someone.born:
                people[someone.mrn] = someone
        if len(people) == 3:
            break
    return list(people.values())


def _make_newcomer(
    seed: int,
    number: int,
    today: date,
    family_name: str,
    given_name: str,
    gender: str,
    age: int,
    title: str,
) -> Person:
    drawn = make_person(seed, _FIRST_INDEX + number, today, (age, age + 0.9), gender)
    named = replace(drawn, family_name=family_name, given_name=given_name, prefix=title)
    return named if number == 0 else replace(named, mrn="", nhs="")
