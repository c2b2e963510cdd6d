"""When name, birth date and sex are somebody else's."""

import pytest

from downtime.snapshot.person_details import PersonDetails


def person(family="", given="", birth_date="", gender=""):
    fields = {"family": family, "given": given, "birth_date": birth_date, "gender": gender}
    return PersonDetails.of_patient(fields)


ADA = person("Reed", "Ada Mary", "1961-02-03", "female")


@pytest.mark.parametrize(
    ("other", "contradicts", "is_other_person"),
    [
        (person(), False, False),
        (person("REED", "A"), False, False),
        (person("O'Reed", "Ada", "1961-02-03", "female"), True, False),
        (person("Reed", "Ben", "1961-02-03"), True, False),
        (person("Reed", "Ada", "1961-02-04", "female"), True, False),
        (person("Stone", "Ben", "1987-04-05", "male"), True, True),
        (person("Reed", "Ben", "1987-04-05", "male"), True, True),
        (person("Stone", "Ben", "1987-04-05", "unknown"), True, False),
    ],
)
def test_two_people_by_their_details(other, contradicts, is_other_person):
    assert ADA.contradicts(other) is other.contradicts(ADA) is contradicts
    assert ADA.is_other_person(other) is other.is_other_person(ADA) is is_other_person
    assert PersonDetails.parse(str(other)) == other
