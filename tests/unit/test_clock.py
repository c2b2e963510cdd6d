"""Times as they are stored."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from downtime.clock import from_text, to_text


@pytest.mark.parametrize("year", [1, 26, 999, 1900, 2026, 9999])
def test_what_is_stored_of_any_year_is_read_again_and_sorts(year):
    moment = datetime(year, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert from_text(to_text(moment)) == moment
    assert (to_text(moment) < "2026-05-06T07:08:08Z") == (year < 2026)


def test_it_is_in_utc_and_of_whole_seconds():
    moment = datetime(2026, 1, 2, 1, 20, 30, 999_999, tzinfo=timezone(timedelta(hours=2)))
    assert to_text(moment) == "2026-01-01T23:20:30Z"
