"""What stands beside a medicine on paper: time-critical, last dose, next due."""

from zoneinfo import ZoneInfo

import pytest

from downtime.clinical.doses import MedicineRow
from downtime.clinical.match_doses import PossibleDose, Uncertainty
from downtime.clinical.model import MedicationAdministration, MedicationRequest
from downtime.paper.forms.medicine_words import word_doses, word_last_dose, word_next_due

POSSIBLE = (
    PossibleDose(
        MedicationAdministration(id="p", medicine="Actrapid", given="2026-11-02T12:10:00Z"),
        Uncertainty.UNPRESCRIBED,
    ),
)
SENTENCE = (
    "ASK FIRST. A dose of Actrapid was recorded on 02-Nov-2026 12:10 and belongs to no prescription here:"
    " it may be this medicine."
)
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


def test_a_dose_that_was_not_given_hides_none_that_was():
    later = MedicationAdministration(
        id="n",
        medicine="Insulin",
        given="2026-11-02T08:30:00Z",
        status="not-given",
        reason="asleep",
    )
    row = MedicineRow(MEDICINE, later, "", given_before=GIVEN)
    words = "02-Nov-2026 08:30 NOT GIVEN: asleep; given 02-Nov-2026 08:05, 6 units"
    assert word_last_dose(row, LONDON, "") == words


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


@pytest.mark.parametrize(
    ("last", "unavailable", "words"),
    [
        (GIVEN, "", f"{SENTENCE}\nBefore it: 02-Nov-2026 08:05, 6 units"),
        (None, "", SENTENCE),
        (None, "EPR unavailable", f"{SENTENCE}\nDoses not known: EPR unavailable"),
    ],
)
def test_a_dose_that_may_have_been_of_it_stands_before_the_last_certain_one(
    last, unavailable, words
):
    row = MedicineRow(MEDICINE, last, "", possible=POSSIBLE)
    assert word_last_dose(row, LONDON, unavailable) == words


def test_what_may_have_been_given_is_never_said_to_be_due():
    row = MedicineRow(MEDICINE, GIVEN, "2026-11-02T16:05:00Z", True, POSSIBLE)
    due = "about 02-Nov-2026 16:05 if not given already"
    assert word_next_due(row, LONDON, COPIED) == due
    box = "TIME-CRITICAL. ASK FIRST: see above; 02-Nov-2026 08:05, 6 units"
    assert word_doses(row, LONDON, COPIED, "") == box
