"""A department is shown as people name it; what nobody knows is shown as it was sent."""

import pytest

from downtime.clinical.departments import department_name

NAMES = {
    "HM": "Haematology",
    "ch": "Chemistry",
    "BLB": "Blood transfusion",
    "MRI": "MRI",
    "NMR": "MRI",
    "RUS": "Ultrasound",
    "PT": "PT",
    "Blood sciences": "Blood sciences",
    "Q7": "Q7",
    "": "",
}


@pytest.mark.parametrize(("sent", "shown"), NAMES.items())
def test_the_name_of_a_department(sent, shown):
    assert department_name(sent) == shown
