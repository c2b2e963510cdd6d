"""Which numbers are believed: NHS numbers, and the check characters on pages and wristbands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downtime.clinical.identifiers import (
    Identifier,
    add_check_character,
    clean_nhs_number,
    has_check_character,
    is_nhs_number,
)


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("9990000018", True),
        ("9990000019", False),  # wrong check digit
        ("0000000000", False),  # passes the arithmetic, is nobody
        ("1111111111", False),  # likewise
        ("999000001", False),
        ("999 000 0018", False),  # as stored it has no spaces
        ("", False),
    ],
)
def test_nhs_numbers(text, valid):
    assert is_nhs_number(text) is valid


@pytest.mark.parametrize("typed", ["999 000 0018", "999-000-0018", " 9990000018 ", "9990000018.0"])
def test_an_nhs_number_is_understood_as_people_and_workbooks_write_it(typed):
    assert clean_nhs_number(typed) == "9990000018"


@given(st.text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", min_size=5, max_size=12))
def test_a_check_character_is_right_for_its_body(body):
    assert has_check_character(add_check_character(body))


@given(
    st.text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", min_size=8, max_size=8),
    st.integers(0, 7),
    st.sampled_from("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"),
)
def test_one_wrong_character_is_always_found(body, place, other):
    whole = add_check_character(body)
    wrong = whole[:place] + other + whole[place + 1 :]
    assert has_check_character(wrong) is (wrong == whole)


def test_an_identifier_survives_its_text():
    identifier = Identifier("MR", "RX1", "12|34")
    assert Identifier.parse(str(identifier)) == identifier
