"""Which of two times is the later one, also where a clock does not say."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from downtime.feeds.model import Change
from downtime.snapshot.stamps import StampMaker

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)


def stamp(event, arrival, sent="", zone=LONDON):
    change = Change("Encounter", "PAS", "V1", event=event, sent=sent)
    return StampMaker(NOW, zone).make_stamp(change, arrival, 0)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("2026-10-25T00:50:00Z", "2026-10-25T00:05:00Z"),  # 01:50, then the second 01:05
        ("2026-10-24T23:59:00Z", "2026-10-25T00:00:00Z"),
        ("2026-10-25T00:59:00Z", "2026-10-25T01:00:00Z"),
    ],
)
def test_in_the_hour_that_happens_twice_arrival_decides(first, then):
    assert stamp(first, 1) < stamp(then, 2)
    assert stamp(first, 1, first) < stamp(then, 2, then)
    assert stamp(first, 1, first).sending < stamp(then, 2, then).sending


def test_on_any_other_day_the_time_decides():
    assert stamp("2026-10-26T00:50:00Z", 1) > stamp("2026-10-26T00:05:00Z", 2)
    assert stamp("2026-10-25T00:50:00Z", 1, zone=ZoneInfo("UTC")) > stamp(
        "2026-10-25T00:05:00Z", 2, zone=ZoneInfo("UTC")
    )


def test_of_one_minute_arrival_decides():
    minute = "2026-11-02T10:00:00Z"
    assert stamp(minute, 1) < stamp(minute, 2)


def test_a_time_that_has_not_come_is_the_time_of_the_message():
    assert stamp("2062-01-01T00:00:00Z", 1, "2026-11-02T10:00:00Z").moment == "2026-11-02T10:00:00Z"
    assert stamp("2062-01-01T00:00:00Z", 1, "2062-01-01T00:00:00Z").moment < "2026-11-02T10:00:00Z"


@pytest.mark.parametrize("unknown", ["", "2062-01-01T00:00:00Z"])
def test_what_no_time_is_known_of_counts_as_sent_with_the_newest_before_it(unknown):
    stamps = StampMaker(NOW, LONDON, newest="2026-11-02T09:00:00Z")
    change = Change("Encounter", "PAS", "V1", event=unknown, sent=unknown)
    assert stamps.make_stamp(change, 1, 0).moment == "2026-11-02T09:00:00Z"
    stamps.make_stamp(change._replace(sent="2026-11-02T10:00:00Z"), 2, 0)
    assert stamps.make_stamp(change, 3, 0).sending[0] == "2026-11-02T10:00:00Z"
