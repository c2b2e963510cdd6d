"""The code on paper can be typed by a tired person, and says which group is wrong."""

import re

import pytest

from downtime.errors import InputError
from downtime.vault.recovery import ALPHABET, GROUPS, make_code, parse_code

CODE = "169R9-AMK6H-98550-CFWFJ-20QGA-SG74E-T26E7"


def test_a_code_has_140_bits_in_groups_of_five():
    code = make_code()
    assert re.fullmatch(rf"([{ALPHABET}]{{5}}-){{6}}[{ALPHABET}]{{5}}", code)
    assert len(parse_code(code)) * 5 == 140
    assert make_code() != code


@pytest.mark.parametrize(
    "typed",
    [
        CODE.lower(),
        CODE.replace("-", " "),
        CODE.replace("-", ""),
        f"  {CODE}\n",
        CODE.replace("0", "o").replace("1", "l"),
        CODE.replace("0", "O").replace("1", "I"),
    ],
)
def test_it_is_understood_however_it_is_typed(typed):
    assert parse_code(typed) == parse_code(CODE)


@pytest.mark.parametrize("group", range(GROUPS))
@pytest.mark.parametrize("place", range(5))
def test_any_one_wrong_character_is_found_in_its_group(group, place):
    at = group * 6 + place
    for other in set(ALPHABET) - {CODE[at]}:
        with pytest.raises(InputError, match=f"Group {group + 1} "):
            parse_code(CODE[:at] + other + CODE[at + 1 :])


def test_groups_in_the_wrong_order_are_found():
    code = "-".join(["00000", *CODE.split("-")[1:]])
    groups = make_code().split("-")
    swapped = "-".join([groups[1], groups[0], *groups[2:]])
    for wrong in (code, swapped):
        with pytest.raises(InputError, match="Group 1 "):
            parse_code(wrong)


@pytest.mark.parametrize("typed", ["", "K7", CODE[:-1], CODE + "A"])
def test_a_code_of_another_length_is_said_to_be(typed):
    with pytest.raises(InputError, match="7 groups of 5"):
        parse_code(typed)


def test_a_foreign_character_is_the_group_s_fault():
    with pytest.raises(InputError, match="Group 3 "):
        parse_code(CODE[:12] + "Ж" + CODE[13:])
