"""Which values of a measurement are impossible, and which are unusual at an age: `value_limits.toml`. Pure.

The figures are a hospital's to check: docs/plausibility.md shows each with its source and who signed it.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from downtime.config import read_data_file

_TABLE = read_data_file("downtime.clinical", "value_limits.toml")
_OPERATORS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
SOURCES: Mapping[str, str] = _TABLE["sources"]
CENTILES: Mapping[str, list[list[float]]] = _TABLE["centiles"]
CHILD_UNDER_YEARS: int = _TABLE["ages"]["child_under_years"]
_DAYS_OF_YEAR = 365.25


class Limit(NamedTuple):
    """One bound: `<`, `<=`, `>` or `>=`, and a number."""

    operator: str
    number: Decimal

    def is_met(self, value: Decimal) -> bool:
        """Whether a value lies there."""
        return _OPERATORS[self.operator](value, self.number)

    def __str__(self) -> str:
        return f"{self.operator} {self.number}"


class MistakenUnit(NamedTuple):
    """Values that say that another unit was written, and the question about it."""

    low: Decimal
    high: Decimal
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueLimits:
    """The limits of one kind of measurement; `ask` holds where the person is grown up or of unknown age."""

    name: str
    title: str
    ucum: str
    refuse: tuple[Limit, ...]
    ask: tuple[Limit, ...]
    ask_child: tuple[Limit, ...]
    centiles: str
    step: Decimal | None
    mistaken: MistakenUnit | None
    sources: tuple[str, ...]
    unsourced: str
    signed: str

    def find_refused(self, value: Decimal) -> Limit | None:
        """The bound beyond which a value is impossible."""
        return next((limit for limit in self.refuse if limit.is_met(value)), None)

    def find_unusual(self, value: Decimal, age_years: float | None) -> Limit | None:
        """The bound beyond which a value is asked about at this age."""
        return next((limit for limit in self.list_soft(age_years) if limit.is_met(value)), None)

    def list_soft(self, age_years: float | None) -> tuple[Limit, ...]:
        """What is asked about at an age (None: not known)."""
        if age_years is None or age_years >= CHILD_UNDER_YEARS:
            return self.ask
        for under, low, high in CENTILES.get(self.centiles, ()):
            if age_years < under:
                return Limit("<", _decimal(low)), Limit(">", _decimal(high))
        return self.ask_child

    def find_mistaken_unit(self, value: Decimal) -> str:
        """The question about the unit that such a value raises; else empty."""
        mistaken = self.mistaken
        return mistaken.sentence if mistaken and mistaken.low <= value <= mistaken.high else ""


def age_in_years(birth_date: str, day: date) -> float | None:
    """Age on a day, in years with their part; None without a whole date of birth, or before it."""
    try:
        days = (day - date.fromisoformat(birth_date)).days
    except ValueError:
        return None
    return days / _DAYS_OF_YEAR if days >= 0 else None


def find_limits_by_code(code: str) -> ValueLimits | None:
    """The limits of what a code stands for."""
    return _BY_CODE.get(code)


def find_limits_by_test(name: str) -> ValueLimits | None:
    """The limits of a test as people write its name."""
    return _BY_TEST.get(re.sub(r"\s+", " ", name).strip().casefold())


def _decimal(number: float) -> Decimal:
    return Decimal(str(number))


def _read_limits(texts: list[str]) -> tuple[Limit, ...]:
    pairs = (text.split() for text in texts)
    return tuple(Limit(sign, Decimal(number)) for sign, number in pairs)


def _read_row(name: str, row: Mapping[str, Any]) -> ValueLimits:
    ask, mistaken = row.get("ask", []), row.get("mistaken")
    return ValueLimits(
        name=name,
        title=row["title"],
        ucum=row.get("ucum", ""),
        refuse=_read_limits(row["refuse"]),
        ask=_read_limits(ask),
        ask_child=_read_limits(row.get("ask_child", ask)),
        centiles=row.get("centiles", ""),
        step=_decimal(row["step"]) if "step" in row else None,
        mistaken=MistakenUnit(
            _decimal(mistaken["from"]), _decimal(mistaken["to"]), mistaken["sentence"]
        )
        if mistaken
        else None,
        sources=tuple(SOURCES[source] for source in row["source"]),
        unsourced=row.get("unsourced", ""),
        signed=row["signed"],
    )


VALUE_LIMITS: Mapping[str, ValueLimits] = {
    name: _read_row(name, row) for name, row in _TABLE["limits"].items()
}
"""By name."""
_BY_CODE = {
    code: VALUE_LIMITS[name]
    for name, row in _TABLE["limits"].items()
    for code in row.get("codes", ())
}
_BY_TEST = {
    test: VALUE_LIMITS[name]
    for name, row in _TABLE["limits"].items()
    for test in row.get("names", ())
}
