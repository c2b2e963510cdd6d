from datetime import date
from zoneinfo import ZoneInfo

import pytest

from downtime.feeds import times
from downtime.feeds.tables import dates

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("2026", "2026"),
        ("202611", "2026-11"),
        ("20261102", "2026-11-02"),
        ("20261102+0100", "2026-11-02"),
        ("2026110214", "2026-11-02T14:00:00Z"),
        ("202611021405", "2026-11-02T14:05:00Z"),
        ("20261102140530.1234", "2026-11-02T14:05:30Z"),
        ("202607021405", "2026-07-02T13:05:00Z"),
        ("202611021405+0100", "2026-11-02T13:05:00Z"),
        ("202611020005-0930", "2026-11-02T09:35:00Z"),
        ("2026-11-02T14:05:00+02:00", "2026-11-02T12:05:00Z"),
        ("2026-11-02T14:05:00.123Z", "2026-11-02T14:05:00Z"),
        ("2026-11-02 14:05", "2026-11-02T14:05:00Z"),
        ("2026-11", "2026-11"),
    ],
)
def test_a_time_is_stored_as_utc_and_a_date_stays_a_date(sent, stored):
    assert times.parse_time(sent, LONDON) == stored


@pytest.mark.parametrize(
    "sent",
    ["", "0000", "00000000", "20261301", "20260230", "202611022561", "soon", "20", "2026110214050"],
)
def test_what_is_no_time_is_not_said(sent):
    assert times.parse_time(sent, LONDON) == ""


def test_the_hour_that_is_skipped_in_spring_is_read_as_winter_time():
    assert times.parse_time("202603290130", LONDON) == "2026-03-29T01:30:00Z"


def test_the_hour_that_happens_twice_in_autumn_is_the_first_of_the_two():
    assert times.parse_time("202610250130", LONDON) == "2026-10-25T00:30:00Z"


def test_a_zone_tells_the_two_hours_apart():
    assert times.parse_time("202610250130+0000", LONDON) == "2026-10-25T01:30:00Z"


def test_a_date_of_birth_is_never_moved_by_a_zone():
    assert times.parse_date("198808180030+0215", LONDON) == "1988-08-18"
    assert times.parse_date("1988", LONDON) == "1988"


def test_a_bare_date_orders_no_events():
    assert times.parse_instant("20261102", LONDON) == ""


@pytest.mark.parametrize(
    ("written", "order", "meant"),
    [
        ("02/11/2026", "dmy", "2026-11-02"),
        ("02/11/2026", "mdy", "2026-02-11"),
        ("2/11/26", "dmy", "2026-11-02"),
        ("04/03/62", "dmy", "1962-03-04"),
        ("2026-11-02", "dmy", "2026-11-02"),
        ("02-Nov-2026", "dmy", "2026-11-02"),
        ("Mon 2nd November 2026", "dmy", "2026-11-02"),
        ("02/11/2026 14:30", "dmy", "2026-11-02T14:30"),
        ("2026-11-02 9:05", "dmy", "2026-11-02T09:05"),
        ("02-Nov-2026 2.30 pm", "dmy", "2026-11-02T14:30"),
        ("31/02/2026", "dmy", ""),
        ("Theatre 3", "dmy", ""),
    ],
)
def test_dates_in_lists(written, order, meant):
    assert dates.parse_moment(written, order, date(2026, 11, 2)) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("14:30", "14:30"),
        ("1430", "14:30"),
        ("9.05", "09:05"),
        ("12:10 am", "00:10"),
        ("25:00", ""),
    ],
)
def test_times_of_day_in_lists(written, meant):
    assert dates.parse_clock(written) == meant


@pytest.mark.parametrize(
    ("sent", "moment"),
    [
        ("202610250059", "2026-10-24T23:59:00Z"),
        ("202610250110", "2026-10-25T00:00:00Z"),
        ("202610250150", "2026-10-25T00:00:00Z"),
        ("202610250200", "2026-10-25T02:00:00Z"),
        ("202610250150+0000", "2026-10-25T01:50:00Z"),
        ("202611020150", "2026-11-02T01:50:00Z"),
    ],
)
def test_of_what_was_sent_in_the_hour_that_happens_twice_arrival_decides(sent, moment):
    assert times.parse_instant(sent, LONDON) == moment


def test_half_an_hour_that_happens_twice_is_one_moment_too():
    lord_howe = ZoneInfo("Australia/Lord_Howe")
    first, last = (times.parse_instant(f"2026040501{m}", lord_howe) for m in ("31", "59"))
    assert first == last > times.parse_instant("202604050129", lord_howe)
