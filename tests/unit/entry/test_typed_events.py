"""What is typed of an event on the screen: the hour that happens twice is asked, now is now."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from downtime.entry import typed_events
from downtime.errors import InputError
from downtime.outage.events.kinds import EVENT_ROWS
from downtime.outage.events.model import EventKind

LONDON = ZoneInfo("Europe/London")
SECOND = datetime(2026, 10, 25, 1, 30, 20, tzinfo=UTC)
"""01:30 for the second time that night."""


def test_an_empty_time_is_now_even_in_the_hour_that_happens_twice():
    assert typed_events.parse_happened("", LONDON, SECOND) == "2026-10-25T01:30:00Z"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("0130 BST", "2026-10-25T00:30:00Z"), ("0130+0000", "2026-10-25T01:30:00Z")],
)
def test_the_offset_says_which_of_the_two(typed, stored):
    assert typed_events.parse_happened(typed, LONDON, SECOND) == stored


def test_a_time_of_that_hour_without_an_offset_is_asked():
    with pytest.raises(InputError, match="happened twice") as asked:
        typed_events.parse_happened("0130", LONDON, SECOND)
    assert asked.value.code == "event.twice"


def test_the_year_of_a_birth_is_asked_in_full():
    row = EVENT_ROWS[EventKind.ARRIVAL]
    with pytest.raises(InputError, match="either century"):
        typed_events.parse_answers(row, {"birth_date": "020160"}, LONDON, SECOND)
    answers = typed_events.parse_answers(row, {"birth_date": "02011960"}, LONDON, SECOND)
    assert answers == {"birth_date": "1960-01-02"}
