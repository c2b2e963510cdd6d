"""The unhappy cases: people whom a snapshot, a wristband or a comparison may get wrong.

| case | who to look for | what it tries |
|---|---|---|
| same-name-1, same-name-2 | Margaret Jones twice on Willow Ward | same name, different date of birth |
| no-nhs-number | Björk Guðmundsdóttir, Ash Ward | a visitor without an NHS number |
| unverified | Siobhán Ó Súilleabháin, AMU | NHS number not traced (PID-32) |
| unknown | Unknown Male, AMU | no name, date of birth or number |
| moved | Zoë O'Brien, Willow Ward | A02 from the AMU within the last half hour |
| cancelled-transfer | Nimal Jayasuriya, AMU | A02 to Willow Ward taken back by A12 |
| cancelled-discharge | Łukasz Wiśniewski, Willow Ward | A03 taken back by A13: still in bed |
| cancelled-admission | Kwame Asante, Ash Ward | A01 taken back by A11: must not be shown |
| many-allergies | Dorothy Allerdyce, Willow Ward | every allergy of the formulary |
| allergies-none-known | Adaeze Okonkwo-Fitzgerald, Rowan Ward | 'no known allergies' |
| allergies-not-recorded | Nguyễn Thị Hoa, AMU | nothing recorded: not the same as none |
| single-name | Thida, Ash Ward | a family name and nothing else |
| very-long-name | Featherstonehaugh-…, Rowan Ward | a name longer than any box |
| other-script | Fatima Al-Sayed, AMU | an alias in Arabic script |
| boarded | Derek Whitehead, AMU | on the ward without a bay or bed |
| out-of-order | Chiara Esposito, Ash Ward | A02 stands in the file before A01 |
| duplicate-record | Jānis Bērziņš, AMU | registered twice; merged (A40) after recovery |
| amended-result | Gwendoline Pritchard, Willow Ward | a potassium that the laboratory corrected |
| latin-1 | Renée Lefèvre, Rowan Ward | a laboratory message in latin-1 |
"""

from dataclasses import dataclass
from datetime import date

from downtime.demo.people import (
    UNTRACED,
    VERIFIED,
    Person,
    make_hospital_number,
    make_nhs_number,
    make_person,
)

FIRST_INDEX = 9000
"""Numbers of people from here on belong to the cases."""


@dataclass(frozen=True, slots=True)
class SpecialCase:
    """Somebody written by hand: `hours` in hospital (0: as the ward has it), `ward` by its code."""

    index: int
    key: str
    ward: str
    family_name: str
    given_name: str
    gender: str
    age: float
    prefix: str = ""
    reason: str = ""
    hours: float = 0
    nhs: bool = True
    traced: bool = True
    known: bool = True
    """Whether anybody knows the date of birth, address and doctor."""
    alias: tuple[str, str] = ("", "")
    boarded: bool = False
    stays: bool = True
    """Whether they are in a bed now."""

    def person(self, seed: int, today: date) -> Person:
        """The person, with an invented address and a date of birth that fits the age."""
        drawn = make_person(seed, self.index, today, (self.age, self.age + 0.9), self.gender)
        return Person(
            mrn=make_hospital_number(self.index),
            nhs=make_nhs_number(self.index, seed) if self.nhs else "",
            nhs_status=(VERIFIED if self.traced else UNTRACED) if self.nhs else "",
            family_name=self.family_name,
            given_name=self.given_name,
            prefix=self.prefix,
            gender=self.gender,
            born=drawn.born if self.known else None,
            alias=self.alias,
            street=drawn.street if self.known else "",
            town=drawn.town if self.known else "",
            postcode=drawn.postcode if self.known else "",
            phone=drawn.phone if self.known else "",
            practice=drawn.practice if self.known else ("", ""),
        )


