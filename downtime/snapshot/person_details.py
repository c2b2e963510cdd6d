"""Name, birth date and sex, as far as they tell two people apart: pure."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple, Self

from downtime.feeds.model import Value

_MARK = "\x1f"


class PersonDetails(NamedTuple):
    """What was sent of a person beside their number, in one spelling; empty text is 'not said'."""

    family: str = ""
    given_name: str = ""
    birth_date: str = ""
    gender: str = ""

    def __str__(self) -> str:
        return _MARK.join(self) if any(self) else ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """The details in what `str` wrote."""
        return cls(*text.split(_MARK)) if text else cls()

    @classmethod
    def of_patient(cls, fields: Mapping[str, Value]) -> Self:
        """Those of the fields of a Patient; of the given names the first."""
        gender = str(fields.get("gender", ""))
        return cls(
            _simplify(str(fields.get("family", ""))),
            _simplify(next(iter(str(fields.get("given", "")).split()), "")),
            str(fields.get("birth_date", "")),
            gender if gender in ("male", "female") else "",
        )

    def contradicts(self, other: "PersonDetails") -> bool:
        """Whether anything that is said of both differs; an initial stands for its name."""
        return (
            _differ(self.family, other.family)
            or _are_other_names(self.given_name, other.given_name)
            or _differ(self.birth_date, other.birth_date)
            or _differ(self.gender, other.gender)
        )

    def is_same_person(self, other: "PersonDetails") -> bool:
        """Whether name and birth date are said of both and agree."""
        is_named = bool(self.family and self.birth_date)
        return is_named and self[:3] == other[:3]

    def is_other_person(self, other: "PersonDetails") -> bool:
        """Whether name, birth date and sex all differ: a wrong number, and no correction."""
        return (
            _differ(self.birth_date, other.birth_date)
            and _differ(self.gender, other.gender)
            and (
                _differ(self.family, other.family)
                or _are_other_names(self.given_name, other.given_name)
            )
        )


@lru_cache(maxsize=16_384)
def _simplify(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def _differ(first: str, second: str) -> bool:
    return bool(first and second) and first != second


def _are_other_names(first: str, second: str) -> bool:
    return not (first.startswith(second) or second.startswith(first))
