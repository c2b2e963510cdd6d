"""When two values, doses or units are the same, as hospitals write them. Pure."""

import re
from decimal import Decimal

from downtime.config import read_data_file

_TABLES = read_data_file("downtime.clinical", "units.toml")
_UNITS = _TABLES["units"]
_FACTORS = {
    (unit, other): Decimal(factor)
    for unit, factors in _TABLES["factors"].items()
    for other, factor in factors.items()
}
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_DOSE = re.compile(r"\s*([+-]?\d+(?:[.,]\d+)?)\s*(.*?)\s*", re.DOTALL)


def fold_unit(text: str) -> str:
    """A unit without case or spaces, micro as `u`, powers of ten as `10^9`."""
    plain = text.casefold().replace("µ", "u").replace("μ", "u").replace("⁹", "^9")
    plain = re.sub(r"[\s·.]", "", plain).replace("×", "x").replace("*", "^").replace("mcg", "ug")
    return str(_UNITS.get(plain, plain))


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
