"""Serials and page codes: what is printed can be typed and scanned, and a slip is noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downtime.clinical.identifiers import has_check_character
from downtime.errors import InputError
from downtime.paper import serials
from downtime.pdf import barcodes

NUMBER = serials.make_serial("K7", 42)
NAMED = serials.make_serial("K7", 42, "QXWMRT")
positions = st.integers(1, serials.LAST_POSITION)


def test_a_serial_is_shown_in_three_parts():
    assert serials.format_serial(NUMBER) == f"K7-000042-{NUMBER[-1]}"


@pytest.mark.parametrize("typed", ["k7000042{}", "K7-000042-{}", " k7 000042 {} "])
def test_a_serial_is_read_however_it_is_typed(typed):
    assert serials.parse_serial(typed.format(NUMBER[-1].lower())) == NUMBER


def test_a_scanner_may_type_the_whole_page_code():
    assert serials.parse_serial(serials.make_page_code(NUMBER, 3, "B")) == NUMBER


@given(positions, st.integers(0, 7), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_always_noticed(position, place, digit):
    number = serials.make_serial("K7", position)
    wrong = number[:place] + digit + number[place + 1 :]
    if wrong != number:
        with pytest.raises(InputError):
            serials.parse_serial(wrong)


def test_two_swapped_digits_are_nearly_always_noticed():
    """MOD 37,36 finds every single slip, and all but a few of the swaps (ISO/IEC 7064)."""
    tried = noticed = 0
    for position in range(1, 3000):
        number = serials.make_serial("K7", position)
        for place in range(2, 7):
            wrong = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
            tried += wrong != number
            noticed += wrong != number and not has_check_character(wrong)
    assert noticed / tried > 0.97


@given(positions, st.integers(1, 99), st.sampled_from("AB"))
def test_a_page_code_says_serial_page_and_corner(position, page, corner):
    number = serials.make_serial("K7", position)
    code = serials.make_page_code(number, page, corner)
    assert len(code) == 13
    assert serials.parse_page_code(code) == (number, page, corner)


@pytest.mark.parametrize("text", ["", "HELLO", "K7000042X01A0", "K7000042", "0" * 13, "É" * 13])
def test_anything_else_is_no_page_code(text):
    with pytest.raises(InputError):
        serials.parse_page_code(text)


def test_a_serial_of_a_named_block_is_shown_in_four_parts():
    assert serials.format_serial(NAMED) == f"K7-QXWMRT-042-{NAMED[-1]}"
    assert serials.parse_serial(f"k7-qxwmrt-042-{NAMED[-1]}") == NAMED


def test_a_page_code_of_a_named_block_fits_the_same_square():
    """The smallest QR code of level Q holds 16 characters."""
    code = serials.make_page_code(NAMED, 99, "B")
    assert len(code) == 16
    usual = barcodes.qr_code_operators(serials.make_page_code(NUMBER, 1, "A"), 0, 0, 50)
    longer = barcodes.qr_code_operators(code, 0, 0, 50)
    assert longer.splitlines()[0] == usual.splitlines()[0]


def test_a_page_code_of_a_named_block_is_read():
    code = serials.make_page_code(NAMED, 7, "A")
    assert serials.parse_page_code(code) == (NAMED, 7, "A")
    assert serials.parse_serial(code) == NAMED
