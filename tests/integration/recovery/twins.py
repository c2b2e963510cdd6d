"""A recovered hospital of people who are easily mixed up: namesakes, twins, slips of the pen."""

import pytest

from downtime.clinical.model import Encounter, Patient
from downtime.paper.model import Subject

from .conftest import BLOODS, HOSPITAL, LATER, OBSERVED, PHONED

NUMBER = "DK700001X"
BLANK = Subject(downtime_number=NUMBER)
PETRA = {"patient.name": "NOVAK, Petra", "patient.born": "1985-01-03"}
"""The patient `p-1` as a hurried hand writes her: day and month of birth are swapped."""


def person(number: int, family: str, given: str, born: str, gender: str, nhs: str = "", **more):
    """A patient `p-NUMBER` with the hospital number `H20NUMBER`."""
    mrn = f"H20{number:02}"
    return Patient(
        id=f"p-{number}", mrn=mrn, nhs_number=nhs, identifiers=(f"MR|DEMO|{mrn}",),
        family=family, given=given, birth_date=born, gender=gender, **more,
    )  # fmt: skip


def stay(number: int, ward: str, started: str) -> Encounter:
    """A stay of the patient `p-NUMBER` that goes on."""
    return Encounter(
        id=f"e-{number}", patient=f"p-{number}", ward=ward, status="in-progress", kind="emergency",
        started=started, updated=started,
    )  # fmt: skip


TWINS = (
    person(1, "Novak", "Petra", "1985-03-01", "female", "9990000263", postcode="ZZ9 9AA"),
    person(2, "Novak", "Petra", "1958-03-01", "female"),
    person(3, "Novák", "Petr", "1985-03-01", "male"),
    person(4, "Petra", "Novak", "1985-01-03", "female"),
    person(5, "Nowak", "Petra", "1985-01-03", "female", "9990000077"),
    person(6, "Phillips", "Catherine", "1970-07-12", "female", phone="01632 960001"),
    person(7, "Filips", "Katherine", "1970-12-07", "female"),
    person(8, "O'Hara", "Zoë Ann", "2001-10-10", "female"),
    person(9, "Lang", "Max", "2026-11-01", "male", address="1 Elm Row"),
    person(10, "Lang", "Mia", "2026-11-01", "female", address="1 Elm Row"),
    person(11, "Stone", "Unknown", "1900-01-01", "male"),
    person(12, "Double", "Dora", "1950-05-05", "female", "9990000158"),
    person(13, "Double", "Dora", "1950-05-05", "female", "9990000158"),
    stay(1, "A1", "2026-11-02T13:20:00Z"),
    stay(11, "A1", "2026-11-02T13:00:00Z"),
    stay(6, "B2", "2026-11-02T13:10:00Z"),
)  # fmt: skip


@pytest.fixture
def paper(keyed, hold):
    """Forms of one downtime number and of somebody without any, and the recovered hospital."""
    hold(2, (*HOSPITAL, *TWINS), LATER)
    serial = keyed("blood-sciences-request", BLOODS | PETRA, BLANK)
    keyed("observations", OBSERVED | PETRA, BLANK)
    keyed("phoned-result", PHONED | {"patient.name": "PHILLIPS, Kathryn"}, Subject())
    return serial
