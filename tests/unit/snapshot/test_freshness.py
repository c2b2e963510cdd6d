"""How old data is, in words."""

from datetime import timedelta

import pytest

from downtime.settings import Settings, SnapshotSettings, SystemsSettings
from downtime.snapshot.freshness import (
    CLOCK_TOLERANCE,
    describe_clock_fault,
    find_stale_time,
    list_freshness,
)
from downtime.snapshot.header import SystemTime
from tests.conftest import NOW

SETTINGS = Settings(
    systems=SystemsSettings(names=("PAS", "LIMS")),
    snapshot=SnapshotSettings(fresh_minutes=30, stale_minutes=240),
)


def lims(newest, **changed):
    freshness = list_freshness([SystemTime("LIMS", newest)], NOW, SETTINGS, **changed)
    return {age.system: age for age in freshness}["LIMS"]


@pytest.mark.parametrize(
    ("newest", "level", "sentence"),
    [
        ("2026-11-02T14:05:00Z", "fresh", "LIMS as at 02-Nov-2026 14:05 (25 min old)"),
        ("2026-11-02T14:00:00Z", "fresh", "LIMS as at 02-Nov-2026 14:00 (30 min old)"),
        ("2026-11-02T13:59:00Z", "ageing", "LIMS as at 02-Nov-2026 13:59 (31 min old)"),
        ("2026-11-02T10:30:00Z", "ageing", "LIMS as at 02-Nov-2026 10:30 (4 h 00 min old)"),
        ("2026-11-02T10:29:00Z", "stale", "LIMS as at 02-Nov-2026 10:29 (4 h 01 min old)"),
        ("2026-11-02T14:31:00Z", "fresh", "LIMS as at 02-Nov-2026 14:31 (0 min old)"),
    ],
)
def test_words_and_levels(newest, level, sentence):
    assert (lims(newest).level, lims(newest).sentence) == (level, sentence)


def test_a_system_without_data_is_unavailable_and_comes_in_its_place():
    freshness = list_freshness([SystemTime("Pharmacy", "2026-11-02T14:30:00Z")], NOW, SETTINGS)
    assert [(age.system, age.level) for age in freshness] == [
        ("PAS", "unavailable"),
        ("LIMS", "unavailable"),
        ("Pharmacy", "fresh"),
    ]
    assert (freshness[0].age, freshness[0].sentence) == (None, "PAS no data held")


def test_under_a_clock_that_went_back_nothing_is_fresh():
    """How long it was off, or how long ago that was, nobody knows."""
    age = lims("2026-11-02T14:05:00Z", last_seen=NOW + timedelta(minutes=11))
    assert (age.level, age.sentence) == (
        "stale",
        "LIMS as at 02-Nov-2026 14:05 (at least 36 min old)",
    )
    assert lims("2026-11-02T14:05:00Z", last_seen=NOW + timedelta(minutes=2)).level == "fresh"


def test_a_clock_that_went_back_makes_nothing_younger():
    seen = NOW + timedelta(hours=5)
    age = lims("2026-11-02T14:05:00Z", last_seen=seen)
    assert (age.level, age.age) == ("stale", timedelta(hours=5, minutes=25))
    assert "earlier than 02-Nov-2026 19:30" in describe_clock_fault(NOW, seen, SETTINGS)
    assert (
        describe_clock_fault(NOW, NOW, SETTINGS) == describe_clock_fault(NOW, None, SETTINGS) == ""
    )


def test_up_to_the_tolerance_a_clock_that_went_back_is_no_fault():
    tolerated = NOW + CLOCK_TOLERANCE
    assert describe_clock_fault(NOW, tolerated, SETTINGS) == ""
    assert lims("2026-11-02T14:30:00Z", last_seen=tolerated).level == "fresh"
    assert describe_clock_fault(NOW, tolerated + timedelta(seconds=1), SETTINGS) != ""


def test_a_clock_that_may_have_stood_still_is_said_and_makes_nothing_fresh():
    assert "stood still" in describe_clock_fault(NOW, NOW, SETTINGS, is_doubtful=True)
    age = lims("2026-11-02T14:05:00Z", is_doubtful=True)
    assert (age.level, age.old) == ("stale", "(at least 25 min old)")


def test_what_is_stale_is_older_than_the_setting_says():
    assert find_stale_time(NOW, SETTINGS) == "2026-11-02T10:30:00Z"
