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
    ("digits", "year"),
    [("26", 2026), ("27", 2027), ("25", 2025), ("62", 2062), ("60", 2060), ("77", 1977)],
)
def test_a_short_year_is_the_one_nearest_to_today(digits, year):
    """`62` for `26` is a time to come, which is refused; it never falls back to 1962."""
    assert typed_times.parse_date(f"0102{digits}", TODAY) == f"{year}-02-01"


@pytest.mark.parametrize("text", ["020160", "2/1/60", "2 Jan 26", "02-Jan-03"])
def test_of_a_birth_all_four_digits_are_asked_for(text):
    with pytest.raises(typed_times.ShortYearError):
        typed_times.parse_date(text, TODAY, is_birth=True)


@pytest.mark.parametrize("text", ["02011960", "2/1/1960", "2 Jan 1960", "1960-01-02"])
def test_a_birth_with_its_whole_year_is_read(text):
    assert typed_times.parse_date(text, TODAY, is_birth=True) == "1960-01-02"


def test_a_moment_with_a_slip_in_its_year_stays_in_this_century():
    assert typed_times.parse_moment("021162 1430", TODAY) == "2062-11-02T14:30"


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
        ("2026-10-25", "01:30", "2026-10-25T00:30:00Z"),  # kept before it was asked: the first
        ("2026-10-25", "01:30 BST", "2026-10-25T00:30:00Z"),
        ("2026-10-25", "01:30 GMT", "2026-10-25T01:30:00Z"),
    ],
)
def test_local_times_become_instants(day, hour, utc):
    assert typed_times.to_utc(day, hour, LONDON) == utc


@pytest.mark.parametrize(
    ("day", "hour", "kept", "utc"),
    [
        ("2026-10-25", "01:30 BST", "01:30+01:00", "2026-10-25T00:30:00Z"),
        ("2026-10-25", "01:30 GMT", "01:30+00:00", "2026-10-25T01:30:00Z"),
        ("2026-10-25", "01:30+01:00", "01:30+01:00", "2026-10-25T00:30:00Z"),
        ("2026-10-25", "01:00+00:00", "01:00+00:00", "2026-10-25T01:00:00Z"),
        ("2026-10-25", "00:59", "00:59", "2026-10-24T23:59:00Z"),
        ("2026-10-25", "02:00", "02:00", "2026-10-25T02:00:00Z"),
        ("2026-11-02", "14:30", "14:30", "2026-11-02T14:30:00Z"),
    ],
)
def test_a_time_of_the_hour_that_happens_twice_is_kept_with_its_offset(day, hour, kept, utc):
    settled = typed_times.settle_time(day, hour, LONDON)
    assert (settled, typed_times.to_utc(day, settled, LONDON)) == (kept, utc)


@pytest.mark.parametrize("hour", ["01:00", "01:30", "01:59"])
def test_without_a_word_which_of_the_two_it_is_asked(hour):
    with pytest.raises(typed_times.RepeatedHourError) as asked:
        typed_times.settle_moment(f"2026-10-25T{hour}", LONDON)
    assert [tuple(choice) for choice in asked.value.choices] == [
        ("+01:00", "BST"),
        ("+00:00", "GMT"),
    ]


@pytest.mark.parametrize("hour", ["01:30 CET", "01:30+02:00"])
def test_an_offset_that_no_clock_showed_that_night_is_refused(hour):
    with pytest.raises(ValueError, match="did not exist"):
        typed_times.settle_time("2026-10-25", hour, LONDON)


def test_a_past_time_of_that_hour_is_asked_on_every_screen():
    with pytest.raises(InputError, match=r"happened twice.*BST.*GMT"):
        typed_times.parse_past_time("25/10/26 0130", datetime(2026, 11, 2, tzinfo=UTC), LONDON)


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
