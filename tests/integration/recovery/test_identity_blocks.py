"""The blocks miss nobody: they offer the same first patient as reading the whole hospital through."""

import random
from datetime import date, timedelta
from operator import attrgetter

from downtime.clinical.model import Patient
from downtime.demo.tables import NAME_GROUPS
from downtime.entry.facts import PaperPerson, make_paper_person
from downtime.reconcile.identity.candidates import PersonQuery, find_candidates
from downtime.reconcile.identity.signs import find_signs
from downtime.reconcile.identity.weights import read_population
from downtime.settings import ReconcileSettings
from downtime.snapshot import local_snapshots
from tests.night import by_night

SEED = 7
SIZE, ASKED = by_night((3000, 60), (1000, 15))


def hospital(chance):
    """People with the names of a town; every tenth has a twin or namesake."""
    for number in range(SIZE):
        group = chance.choice(NAME_GROUPS)
        born = date(1930, 1, 1) + timedelta(days=chance.randrange(34_000))
        family, given = chance.choice(group.families), chance.choice(group.women)
        for twin in range(1 + (number % 10 == 0)):
            mrn = f"H{number}{twin}7"
            yield Patient(
                id=f"p-{mrn}", mrn=mrn, identifiers=(f"MR|DEMO|{mrn}",), family=family,
                given=given if not twin else chance.choice(group.women), gender="female",
                birth_date=born.isoformat(), postcode=f"ZZ{number % 90} 1AA",
            )  # fmt: skip


def garbled(chance, patient):
    """What somebody in a hurry writes of a patient: one slip."""
    year, month, day = patient.birth_date.split("-")
    slips = {
        "day and month": {"birth_date": f"{year}-{day}-{month}"} if int(day) <= 12 else {},
        "names": {"family": patient.given, "given": patient.family},
        "year": {"birth_date": f"{int(year) - 10}-{month}-{day}"},
        "letters": {"family": patient.family[:2] + patient.family[3:]},
        "number": {"mrn": patient.mrn[:-2] + patient.mrn[-1] + patient.mrn[-2]},
    }
    said = {name: getattr(patient, name) for name in ("family", "given", "birth_date", "gender")}
    return PaperPerson(**{**said, **slips[chance.choice(sorted(slips))]})


def read_through(patients, paper, population):
    """The slow way: every patient of the hospital, by bits."""
    signs = (find_signs(paper, make_paper_person(patient), population) for patient in patients)
    return max(sum(sign.bits for sign in found) for found in signs)


def test_the_blocks_find_the_likeliest_patient_of_the_whole_hospital(vault, hold):
    chance, settings = random.Random(SEED), ReconcileSettings()
    patients = list(hospital(chance))
    hold(1, patients)
    with local_snapshots.open_current_snapshot(vault) as snapshot:
        for patient in chance.sample(patients, ASKED):
            paper = garbled(chance, patient)
            found = find_candidates(
                snapshot, PersonQuery((paper,), (), "", ""), settings
            ).candidates
            assert patient.id in map(attrgetter("person.id"), found)
            assert max(one.bits for one in found) == read_through(
                patients, paper, read_population(snapshot)
            )
