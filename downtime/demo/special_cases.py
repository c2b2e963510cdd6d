"""People whom a snapshot, a wristband or a comparison may get wrong: `data/special_cases.yaml`."""

from dataclasses import dataclass, replace
from datetime import date

from downtime.demo.people import UNTRACED, VERIFIED, Person, make_person
from downtime.demo.tables import read_table

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
        named = replace(
            drawn,
            nhs=drawn.nhs if self.nhs else "",
            nhs_status=(VERIFIED if self.traced else UNTRACED) if self.nhs else "",
            family_name=self.family_name,
            given_name=self.given_name,
            prefix=self.prefix,
            gender=self.gender,
            alias=self.alias,
        )
        unknown = {"street": "", "town": "", "postcode": "", "phone": "", "practice": ("", "")}
        return named if self.known else replace(named, born=None, **unknown)  # type: ignore[arg-type]


_table = read_table("special_cases")
CASES = tuple(SpecialCase(**row) for row in _table["cases"])
EARLIER_RECORD = SpecialCase(**_table["earlier_record"])
"""`make_earlier_record` gives it the birthday of the person who is registered twice."""
LABORATORY_ONLY = SpecialCase(**_table["laboratory_only"])


def make_earlier_record(duplicate: Person, seed: int, today: date) -> Person:
    """The first record of somebody who was registered twice: other numbers, same birthday."""
    first = EARLIER_RECORD.person(seed, today)
    same = ("born", "street", "town", "postcode", "phone", "practice")
    return replace(first, **{name: getattr(duplicate, name) for name in same})
