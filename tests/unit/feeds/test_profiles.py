"""Profiles: which one a source gets, and what is wrong with one that cannot be used."""

import pytest

from downtime.errors import InputError
from downtime.feeds.context import feed_context
from downtime.feeds.hl7.messages import read_message
from downtime.feeds.model import Position
from downtime.feeds.profiles import CodeTable
from downtime.settings import FeedsSettings, Settings


def context(**profiles):
    return feed_context(Settings(feeds=FeedsSettings(profiles=profiles)))


def test_the_profile_that_names_most_of_a_source_is_used():
    known = context(
        rest={"time_zone": "Europe/Paris"},
        pas={"applications": ["IPM*"], "system": "PAS"},
        ward={"applications": ["ipm*"], "facilities": ["Hill"], "system": "EPR"},
        old={"files": ["old-*.hl7"]},
    )
    assert known.for_message("IPM2", "Vale").profile.name == "pas"
    assert known.for_message("ipm2", "hill").system("IPM2", "Patient") == "EPR"
    assert known.for_message("X", "Y", "/in/OLD-1.hl7").profile.name == "old"
    assert str(known.for_message("X").zone) == str(known.zone) == "Europe/Paris"
    assert known.for_message("A") is known.for_message("B")


def test_codes_of_a_source_are_found_whatever_their_case():
    known = context(pas={"applications": ["PAS"], "codes": {"patient_class": {"Obs": "inpatient"}}})
    assert known.for_message("pas").meaning(CodeTable.PATIENT_CLASS, "OBS") == "inpatient"
    assert feed_context(Settings()).meaning(CodeTable.PATIENT_CLASS, "OBS") == ""


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ({"applikations": []}, "applikations"),
        ({"time_zone": "Mars/Base"}, "time zone"),
        ({"character_set": "klingon"}, "character set"),
        ({"visit_key": "bed"}, "visit_key"),
        ({"codes": {"patient_class": {"X": "astronaut"}}}, "patient_class"),
        ({"codes": {"shoe_size": {"X": "1"}}}, "shoe_size"),
        ("PAS", "table"),
    ],
)
def test_a_profile_that_cannot_be_used_says_why(table, word):
    with pytest.raises(InputError) as error:
        context(pas=table)
    assert word in str(error.value)


@pytest.mark.parametrize("marked", ["T", "D"])
def test_messages_of_a_test_are_used_only_where_the_profile_says_so(marked):
    data = (
        f"MSH|^~\\&|PAS|DEMO|||20261102||ADT^A08|1|{marked}|2.4\rPID|1||H7^^^DEMO^MR||ZZ".encode()
    )
    left_out = read_message(data, Position("x", 1), context())
    assert (left_out.outcome, "test" in left_out.unused) == ("not-used", True)
    read = read_message(data, Position("x", 1), context(rehearsal={"test_messages": True}))
    assert read.outcome == "used"
