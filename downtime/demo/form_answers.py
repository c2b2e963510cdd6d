"""What staff write on each form: answers by the fields of `forms/`, as local dates and times."""

from datetime import date, datetime
from random import Random

from downtime.demo.hospital import Place, Stay
from downtime.demo.laboratory_values import Result
from downtime.demo.moments import ZONE
from downtime.demo.people import Person
from downtime.demo.tables import SPECIALTIES

_GENDERS = {"M": "male", "F": "female"}
Answers = dict[str, str]

AUTHORS: tuple[tuple[str, str], ...] = (
    ("Blessing Eze", "Staff nurse"),
    ("Callum Reid", "Foundation doctor"),
    ("Priya Nair", "Ward sister"),
    ("Tomasz Zieliński", "Senior house officer"),
    ("Mairead Quinn", "Midwife"),
    ("Jun Santos", "Staff nurse"),
    ("Harriet Fenwick-Ward", "Specialty registrar"),
)


def local(moment: datetime) -> str:
    """`2026-11-02T14:30` by the clock on the wall."""
    return f"{moment.astimezone(ZONE):%Y-%m-%dT%H:%M}"


def signed(when: datetime, author: tuple[str, str]) -> Answers:
    """The sign-off at the foot of every form."""
    day, _, hour = local(when).partition("T")
    return {
        "author.name": author[0],
        "author.role": author[1],
        "event.date": day,
        "event.time": hour,
    }


def identity(person: Person, born: date | None = None) -> Answers:
    """The identity block of a blank, written by hand."""
    birthday = born or person.born
    answers = {
        "patient.name": f"{person.family_name.upper()}, {person.given_name}",
        "patient.born": birthday.isoformat() if birthday else "",
        "patient.gender": _GENDERS.get(person.gender, "unknown"),
        "patient.nhs": person.nhs,
    }
    return {key: answer for key, answer in answers.items() if answer}


def request(
    tests: tuple[str, ...], taken: datetime, reason_text: str, author: tuple[str, str]
) -> Answers:
    """A blood sciences request for tests by their codes."""
    return {
        "priority": "urgent",
        "collected": local(taken),
        "requester": author[0],
        "contact": "Bleep 2214",
        "reason": reason_text,
        **{f"test.{_FIELDS.get(code, code.lower())}": "true" for code in tests},
    }


_FIELDS = {"B12F": "b12"}
"""Tests whose box is not called by their code."""


def phoned(
    results: list[Result], taken: datetime, laboratory_number: str, phoned_at: datetime
) -> Answers:
    """A telephoned result, read back."""
    answers = {
        "department": "Blood sciences",
        "caller": "Rosalind Achterberg",
        "caller-contact": "4417",
        "lab-number": laboratory_number,
        "collected": local(taken),
        "checked": "mrn",
        "confirmed": "true",
        "told": "Dr Callum Reid",
        "told-at": local(phoned_at),
        "action-taken": "Reviewed at the bedside",
    }
    for row, result in enumerate(results, 1):
        answers[f"test:{row}"] = result.name
        answers[f"value:{row}"] = result.value
        answers[f"units:{row}"] = result.units
        if result.range:
            answers[f"range:{row}"] = result.range
        answers[f"read-back:{row}"] = "true"
    return answers


def observations(dice: Random, times: list[datetime], unwell: bool) -> Answers:
    """Rows of vital signs, one set at each time."""
    answers: Answers = {}
    for row, when in enumerate(times, 1):
        oxygen = unwell and dice.random() < 0.6
        systolic = dice.randint(92, 112) if unwell else dice.randint(112, 148)
        values = {
            "taken": local(when),
            "respirations": dice.randint(19, 25) if unwell else dice.randint(13, 18),
            "spo2-1": dice.randint(92, 95) if unwell else dice.randint(95, 99),
            "oxygen": "O" if oxygen else "A",
            "systolic": systolic,
            "diastolic": systolic - dice.randint(38, 60),
            "pulse": dice.randint(92, 118) if unwell else dice.randint(60, 89),
            "consciousness": "A",
            "temperature": f"{dice.uniform(37.8, 38.9) if unwell else dice.uniform(36.2, 37.4):.1f}",
            "pain": dice.randint(0, 4),
        }
        if oxygen:
            values |= {"flow": "2", "device": "Nasal"}
        answers |= {f"{name}:{row}": str(value) for name, value in values.items()}
    return answers


OBSERVED = (
    "respirations",
    "spo2-1",
    "oxygen",
    "systolic",
    "diastolic",
    "pulse",
    "consciousness",
    "temperature",
    "pain",
)
"""Fields of the observations form that become records, of whoever is observed."""
ON_OXYGEN = ("flow", "device")
"""Those that only somebody on oxygen has."""


def admission(stay: Stay, place: Place, born: date | None = None, known: bool = False) -> Answers:
    """An admission; `born` where the paper has another birthday than the person."""
    person = stay.person
    family, given_name, prefix = stay.consultant
    birthday = born or person.born
    answers = {
        "family": person.family_name,
        "given": person.given_name,
        "title": person.prefix,
        "birth-date": birthday.isoformat() if birthday else "",
        "gender": _GENDERS.get(person.gender, "unknown"),
        "nhs": person.nhs,
        "mrn": person.mrn if known else "",
        "phone": person.phone,
        "address": f"{person.street}, {person.town}",
        "postcode": person.postcode,
        "gp": person.practice[1],
        "admitted": local(stay.admitted),
        "kind": "inpatient",
        "ward": place.ward,
        "bay": place.bay,
        "bed": place.bed,
        "specialty": SPECIALTIES[stay.specialty][1],
        "consultant": f"{prefix} {given_name} {family}",
        "from": "Emergency department",
        "reason": stay.reason_text,
        "allergy-status": "none",
        "wristband": "true",
    }
    return {key: answer for key, answer in answers.items() if answer}
