"""Which slips of the pen are recognised between paper and a patient's record, as tables."""

import pytest

from downtime.clinical.identifiers import is_nhs_number
from downtime.entry.facts import PaperPerson
from downtime.reconcile.identity.signs import (
    find_signs,
    near_births,
    near_nhs_numbers,
    possible_slips,
)

# paper, system, what is said of it
BIRTHS = [
    ("1985-03-01", "1985-03-01", "same date of birth"),
    ("1985-03-01", "1985-01-03", "date of birth has day and month swapped"),
    ("1985-03-01", "1958-03-01", "date of birth has two digits transposed"),
    ("1985-03-01", "1986-03-01", "date of birth has one digit different"),
    ("1985-03-13", "1985-03-31", "date of birth has two digits transposed"),
    ("1996-01-31", "2006-01-31", "same day and month of birth, another year"),
    ("1985-03-01", "1967-11-20", "another date of birth"),
]
NAMES = [
    ("Novak", "Petra", "Novák", "Petra Anna", "same surname; same given name"),
    ("Petra", "Novak", "Novak", "Petra", "surname and given name exchanged"),
    ("O'Hara", "Zoë", "OHARA", "Zoe", "same surname; same given name"),
    ("Smyth", "Jon", "Smith", "John", "surname spelled almost alike; given name is another form of the same name"),
    ("Filips", "Catherine", "Phillips", "Katharine", "surname sounds or looks alike; given name spelled almost alike"),
    ("Hill", "J", "Hill-Novak", "Jane", "surname shortened, or one of several; given name with the same initial"),
    ("Stone", "Ann", "Rivers", "Bob", "another surname; another given name"),
]  # fmt: skip
NUMBERS = [
    ("9990000263", "9990000263", "same NHS number"),
    ("9990000623", "9990000263", "two digits transposed in the NHS number"),
    ("9990000268", "9990000263", "one digit differs in the NHS number"),
    ("9990000018", "9990000263", "another NHS number"),
]


def said(paper: PaperPerson, live: PaperPerson) -> str:
    return "; ".join(sign.text for sign in find_signs(paper, live))


@pytest.mark.parametrize(("paper", "system", "words"), BIRTHS)
def test_dates_of_birth(paper, system, words):
    assert said(PaperPerson(birth_date=paper), PaperPerson(birth_date=system)) == words


@pytest.mark.parametrize(("family", "given", "system_family", "system_given", "words"), NAMES)
def test_names(family, given, system_family, system_given, words):
    live = PaperPerson(family=system_family, given=system_given)
    assert said(PaperPerson(family=family, given=given), live) == words


@pytest.mark.parametrize(("paper", "system", "words"), NUMBERS)
def test_numbers(paper, system, words):
    assert said(PaperPerson(nhs_number=paper), PaperPerson(nhs_number=system)) == words


def test_what_only_one_of_them_says_is_no_sign():
    assert find_signs(PaperPerson(family="Novak", nhs_number="9990000263"), PaperPerson()) == []


def test_every_slip_that_is_recognised_is_looked_up():
    """The blocks by which patients are found reach whatever the signs would recognise."""
    for paper, system, words in BIRTHS[:-2]:
        assert system in near_births(paper), words
    for paper, system, words in NUMBERS[:-1]:
        assert system in near_nhs_numbers(paper), words


def test_one_slip_never_makes_another_valid_nhs_number():
    """Modulus 11 finds every wrong digit and every exchange: so paper is typed as it stands."""
    assert not any(is_nhs_number(number) for number in possible_slips("9990000263"))
