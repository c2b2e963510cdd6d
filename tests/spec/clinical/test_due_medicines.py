"""What is due on a ward in the next hours; what nobody can tell is listed too, never left out."""

from datetime import UTC, datetime

import pytest

from downtime.clinical.doses import list_patient_doses
from downtime.clinical.due_medicines import list_due_medicines
from downtime.clinical.model import MedicationAdministration, MedicationRequest
from downtime.clock import to_text
from tests.spec.clinical.test_doses import LONDON

NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
LAST = "2026-11-02T08:05:00Z"
NOT_KNOWN = "not known"


def list_due(
    frequency,
    last=LAST,
    category="regular",
    status="active",
    given="given",
    hours=4,
    authored="",
    has_doses=False,
):
    """Times of day at which one medicine is due; `NOT_KNOWN`, or an empty list where it is not due."""
    medicine = MedicationRequest(
        id="m", medicine="Paracetamol", frequency=frequency, category=category, status=status,
        authored=authored,
    )  # fmt: skip
    dose = MedicationAdministration(id="d", medicine="Paracetamol", given=last, status=given)
    rows = list_patient_doses([medicine], [dose] if last else [], LONDON, to_text(NOW)).rows
    found = list_due_medicines(rows, NOW, hours, LONDON, has_doses)
    if found and not found[0].times:
        return NOT_KNOWN
    return [time[8:16] for due in found for time in due.times]


@pytest.mark.parametrize(
    ("frequency", "times"),
    [
        ("every 8 hours", ["02T16:05"]),
        ("Four times a day", ["02T14:05"]),
        ("Twice a day", []),
        ("08:00, 14:00, 18:00 and 22:00", ["02T14:00", "02T18:00"]),
        ("08:00, 12:00, 18:30 and 22:00", ["02T12:00", "02T18:30"]),
        ("08:00 and 18:31", []),
        ("As directed", NOT_KNOWN),
        ("Once a week at 16:00", NOT_KNOWN),
        ("Up to four times a day", NOT_KNOWN),
        ("", NOT_KNOWN),
    ],
)
def test_a_dose_is_due_by_the_prescription_and_the_last_dose(frequency, times):
    assert list_due(frequency) == times


@pytest.mark.parametrize(
    ("frequency", "times"),
    [
        ("14:00 and 22:00", ["02T14:00"]),
        ("13:30 and 18:30", ["02T18:30"]),
        ("Four times a day", NOT_KNOWN),
        ("every 8 hours", NOT_KNOWN),
    ],
)
def test_without_a_dose_only_times_that_are_named_can_be_told(frequency, times):
    assert list_due(frequency, last="") == times


def test_the_window_goes_past_midnight():
    assert list_due("00:15 and 12:15", last="2026-11-02T12:15:00Z", hours=12) == ["03T00:15"]


@pytest.mark.parametrize("category", ["as-required", "discharge", "community"])
def test_what_is_not_given_by_the_clock_is_not_listed(category):
    assert list_due("18:00", category=category) == []


@pytest.mark.parametrize("status", ["on-hold", "stopped", "completed", "cancelled"])
def test_what_is_not_to_be_given_now_is_not_listed(status):
    assert list_due("18:00", status=status) == []


def test_a_single_dose_that_was_not_given_is_still_to_be_given():
    assert list_due("Once only", last="", category="once-only") == NOT_KNOWN
    assert list_due("Once only", category="once-only", given="not-given") == NOT_KNOWN
    assert list_due("Once only", category="once-only") == []


def test_an_infusion_is_listed_though_nothing_says_when_it_ends():
    assert list_due("Over 8 hours", category="infusion") == NOT_KNOWN


def test_a_status_that_no_standard_names_hides_nothing():
    assert list_due("18:00", status="draft") == ["02T18:00"]


@pytest.mark.parametrize(
    ("authored", "has_doses", "times"),
    [
        ("2026-11-02T07:30:00Z", True, ["02T08:00", "02T18:00"]),  # was due, and nobody gave it
        ("2026-11-02T09:00:00Z", True, ["02T18:00"]),  # prescribed after that time
        (
            "2026-10-30T09:00:00Z",
            True,
            ["02T08:00", "02T18:00"],
        ),  # the last that was missed, not each
        ("2026-11-02T07:30:00Z", False, ["02T18:00"]),  # which doses were given is not known
        ("2026-11-01", True, ["02T08:00", "02T18:00"]),  # some time on the day before
        ("2026-11-02", True, ["02T18:00"]),  # perhaps after 08:00
        ("2026-10", True, ["02T18:00"]),
        ("2026-11-02T16:00:00Z", True, ["02T18:00"]),
        ("", True, ["02T18:00"]),
    ],
)
def test_a_first_dose_that_nobody_gave_is_due_still(authored, has_doses, times):
    found = list_due("08:00 and 18:00", last="", authored=authored, has_doses=has_doses)
    assert found == times
