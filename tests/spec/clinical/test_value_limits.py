"""The table of limits is whole: what is refused lies beyond what is asked about, sources are named."""

from datetime import date
from decimal import Decimal

import pytest

from downtime.clinical.terminology import find_ucum
from downtime.clinical.value_limits import (
    CENTILES,
    VALUE_LIMITS,
    age_in_years,
    find_limits_by_code,
    find_limits_by_test,
)

ROWS = pytest.mark.parametrize("row", VALUE_LIMITS.values(), ids=lambda row: row.name)


@ROWS
def test_what_is_asked_about_is_possible(row):
    for limit in (*row.ask, *row.ask_child):
        beyond = Decimal("0.001") if ">" in limit.operator else Decimal("-0.001")
        assert row.find_refused(limit.number + beyond) is None


@ROWS
def test_each_row_names_a_source_or_says_that_it_has_none(row):
    assert row.sources
    assert row.refuse
    assert row.centiles in ("", *CENTILES)


@pytest.mark.parametrize("rows", CENTILES.values(), ids=list(CENTILES))
def test_centiles_go_up_in_age_and_down_in_rate(rows):
    ages, low, high = zip(*rows, strict=True)
    assert list(ages) == sorted(ages)
    assert list(low) == sorted(low, reverse=True)
    assert list(high) == sorted(high, reverse=True)


@pytest.mark.parametrize(
    ("name", "age", "asked", "passed"),
    [
        ("pulse", None, ["39", "131"], ["40", "130"]),
        ("pulse", 16.0, ["39", "131"], ["40", "130"]),
        ("pulse", 15.9, ["42", "105"], ["43", "104"]),
        ("pulse", 0.1, ["106", "182"], ["107", "181"]),
        ("respirations", 0.1, ["24", "67"], ["25", "66"]),
        ("respirations", 40.0, ["7", "31"], ["8", "30"]),
        ("glucose", 10.0, ["2.4", "15.1"], ["2.5", "15"]),
        ("glucose", 40.0, ["2.4", "25.1"], ["2.5", "25"]),
        ("sodium", 10.0, ["130", "160"], ["131", "159"]),
        ("sodium", 40.0, ["120", "160"], ["121", "159"]),
        ("urea", 10.0, ["10"], ["9.9"]),
        ("urea", 40.0, ["30"], ["29.9"]),
        ("systolic", 10.0, [], ["70", "230"]),
        ("systolic", 40.0, ["79", "221"], ["80", "220"]),
    ],
)
def test_limits_by_age(name, age, asked, passed):
    row = VALUE_LIMITS[name]
    assert all(row.find_unusual(Decimal(text), age) for text in asked)
    assert not any(row.find_unusual(Decimal(text), age) for text in passed)


def test_rows_are_found_by_code_and_by_the_name_of_a_test():
    assert find_limits_by_code("8867-4").name == "pulse"
    assert find_limits_by_test("  Blood   GLUCOSE ").name == "glucose"
    assert find_limits_by_test("culture") is find_limits_by_code("") is None


def test_units_are_those_of_paper():
    for unit, name in (
        ("/min", "pulse"),
        ("°C", "temperature"),
        ("mmHg", "systolic"),
        ("kg", "weight"),
    ):
        assert find_ucum(unit) == VALUE_LIMITS[name].ucum


@pytest.mark.parametrize(
    ("born", "years"), [("2026-11-02", 0), ("2010-11-03", 16), ("2027-01-01", None), ("", None)]
)
def test_ages(born, years):
    age = age_in_years(born, date(2026, 11, 2))
    assert age is None if years is None else round(age, 1) == years
