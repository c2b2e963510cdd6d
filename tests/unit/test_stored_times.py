"""Days and times in fields of pages: shown as everywhere, typed as people type them, in the site's zone."""

from types import SimpleNamespace

import pytest

from downtime.errors import InputError
from downtime.settings import Settings
from downtime.web import stored_times
from tests.conftest import NOW


@pytest.fixture(autouse=True)
def page(monkeypatch):
    context = SimpleNamespace(settings=Settings, now=lambda: NOW)
    monkeypatch.setattr(stored_times, "request_context", context)


def test_a_field_that_nobody_touched_gives_what_it_showed():
    for stored in ("2026-11-03T09:05:00Z", "2026-06-30T23:30:00Z"):
        shown = stored_times.format_local_time(stored)
        assert stored_times.parse_local_time(shown) == stored
    assert shown == "01-Jul-2026 00:30"


@pytest.mark.parametrize(
    "typed",
    ["3/11/26 9:05", "03112026 0905", "3-Nov-2026 09:05", "2026-11-03T09:05", " 3 nov 26 905 "],
)
def test_day_comes_before_month_however_it_is_typed(typed):
    assert stored_times.parse_local_time(typed) == "2026-11-03T09:05:00Z"


@pytest.mark.parametrize("typed", ["", "soon", "31/11/26 09:00", "3/11/26", "2027-03-28 01:30"])
def test_what_is_no_time_is_refused_with_an_example(typed):
    with pytest.raises(InputError, match="not a time"):
        stored_times.parse_local_time(typed)


def test_the_hour_that_happens_twice_is_asked_about():
    with pytest.raises(InputError, match="happened twice"):
        stored_times.parse_local_time("25/10/26 01:30")
    assert stored_times.parse_local_time("25/10/26 01:30+00:00") == "2026-10-25T01:30:00Z"


def test_a_day_that_is_none_comes_back_as_it_was_typed():
    assert stored_times.parse_day("31/1/27") == "2027-01-31"
    assert stored_times.parse_day("next week ") == "next week"
