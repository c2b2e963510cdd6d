"""How names, dates, numbers and ages are shown: each row is a rule a clinician can read."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from downtime.clinical import display
from downtime.clinical.model import AllergyIntolerance, Patient

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("family", "given_name", "prefix", "shown"),
    [
        ("Okafor", "Chidi", "Mr", "OKAFOR, Chidi (Mr)"),
        ("Ó Súilleabháin", "Áine", "", "Ó SÚILLEABHÁIN, Áine"),
        ("Suharto", "", "", "SUHARTO"),
        ("", "Unknown Male", "", "UNKNOWN SURNAME, Unknown Male"),
    ],
)
def test_names(family, given_name, prefix, shown):
    patient = Patient(id="1", family=family, given=given_name, prefix=prefix)
    assert display.format_name(patient) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("2026-01-02", "02-Jan-2026"),
        ("2026-01", "Jan-2026"),
        ("2026", "2026"),
        ("", ""),
        ("2026-01-02T14:05:00Z", "02-Jan-2026 14:05"),
        ("2026-07-02T14:05:00Z", "02-Jul-2026 15:05"),  # summer time in London
        ("2026-10-25T00:30:00Z", "25-Oct-2026 01:30 BST"),  # this hour happens twice
        ("2026-10-25T01:30:00Z", "25-Oct-2026 01:30 GMT"),
        ("2026-10-25T02:30:00Z", "25-Oct-2026 02:30"),
    ],
)
def test_moments(value, shown):
    assert display.format_moment(value, LONDON) == shown


@pytest.mark.parametrize(
    ("born", "shown"),
    [
        ("2026-10-31", "2d"),
        ("2026-10-05", "4w"),
        ("2025-11-03", "52w"),
        ("2025-11-02", "12m"),
        ("2024-11-03", "23m"),
        ("2024-11-02", "2y"),
        ("1960-11-03", "65y"),
        ("1960-11-02", "66y"),
        ("1960-11", ""),  # not known to the day
        ("2026-11-03", ""),  # not yet born: never a negative age
    ],
)
def test_ages(born, shown):
    assert display.format_age(born, date(2026, 11, 2)) == shown


def test_an_nhs_number_stays_on_one_line_in_groups():
    assert display.format_nhs_number("9990000018") == "999\u00a0000\u00a00018"


def test_a_missing_date_of_birth_is_said_not_left_blank():
    assert display.format_birth(Patient(id="1"), date(2026, 11, 2)) == "Not recorded"


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(seconds=59), "0 min"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=3, minutes=5), "3 h 05 min"),
        (timedelta(hours=28), "1 day 4 h"),
        (timedelta(days=9), "9 days 0 h"),
        (timedelta(seconds=-5), "0 min"),
    ],
)
def test_durations(span, text):
    assert display.format_duration(span) == text


@pytest.mark.parametrize(
    ("fields", "harm", "note"),
    [
        ({"severity": "severe", "criticality": "high"}, "severe, high risk", ""),
        ({"criticality": "unable-to-assess"}, "", ""),
        ({"verification": "confirmed"}, "", ""),
        ({"verification": "unconfirmed", "note": "told by\nher son"}, "", "unconfirmed; told by; her son"),
    ],
)  # fmt: skip
def test_how_bad_and_how_sure_an_allergy_is(fields, harm, note):
    allergy = AllergyIntolerance(id="1", **fields)
    assert display.describe_allergy_harm(allergy) == harm
    assert display.describe_allergy_note(allergy) == note


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("10^9/L", "10⁹/L"),
        ("x10^9/L", "x10⁹/L"),
        ("10*12/L", "10¹²/L"),
        ("10*-3/uL", "10⁻³/uL"),
        ("mmol/L", "mmol/L"),
        ("110^9", "110^9"),
        ("", ""),
    ],
)
def test_powers_of_ten_in_a_unit_are_written_as_people_write_them(sent, shown):
    assert display.format_units(sent) == shown
