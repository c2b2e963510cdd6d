"""Invented people: NHS numbers of the 999 range, plausible names, ages and addresses."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from operator import mul
from random import Random

from downtime.demo.randomness import random_for
from downtime.demo.tables import NAME_GROUPS, PRACTICES, STREETS, TOWNS

VERIFIED, UNTRACED = "01", "02"
"""NHS number tracing status (NHS Data Dictionary), as PAS systems send it in PID-32."""
_WEIGHTS = tuple(group.weight for group in NAME_GROUPS)
_POSTCODE_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
_NUMBERS = 900_000
_WEIGHTS_OF_DIGITS = range(10, 1, -1)
_STRIDE = 7919
"""Prime, so that walking in this stride meets each number once."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the hospital knows; `gender` is M, F or U, `born` is None when nobody knows."""

    mrn: str
    nhs: str
    family_name: str
    given_name: str
    gender: str
    born: date | None
    prefix: str = ""
    nhs_status: str = VERIFIED
    alias: tuple[str, str] = ("", "")
    """Family and given name as written in another script."""
    street: str = ""
    town: str = ""
    postcode: str = ""
    phone: str = ""
    practice: tuple[str, str] = PRACTICES[0]

    @property
    def given_names(self) -> tuple[str, str]:
        """The first given name, and all others."""
        first, _, others = self.given_name.partition(" ")
        return first, others

    def age(self, today: date) -> int:
        """Completed years; 50 when the date of birth is not known."""
        if self.born is None:
            return 50
        return today.year - self.born.year - ((today.month, today.day) < _month_day(self.born))


def _month_day(day: date) -> tuple[int, int]:
    return day.month, day.day


def make_nhs_number(index: int, seed: int) -> str:
    """The NHS number of person `index` (below 900,000): of the 999 range, never given twice.

    Source: NHS Data Dictionary, NHS NUMBER (modulus 11); 999 000 0000 and up are never real.
    """
    block = (index * _STRIDE + seed * 101) % 100_000
    valid = (digits for last in range(10) if (digits := _add_check_digit(f"999{block:05}{last}")))
    return next(islice(valid, index // 100_000, None))


def _add_check_digit(body: str) -> str:
    check = 11 - sum(map(mul, map(int, body), _WEIGHTS_OF_DIGITS)) % 11
    return "" if check == 10 else body + str(check % 11)


def make_hospital_number(index: int) -> str:
    """`H` and six digits, different for each index below 900,000."""
    return f"H{100_000 + index * _STRIDE % _NUMBERS}"


def make_person(
    seed: int, index: int, today: date, ages: tuple[float, float], gender: str = ""
) -> Person:
    """Person number `index`: aged between `ages` (years) on `today`, of any sex when none is given."""
    dice = random_for(seed, "person", index)
    gender = gender or dice.choice("MF")
    group = dice.choices(NAME_GROUPS, _WEIGHTS)[0]
    youngest, oldest = int(ages[0] * 365.25), int(ages[1] * 365.25)
    town, area = dice.choice(TOWNS)
    born = today - timedelta(days=dice.randint(youngest, oldest))
    return Person(
        mrn=make_hospital_number(index),
        nhs=make_nhs_number(index, seed),
        family_name=dice.choice(group.families),
        given_name=dice.choice(group.men if gender == "M" else group.women),
        gender=gender,
        born=born,
        prefix=_prefix(dice, gender, (today - born).days // 365),
        street=f"{dice.randint(1, 180)} {dice.choice(STREETS)}",
        town=town,
        postcode=f"{area} {dice.randint(1, 9)}{''.join(dice.choices(_POSTCODE_LETTERS, k=2))}",
        phone=f"07700 900{dice.randint(0, 999):03}",
        practice=dice.choice(PRACTICES),
    )


def _prefix(dice: Random, gender: str, years: int) -> str:
    if years < 16:
        return "Master" if gender == "M" else "Miss"
    if gender == "M":
        return "Dr" if dice.random() < 0.02 else "Mr"
    return dice.choices(("Mrs", "Miss", "Ms", "Dr"), (60, 20, 18, 2))[0]
