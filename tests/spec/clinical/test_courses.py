"""Courses of treatment, as what is booked names them: the part and how many there are, or nothing."""

import pytest

from downtime.clinical.courses import read_course


@pytest.mark.parametrize(
    ("text", "course"),
    [
        ("Chemotherapy cycle 3 of 6", ("Chemotherapy cycle", 3, 6)),
        ("Radiotherapy fraction 5/30, breast", ("Radiotherapy fraction", 5, 30)),
        ("SACT cycle: 1 of 4", ("SACT cycle", 1, 4)),
        ("Haemodialysis session 12 of 12", ("Haemodialysis session", 12, 12)),
        ("IMMUNOTHERAPY  DOSE 2 OF 9", ("IMMUNOTHERAPY DOSE", 2, 9)),
        ("Dialysis 7 of 6", None),
        ("Cycle 0 of 6", None),
        ("Growth scan 2 of 3", None),
        ("Follow-up in 6 of 12 months", None),
        ("Chemotherapy", None),
        ("", None),
    ],
)
def test_a_part_is_read_only_where_it_is_named(text, course):
    assert read_course(text) == course
