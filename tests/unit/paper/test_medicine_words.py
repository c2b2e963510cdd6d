"""What stands beside a medicine on paper: time-critical, last dose, next due."""

from zoneinfo import ZoneInfo

import pytest

from downtime.clinical.doses import MedicineRow
from downtime.clinical.model import MedicationAdministration, MedicationRequest
from downtime.paper.forms.medicine_words import word_doses, word_last_dose, word_next_due

LONDON = ZoneInfo("Europe/London")
COPIED = "2026-11-02T14:00:00Z"
MEDICINE = MedicationRequest(id="m", medicine="Insulin")
GIVEN = MedicationAdministration(
    id="d", medicine="Insulin", dosage="6 units", given="2026-11-02T08:05:00Z", status="given"
)


@pytest.mark.parametrize(
    ("last", "unavailable", "words"),
    [
        (GIVEN, "", "02-Nov-2026 08:05, 6 units"),
        (GIVEN, "EPR unavailable", "02-Nov-2026 08:05, 6 units"),
        (None, "EPR unavailable", "Doses not known: EPR unavailable"),
        (None, "", "No dose was sent"),
    ],
)
def test_a_dose_that_nobody_sent_is_not_none_given(last, unavailable, words):
    assert word_last_dose(MedicineRow(MEDICINE, last, ""), LONDON, unavailable) == words


@pytest.mark.parametrize(
    ("due", "words"),
    [
        ("2026-11-02T13:59:00Z", "was due 02-Nov-2026 13:59"),
        (COPIED, "about 02-Nov-2026 14:00"),
        ("2026-11-02T16:05:00Z", "about 02-Nov-2026 16:05"),
        ("", ""),
    ],
)
def test_what_was_due_before_the_copy_is_said_to_have_been(due, words):
    assert word_next_due(MedicineRow(MEDICINE, GIVEN, due), LONDON, COPIED) == words


@pytest.mark.parametrize(
    ("due", "is_critical", "words"),
    [
        ("2026-11-02T16:05:00Z", True, "TIME-CRITICAL. 02-Nov-2026 08:05, 6 units; next about 02-Nov-2026 16:05"),
        ("2026-11-02T13:00:00Z", False, "02-Nov-2026 08:05, 6 units; next was due 02-Nov-2026 13:00"),
        ("", False, "02-Nov-2026 08:05, 6 units"),
    ],
)  # fmt: skip
def test_all_of_it_stands_in_one_box(due, is_critical, words):
    assert word_doses(MedicineRow(MEDICINE, GIVEN, due, is_critical), LONDON, COPIED, "") == words
