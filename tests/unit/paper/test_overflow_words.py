"""What stands in a field whose text is elsewhere: never less than what makes somebody look there."""

import pytest

from downtime.paper.layout.overflow import list_references


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("TIME-CRITICAL. 18:03 NOT GIVEN: not on the ward", "TIME-CRITICAL, NOT GIVEN: See page 4"),
        ("TIME-CRITICAL. 18:03, 500 mg", "TIME-CRITICAL: See page 4"),
        ("18:03 NOT GIVEN: refused", "NOT GIVEN: See page 4"),
        ("18:03, 500 mg", "See page 4"),
    ],
)
def test_a_missed_or_time_critical_dose_is_said_in_its_row(text, shown):
    references = list_references(["doses:2"], {}, {"doses:2": text}, "page 4")
    assert references["doses:2"][0] == shown
    assert all(wording.startswith(shown.partition("See")[0]) for wording in references["doses:2"])
