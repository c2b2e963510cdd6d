"""Names that stand on screens and prints, user names, passwords."""

import pytest

from downtime.accounts.policies import check_name, check_password, check_role, check_username
from downtime.errors import InputError


@pytest.mark.parametrize(
    ("typed", "stored"),
    [(" A.Ward ", "a.ward"), ("nurse-7", "nurse-7"), ("dr_o.neill", "dr_o.neill")],
)
def test_a_user_name_is_stored_in_lower_case(typed, stored):
    assert check_username(typed) == stored


@pytest.mark.parametrize("typed", ["", "a", "a b", "-a", "é.clair", "a" * 41, "a/../b", "a\nb"])
def test_other_user_names_are_refused(typed):
    with pytest.raises(InputError, match="user name"):
        check_username(typed)


def test_a_name_becomes_one_clean_line():
    assert check_name("  Zoë \n O’Brien-Łukasz ") == "Zoë O’Brien-Łukasz"


@pytest.mark.parametrize("typed", ["", "A", "x" * 61, "Amina\x00Ward", "Amina\u202eWard"])
def test_a_name_that_cannot_be_printed_is_refused(typed):
    with pytest.raises(InputError, match="name"):
        check_name(typed)


@pytest.mark.parametrize("password", ["short", "x" * 11, "my-A.WARD-password"])
def test_a_poor_password_is_refused(password):
    with pytest.raises(InputError, match="12 characters"):
        check_password(password, 12, "a.ward", ())


@pytest.mark.parametrize(
    "password",
    [
        "1qaz2wsx3edc4rfv",  # on the list
        "Sunshine-2026",
        "P4ssw0rdP4ssw0rd",
        "liverpool liverpool",
        "amina.okoro2026",
        "Riverside General 1",
        "nurse-riverside-26",
        "202611301422",
        "ababababababab",
    ],
)
def test_what_anybody_tries_first_is_refused(password):
    with pytest.raises(InputError, match="first that anybody would try"):
        check_password(password, 12, "a.ward", ("Amina Okoro", "Riverside General", "RIV"))


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "monkey dragon shadow", "k3jq-9xmp-2vbn-wd7r", "my aunt's okoro tea"],
)
def test_any_other_long_password_will_do(password):
    assert check_password(password, 12, "a.ward", ("Amina Okoro", "Riverside General", "RIV"))


def test_an_unknown_role_is_refused_with_those_that_exist():
    with pytest.raises(InputError, match="records-supervisor"):
        check_role("root")
