"""When two results say the same: names of tests, numbers and units as hospitals write them. Pure."""

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from downtime.clinical.model import Observation, ServiceRequest
from downtime.config import read_data_file
from downtime.entry.facts import Fact

_TABLES = read_data_file("downtime.reconcile.rules", "equivalents.toml")
_NAMES, _UNITS = _TABLES["tests"], _TABLES["units"]
_FACTORS = {
    (unit, other): Decimal(factor)
    for unit, factors in _TABLES["factors"].items()
    for other, factor in factors.items()
}
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


@lru_cache(maxsize=8192)
def fold_test_name(text: str) -> str:
    """A test's code or name without case, accents and signs; short forms in full (`K+` → potassium)."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    word = "".join(c for c in plain if c.isalnum())
    return str(_NAMES.get(word, word))


def fold_unit(text: str) -> str:
    """A unit without case or spaces, micro as `u`, powers of ten as `10^9`."""
    plain = text.casefold().replace("µ", "u").replace("μ", "u").replace("⁹", "^9")
    plain = re.sub(r"[\s·.]", "", plain).replace("×", "x").replace("*", "^").replace("mcg", "ug")
    return str(_UNITS.get(plain, plain))


_DOSE = re.compile(r"\s*([+-]?\d+(?:[.,]\d+)?)\s*(.*?)\s*", re.DOTALL)


def is_same_dose(dose: str, other: str) -> bool:
    """Whether two doses are the same: `1 g` and `1000 mg`; words are equal without case."""
    first, second = _DOSE.fullmatch(dose), _DOSE.fullmatch(other)
    if not (first and second):
        return is_same_value(dose, "", other, "") is True
    amount, other_amount = (match[1].replace(",", ".") for match in (first, second))
    return is_same_value(amount, first[2], other_amount, second[2]) is True


def is_same_value(value: str, units: str, other: str, other_units: str) -> bool | None:
    """Whether two values are the same; None when their units cannot be compared.

    Numbers are equal as numbers (`4.10` and `4.1`), never by rounding; words are equal without
    case. A unit that was not said is taken to be the other's.
    """
    first, second = value.strip().casefold(), other.strip().casefold()
    unit, other_unit = fold_unit(units), fold_unit(other_units)
    if not (_NUMBER.fullmatch(first) and _NUMBER.fullmatch(second)):
        return re.sub(r"\s+", " ", first) == re.sub(r"\s+", " ", second)
    if not unit or not other_unit or unit == other_unit:
        return Decimal(first) == Decimal(second)
    if (factor := _FACTORS.get((unit, other_unit))) is not None:
        return Decimal(first) * factor == Decimal(second)
    if (factor := _FACTORS.get((other_unit, unit))) is not None:
        return Decimal(second) * factor == Decimal(first)
    return None


def names_of_fact(fact: Fact) -> set[str]:
    """The names that paper gives a test; none of a mere `other`."""
    return names_in_fields(fact.fields)


def names_in_fields(fields: Mapping[str, str]) -> set[str]:
    """The names of a test in a fact's fields; none of a mere `other`."""
    return {
        fold_test_name(fields.get("code", "")),
        fold_test_name(fields.get("display", "")),
    } - _NO_NAME


def names_of_record(live: ServiceRequest | Observation) -> set[str]:
    """The names that the system gives a test."""
    return {fold_test_name(live.code), fold_test_name(live.display)} - {""}


_NO_NAME = frozenset(("", "other"))
