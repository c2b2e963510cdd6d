"""Nobody in the demonstration can be taken for a real person, or for somebody else."""

from datetime import date

import pytest

from downtime.clinical.identifiers import is_nhs_number
from downtime.demo.people import make_hospital_number, make_nhs_number, make_person

TODAY = date(2026, 11, 2)


@pytest.mark.parametrize("seed", [1, 2, 4711])
def test_nhs_numbers_are_valid_never_real_and_never_given_twice(seed):
    numbers = [make_nhs_number(index, seed) for index in range(0, 90_000, 7)]
    assert all(is_nhs_number(number) and number.startswith("999") for number in numbers)
    assert len(set(numbers)) == len(numbers)


def test_hospital_numbers_are_never_given_twice():
    assert len({make_hospital_number(index) for index in range(90_000)}) == 90_000


@pytest.mark.parametrize(("ages", "gender"), [((17, 45), "F"), ((74, 102), "M"), ((0.2, 16), "")])
def test_people_have_the_age_and_sex_that_was_asked_for(ages, gender):
    for index in range(300):
        someone = make_person(1, index, TODAY, ages, gender)
        assert ages[0] - 1 <= someone.age(TODAY) <= ages[1]
        assert someone.gender == gender or not gender


def test_telephone_numbers_and_postcodes_belong_to_nobody():
    """07700 900000 to 900999 are kept free for drama (Ofcom); no postcode begins with ZX."""
    people = [make_person(1, index, TODAY, (20, 80)) for index in range(200)]
    assert all(someone.phone.startswith("07700 900") for someone in people)
    assert all(someone.postcode.startswith("ZX") for someone in people)


def test_the_same_seed_gives_the_same_person_and_another_seed_another():
    assert make_person(1, 5, TODAY, (20, 80)) == make_person(1, 5, TODAY, (20, 80))
    assert make_person(1, 5, TODAY, (20, 80)) != make_person(2, 5, TODAY, (20, 80))
