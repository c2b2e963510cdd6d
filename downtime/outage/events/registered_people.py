"""People who were registered on the screen: found by name and number, as patients are. Pure.

Who arrives during an outage is a person at once, with a downtime number. The id of the arrival is
the person's; what was corrected of it counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from downtime.clinical.identifiers import DOWNTIME, Identifier
from downtime.clinical.model import Encounter, EncounterStatus, Gender, Patient
from downtime.outage.events.kinds import NEWBORN, UNKNOWN
from downtime.outage.events.model import Event, EventKind, EventSubject, EventThread
from downtime.snapshot import search_terms

SOURCE = "Staff"
"""What stands for a hospital system where people, not a system, said something."""
_UNKNOWN_GIVEN = {Gender.MALE: "Male", Gender.FEMALE: "Female"}


@dataclass(frozen=True, slots=True, eq=False)
class RegisteredPerson:
    """A person without a record in the hospital's systems."""

    patient: Patient
    downtime_number: str
    arrival: Event
    mother: str = ""
    """Id of the mother of a newborn."""

    @property
    def is_unknown(self) -> bool:
        """Whether nobody knows who it is."""
        return self.arrival.answers.get("identity") == UNKNOWN


def list_registered(threads: Iterable[EventThread]) -> dict[str, RegisteredPerson]:
    """Everybody whom these events registered, by id; withdrawn ones are nobody."""
    people = (
        read_person(thread.latest)
        for thread in threads
        if thread.latest.kind == EventKind.ARRIVAL and thread.stands
    )
    return {person.patient.id: person for person in people}


def read_person(arrival: Event) -> RegisteredPerson:
    """The person whom an arrival registered."""
    answers = arrival.answers
    number, name = answers["downtime_number"], name_person(answers)
    patient = Patient(
        id=arrival.root,
        source=SOURCE,
        updated=arrival.entered,
        mrn=answers.get("mrn", ""),
        nhs_number=answers.get("nhs_number", ""),
        nhs_number_status="unverified" if answers.get("nhs_number") else "",
        identifiers=(str(Identifier(DOWNTIME, "", number)),),
        birth_date=answers.get("birth_date", ""),
        gender=answers.get("gender", ""),
        family=name.family,
        given=name.given,
    )
    return RegisteredPerson(patient, number, arrival, answers.get("mother", ""))


class PersonName(NamedTuple):
    """Surname and given names, as a wristband has them."""

    family: str
    given: str


def name_person(answers: Mapping[str, str]) -> PersonName:
    """`Unknown Male` or `Unknown Female` of who cannot be named (DSCN 04/2009)."""
    family, given_names = answers.get("family", ""), answers.get("given", "")
    if answers.get("identity") == UNKNOWN and not family:
        return PersonName("Unknown", _UNKNOWN_GIVEN.get(Gender(answers["gender"]), "Person"))
    if answers.get("identity") == NEWBORN and not given_names:
        return PersonName(family, "Baby")
    return PersonName(family, given_names)


def make_subject(patient: Patient, downtime_number: str = "") -> EventSubject:
    """Whom an event is topic, of a patient of the snapshot or of somebody registered."""
    shared = set(EventSubject._fields) - {"patient", "downtime_number"}
    details = {name: getattr(patient, name) for name in shared}
    return EventSubject(patient=patient.id, downtime_number=downtime_number, **details)


def subject_of_arrival(arrival_id: str, answers: Mapping[str, str]) -> EventSubject:
    """Whom an arrival itself is about."""
    name = name_person(answers)
    return EventSubject(
        patient=arrival_id,
        mrn=answers.get("mrn", ""),
        nhs_number=answers.get("nhs_number", ""),
        downtime_number=answers["downtime_number"],
        birth_date=answers.get("birth_date", ""),
        gender=answers.get("gender", ""),
        family=name.family,
        given=name.given,
    )


def make_stay(event: Event, before: Encounter | None) -> Encounter:
    """The stay of somebody as an event places them; what else is known of the stay is kept."""
    answers = event.answers
    place = {name: answers.get(name, "") for name in ("ward", "bay", "bed")}
    consultant = answers.get("consultant") or (before.consultant if before else "")
    return Encounter(
        id=before.id if before else event.id,
        source=before.source if before else SOURCE,
        updated=before.updated if before else event.entered,
        patient=event.subject.patient,
        visit_number=before.visit_number if before else "",
        status=EncounterStatus.IN_PROGRESS,
        kind=answers.get("stay") or (before.kind if before else ""),
        consultant=consultant,
        specialty=before.specialty if before else "",
        reason=answers.get("reason") or (before.reason if before else ""),
        started=before.started if before else event.happened,
        expected_end=before.expected_end if before else "",
        **place,
    )


def search_people(
    people: Iterable[RegisteredPerson], text: str, today: date
) -> list[RegisteredPerson]:
    """Those whom all that was typed meets, as in the snapshot: beginnings of names, numbers, birth."""
    groups = search_terms.parse_query(text, today)
    if not groups:
        return []
    matching = [person for person in people if search_terms.meets_query(person.patient, groups)]
    return sorted(matching, key=lambda person: search_terms.name_key(person.patient))


def find_by_number(people: Iterable[RegisteredPerson], text: str) -> RegisteredPerson | None:
    """Who alone has exactly this downtime, NHS or hospital number."""
    number = search_terms.compact_text(text)
    owners = [
        person
        for person in people
        if number
        and number
        in {
            search_terms.compact_text(known)
            for known in (person.downtime_number, person.patient.nhs_number, person.patient.mrn)
            if known
        }
    ]
    return owners[0] if len(owners) == 1 else None


def is_named_alike(first: Patient, second: Patient) -> bool:
    """Whether two people share family name and first given name, and are easily mixed up."""
    return first.id != second.id and search_terms.name_key(first) == search_terms.name_key(second)