CASES: tuple[SpecialCase, ...] = (
    SpecialCase(9000, "same-name-1", "WIL", "Jones", "Margaret", "F", 84, "Mrs"),
    SpecialCase(9001, "same-name-2", "WIL", "Jones", "Margaret", "F", 79, "Mrs"),
    SpecialCase(9002, "no-nhs-number", "ASH", "Guðmundsdóttir", "Björk", "F", 33, "Ms", nhs=False),
    SpecialCase(
        9003, "unverified", "AMU", "Ó Súilleabháin", "Siobhán", "F", 61, "Mrs", traced=False
    ),
    SpecialCase(
        9004,
        "unknown",
        "AMU",
        "Unknown",
        "Male",
        "M",
        45,
        reason="overdose",
        hours=5,
        nhs=False,
        known=False,
    ),
    SpecialCase(9005, "moved", "WIL", "O'Brien", "Zoë", "F", 76, "Miss", "pneumonia", 27),
    SpecialCase(9006, "cancelled-transfer", "AMU", "Jayasuriya", "Nimal", "M", 58, "Mr", "acs", 20),
    SpecialCase(
        9007, "cancelled-discharge", "WIL", "Wiśniewski", "Łukasz", "M", 81, "Mr", "fall", 90
    ),
    SpecialCase(
        9008,
        "cancelled-admission",
        "ASH",
        "Asante",
        "Kwame",
        "M",
        44,
        "Mr",
        "hernia",
        2,
        stays=False,
    ),
    SpecialCase(9009, "many-allergies", "WIL", "Allerdyce", "Dorothy", "F", 88, "Mrs"),
    SpecialCase(
        9010, "allergies-none-known", "ROW", "Okonkwo-Fitzgerald", "Adaeze", "F", 31, "Mrs"
    ),
    SpecialCase(9011, "allergies-not-recorded", "AMU", "Nguyễn", "Thị Hoa", "F", 47, "Mrs"),
    SpecialCase(9012, "single-name", "ASH", "Thida", "", "F", 29, "Ms"),
    SpecialCase(
        9013,
        "very-long-name",
        "ROW",
        "Featherstonehaugh-Cholmondeley-Warburton-Smythe",
        "Maximiliana Bartholomea Persephone",
        "F",
        38,
        "Mrs",
    ),
    SpecialCase(
        9014,
        "other-script",
        "AMU",
        "Al-Sayed",
        "Fatima",
        "F",
        52,
        "Mrs",
        alias=("السيد", "فاطمة"),
    ),
    SpecialCase(
        9015, "boarded", "AMU", "Whitehead", "Derek", "M", 72, "Mr", "copd", 7, boarded=True
    ),
    SpecialCase(
        9016, "out-of-order", "ASH", "Esposito", "Chiara", "F", 36, "Mrs", "appendicitis", 19
    ),
    SpecialCase(
        9017, "duplicate-record", "AMU", "Bērziņš", "Jānis", "M", 66, "Mr", "aki", 9, nhs=False
    ),
    SpecialCase(
        9018, "amended-result", "WIL", "Pritchard", "Gwendoline", "F", 90, "Mrs", "aki", 60
    ),
    SpecialCase(9019, "latin-1", "ROW", "Lefèvre", "Renée", "F", 28, "Mme", "caesarean", 30),
)

EARLIER_RECORD = SpecialCase(
    9017 + 100, "earlier-record", "AMU", "Bērziņš", "Jānis", "M", 66, "Mr", stays=False
)
"""What the hospital already knew of Jānis Bērziņš; `earlier_record` gives the same birthday."""
LABORATORY_ONLY = SpecialCase(
    9150, "laboratory-only", "", "Tregenza", "Morwenna", "F", 57, "Mrs", stays=False
)
"""A general practitioner's patient: the laboratory knows her, the PAS does not."""


def make_earlier_record(duplicate: Person, seed: int, today: date) -> Person:
    """The first record of somebody who was registered twice: other numbers, same birthday."""
    first = EARLIER_RECORD.person(seed, today)
    return Person(
        mrn=first.mrn,
        nhs=first.nhs,
        family_name=first.family_name,
        given_name=first.given_name,
        gender=first.gender,
        born=duplicate.born,
        prefix=first.prefix,
        street=duplicate.street,
        town=duplicate.town,
        postcode=duplicate.postcode,
        phone=duplicate.phone,
        practice=duplicate.practice,
    )
