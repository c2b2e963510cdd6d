"""Dates and times as people type them, in the site's own zone."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from downtime.entry import typed_times
from downtime.errors import InputError

TODAY = date(2026, 11, 2)
LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("021126", "2026-11-02"),
        ("02112026", "2026-11-02"),
        ("2/11/26", "2026-11-02"),
        ("2.11.2026", "2026-11-02"),
        ("02-Nov-2026", "2026-11-02"),
        ("2 november 26", "2026-11-02"),
        ("2026-11-02", "2026-11-02"),
        ("29/2/24", "2024-02-29"),
    ],
)
def test_a_date_is_day_first(text, iso):
    assert typed_times.parse_date(text, TODAY) == iso


@pytest.mark.parametrize(
    "text", ["", "31/2/26", "11/13/26", "2026", "yesterday", "2/11", "00/00/00"]
)
def test_what_is_no_date_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        typed_times.parse_date(text, TODAY)


@pytest.mark.parametrize(
    ("digits", "past", "any_time"),
    [("26", 2026, 2026), ("27", 1927, 2027), ("60", 1960, 2060), ("77", 1977, 1977)],
)
def test_a_short_year_is_in_the_past_for_a_birth(digits, past, any_time):
    assert typed_times.parse_date(f"0102{digits}", TODAY, past=True) == f"{past}-02-01"
    assert typed_times.parse_date(f"0102{digits}", TODAY) == f"{any_time}-02-01"


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1430", "14:30"),
        ("14:30", "14:30"),
        ("14.30", "14:30"),
        ("930", "09:30"),
        ("14:30:00", "14:30"),
    ],
)
def test_a_time_needs_no_colon(text, time):
    assert typed_times.parse_time(text) == time


@pytest.mark.parametrize("text", ["", "2460", "25:00", "14", "half past two", "14:3"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        typed_times.parse_time(text)


@pytest.mark.parametrize(
    "text",
    ["021126 1430", "2/11/26 14:30", "2 11 26 1430", "2026-11-02T14:30", "2026-11-02 14:30:00"],
)
def test_date_and_time_together(text):
    assert typed_times.parse_moment(text, TODAY) == "2026-11-02T14:30"


@pytest.mark.parametrize(
    ("hour", "moment"), [("23:50", "2026-11-01T23:50"), ("00:10", "2026-11-02T00:10")]
)
def test_a_time_alone_is_the_last_one_before_the_event(hour, moment):
    assert typed_times.parse_moment_near(hour, TODAY, "2026-11-02", "00:30") == moment


@pytest.mark.parametrize(
    ("day", "hour", "utc"),
    [
        ("2026-11-02", "14:30", "2026-11-02T14:30:00Z"),
        ("2026-07-02", "14:30", "2026-07-02T13:30:00Z"),
        ("2026-10-25", "01:30", "2026-10-25T00:30:00Z"),  # twice that night: the first
        ("2026-10-25", "01:30 BST", "2026-10-25T00:30:00Z"),
        ("2026-10-25", "01:30 GMT", "2026-10-25T01:30:00Z"),
    ],
)
def test_local_times_become_instants(day, hour, utc):
    assert typed_times.to_utc(day, hour, LONDON) == utc


@pytest.mark.parametrize("hour", ["01:30", "14:30 EST"])
def test_a_time_that_did_not_exist_is_refused(hour):
    with pytest.raises(ValueError, match="did not exist"):
        typed_times.to_utc("2026-03-29", hour, LONDON)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("", ""),
        ("02:15", "2026-11-02T02:15:00Z"),
        ("2240", "2026-11-01T22:40:00Z"),
        ("1/11/26 22:40", "2026-11-01T22:40:00Z"),
        ("25 Oct 2026 01:30 GMT", "2026-10-25T01:30:00Z"),
    ],
)
def test_a_time_alone_is_the_last_one_that_has_been(typed, stored):
    now = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
    assert typed_times.parse_past_time(typed, now, LONDON) == stored


def test_what_is_no_past_time_is_refused_with_how_to_type_it():
    with pytest.raises(InputError, match="Type it as 0215"):
        typed_times.parse_past_time("soon", datetime.now(UTC), LONDON)
