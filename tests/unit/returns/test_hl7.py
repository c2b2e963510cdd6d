"""HL7 v2 is written with its escapes, and what no message can carry is refused."""

from zoneinfo import ZoneInfo

import hl7
import pytest

from downtime.errors import InputError
from downtime.returns.hl7.segment_writer import (
    build_header,
    build_segment,
    escape_text,
    format_field,
    format_timestamp,
    join_segments,
)

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("plain", "plain"),
        ("a|b^c&d~e", r"a\F\b\S\c\T\d\R\e"),
        ("\\F\\", r"\E\F\E\\"[:-1]),
        ("two\nlines", r"two\.br\lines"),
        ("two\r\nlines\rmore", r"two\.br\lines\.br\more"),
        ("Zoë Łukasz", "Zoë Łukasz"),
    ],
)
def test_delimiters_are_escaped(text, sent):
    assert escape_text(text) == sent


@pytest.mark.parametrize("bad", ["\x00", "\x0b", "\x1c", "\t", "\x7f", "\x85"])
def test_control_characters_are_refused_without_repeating_the_value(bad):
    with pytest.raises(InputError) as refused:
        escape_text(f"SECRET{bad}")
    assert refused.value.code == "hl7.control"
    assert "SECRET" not in str(refused.value)


def test_fields_nest_and_stand_at_their_own_number():
    names = [("A", "", ("X", "Y")), "B"]
    assert format_field(names) == "A^^X&Y~B"
    assert build_segment("PID", {1: "1", 3: names, 9: ""}) == "PID|1||A^^X&Y~B"


def test_an_independent_parser_reads_back_what_was_meant():
    text = "50% | ^weird & ~odd \\ name"
    made = join_segments(
        build_header({3: "DOWNTIME", 9: ("ADT", "A01")}), build_segment("PID", {5: (text, "Zoë")})
    )
    parsed = hl7.parse(made)
    assert made.endswith("\r")
    assert "\n" not in made
    assert str(parsed["PID.F5.R1.C1"]) == text
    assert str(parsed["MSH.F9.R1.C2"]) == "A01"


@pytest.mark.parametrize(
    ("stored", "sent"),
    [
        ("2026-11-02T14:30:00Z", "20261102143000+0000"),
        ("2026-07-02T14:30:00Z", "20260702153000+0100"),
        ("2026-10-25T01:30:00Z", "20261025013000+0000"),  # the second 01:30 of that night
        ("1960-01-02", "19600102"),
        ("", ""),
    ],
)
def test_times_carry_their_offset(stored, sent):
    assert format_timestamp(stored, LONDON) == sent
