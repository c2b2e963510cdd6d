"""The two numbers of an appointment: whichever a message names, it is of one appointment."""

from datetime import UTC, datetime
from itertools import permutations

import pytest

from downtime.settings import Settings
from downtime.snapshot.preview_state import preview_state

NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)


def appointment(when, event, numbers, start="0930"):
    stamp = f"20261102{when}00"
    times = f"SCH|{numbers}|||||^Follow-up||30|min|^^30^20261109{start}00"
    return (
        f"MSH|^~\\&|PAS|DEMO|||{stamp}||SIU^{event}|S{when}|P|2.4\r{times}\r"
        "PID|1||K1^^^DEMO^MR||REED^ADA||19610203|F\rRGS|1\rAIL|1||CARD1^^^DEMO\r"
    )


@pytest.fixture
def read(tmp_path):
    """Start and status of every appointment, in whatever order the messages come."""

    def read_messages(*messages):
        seen = set()
        for listed in permutations(messages):
            (tmp_path / "feed.hl7").write_text("".join(listed))
            preview = preview_state([tmp_path / "feed.hl7"], Settings(), NOW)
            listed_ones = preview.as_json()["records"]["Appointment"]
            seen.add(tuple(sorted((a["start"][11:16], a["status"]) for a in listed_ones)))
        (only,) = seen
        return list(only)

    return read_messages


@pytest.mark.parametrize("alone", ["R1|", "|A77"])
def test_a_message_with_one_number_is_of_the_appointment_that_has_both(read, alone):
    first = appointment("0900", "S12", alone)
    assert read(first, appointment("1000", "S13", "R1|A77", start="1100")) == [("11:00", "booked")]
    both = appointment("0900", "S12", "R1|A77")
    assert read(both, appointment("1000", "S15", alone, "1100")) == [("11:00", "cancelled")]


@pytest.mark.parametrize("alone", ["R1|", "|A77", "R1|A77"])
def test_what_takes_away_one_number_takes_away_the_appointment(read, alone):
    booked = [appointment("0900", "S12", "R1|"), appointment("0910", "S14", "R1|A77")]
    assert read(*booked, appointment("1000", "S17", alone)) == []


def test_two_appointments_that_were_asked_for_by_one_number_are_two(read):
    series = [appointment("0900", "S12", "R1|A77"), appointment("0901", "S12", "R1|A78", "1400")]
    assert read(*series) == [("09:30", "booked"), ("14:00", "booked")]
