"""Last dose and next due, trends, blood group: what a patient's page works out of what was sent."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from downtime.clinical.blood_group import list_blood_results, list_requirements
from downtime.clinical.doses import TIME_CRITICAL, list_last_day, list_patient_doses
from downtime.clinical.model import Flag, MedicationAdministration, MedicationRequest, Observation
from downtime.clinical.trends import draw_line, list_trends

LONDON = ZoneInfo("Europe/London")
LAST = "2026-11-02T08:05:00Z"
COPIED = "2026-11-02T14:30:00Z"


def prescribed(frequency, category="regular", medicine="Paracetamol 500mg tablets"):
    return MedicationRequest(id="m", medicine=medicine, frequency=frequency, category=category)


def given(at=LAST, status="given", medicine="paracetamol  500mg tablets", key="d"):
    return MedicationAdministration(id=key, medicine=medicine, given=at, status=status)


def list_rows(medicines, doses, time_critical=TIME_CRITICAL):
    return list_patient_doses(medicines, doses, LONDON, COPIED, time_critical).rows


@pytest.mark.parametrize(
    ("frequency", "category", "due"),
    [
        ("Four times a day", "regular", "2026-11-02T14:05:00Z"),
        ("Twice a day", "", "2026-11-02T20:05:00Z"),
        ("Once a day", "regular", "2026-11-03T08:05:00Z"),
        ("every 8 hours", "regular", "2026-11-02T16:05:00Z"),
        ("Once a day at 18:00", "regular", "2026-11-02T18:00:00Z"),
        ("08:00, 14:00 and 22:00", "regular", "2026-11-02T14:00:00Z"),
        ("Once a day at 08:30", "regular", "2026-11-03T08:30:00Z"),
        ("Three times a day", "regular", "2026-11-02T16:05:00Z"),
        ("Two times a day", "regular", "2026-11-02T20:05:00Z"),
        ("Six times a day", "regular", "2026-11-02T12:05:00Z"),
        # An hour after a dose, a time that is named is still of that dose.
        ("Once a day at 09:05", "regular", "2026-11-03T09:05:00Z"),
        ("Once a day at 09:06", "regular", "2026-11-02T09:06:00Z"),
        ("Up to three times a day", "as-required", ""),
        ("Up to three times a day", "regular", ""),
        ("Once a week", "regular", ""),
        ("Three times a day", "once-only", ""),
        ("Over 8 hours", "infusion", ""),
        ("As directed", "regular", ""),
        # Not every day, or once only: a time of day alone would give it daily.
        ("1 time every 1 week, on Monday, at 18:00", "regular", ""),
        ("Mondays at 18:00", "regular", ""),
        ("Mon, Wed, Fri 18:00", "regular", ""),
        ("1 time every 2 days, at 18:00", "regular", ""),
        ("Every other day at 18:00", "regular", ""),
        ("Once every 3 days", "regular", ""),
        ("Once a fortnight", "regular", ""),
        ("Once", "", ""),
        ("Once only at 18:00", "", ""),
        ("on 2 Nov 2026 18:00", "", ""),
        ("Once a day for 7 days", "regular", "2026-11-03T08:05:00Z"),
        # From when and until when is no time of every day.
        ("Twice a day, from 1 Nov 2026 09:30", "regular", "2026-11-02T20:05:00Z"),
        ("at 14:00, until 2 Nov 2026 14:00", "regular", ""),
        ("at 14:00, until 2 Nov 2026", "regular", "2026-11-02T14:00:00Z"),
        ("Twice a day, until 2 Nov 2026 12:00", "regular", ""),
    ],
)
def test_the_next_dose_is_counted_only_from_what_is_prescribed(frequency, category, due):
    (row,) = list_rows([prescribed(frequency, category)], [given()])
    assert row.next_due == due


def test_the_last_dose_is_shown_and_one_that_was_not_given_moves_nothing():
    doses = [given("2026-11-02T12:00:00Z", "not-given", key="e"), given()]
    (row,) = list_rows([prescribed("Four times a day")], doses)
    assert row.last.status == "not-given"
    assert row.given_before == given()
    assert row.next_due == "2026-11-02T14:05:00Z"


@pytest.mark.parametrize(
    ("frequency", "due"),
    [("Four times a day", ""), ("08:00, 14:00 and 22:00", "2026-11-02T22:00:00Z")],
)
def test_what_was_due_and_not_given_is_never_shown_as_next(frequency, due):
    doses = [given(), given("2026-11-02T14:10:00Z", "not-given", key="e")]
    (row,) = list_rows([prescribed(frequency)], doses)
    assert row.next_due == due


def test_without_a_dose_nothing_is_due_and_a_dose_of_something_else_is_listed_apart():
    other = given(medicine="Morphine 10mg/1ml")
    found = list_patient_doses([prescribed("Four times a day")], [other], LONDON, COPIED)
    assert (found.rows[0].last, found.rows[0].next_due) == (None, "")
    assert found.unprescribed == [other]


def value(key, text, units="mmol/L", name="Potassium"):
    return Observation(id=key, code=name, display=name, value=text, units=units, source="LIMS")


@pytest.mark.parametrize(
    ("medicine", "critical"),
    [
        ("Co-careldopa 25mg/100mg tablets", True),
        ("Insulin glargine 100 units/ml", True),
        ("sodium VALPROATE 200mg", True),
        ("Epilim Chrono 500 tablets (Sanofi)", True),
        ("Valproic acid 250mg capsules", True),
        ("Paracetamol 500mg tablets", False),
        ("Cortisone-free cream", False),
    ],
)
def test_a_medicine_of_which_a_late_dose_can_harm_is_marked(medicine, critical):
    (row,) = list_rows([prescribed("Once a day", medicine=medicine)], [])
    assert row.is_time_critical == critical


def test_time_critical_medicines_stand_first_and_a_site_has_its_own():
    plain, own = prescribed("Once a day"), prescribed("Once a day", medicine="Apixaban 5mg")
    assert [r.medicine for r in list_rows([plain, own], [])] == [own, plain]
    rows = list_rows([own, plain], [], time_critical=("paracetamol",))
    assert [r.medicine for r in rows] == [plain, own]


def test_a_medicine_that_is_not_active_is_due_at_no_time():
    medicine = replace(prescribed("Four times a day"), status="on-hold")
    (row,) = list_rows([medicine], [given()])
    assert (row.last, row.next_due) == (given(), "")


def test_the_doses_of_the_last_day_come_newest_first():
    early, late = given("2026-11-01T07:00:00Z"), given("2026-11-02T06:00:00Z", "not-given")
    doses = [given("2026-10-30T07:00:00Z"), early, late]
    assert list_last_day(doses, "2026-11-02T06:30:00Z") == [late, early]


def test_a_trend_holds_the_values_of_one_test_in_one_unit_up_to_each():
    values = [
        ("2026-11-02", value("c", "6.1")),
        ("2026-10-31", value("a", "4.1")),
        ("2026-11-01", value("b", "5.2")),
        ("2026-11-01", value("x", "520", "mg/L")),
        ("2026-11-01", value("y", "haemolysed")),
    ]
    trends = list_trends(values)
    assert [point.text for point in trends["c"]] == ["4.1", "5.2", "6.1"]
    assert [point.text for point in trends["b"]] == ["4.1", "5.2"]
    assert trends.keys() == {"b", "c"}
    assert draw_line(trends["c"]) == "2.0,16.0 36.0,8.3 70.0,2.0"


def test_the_last_blood_group_counts_and_requirements_are_alerts_about_blood():
    old, new = (
        value("a", "O RhD POS", "", "Blood group"),
        value("b", "A RhD NEG", "", "Blood group"),
    )
    screen = value("c", "Negative", "", "Antibody screen")
    results = list_blood_results([("2026-11-02", new), ("2025-01-01", old), ("2026-11-02", screen)])
    assert [o.value for _, o in results] == ["Negative", "A RhD NEG"]
    flags = [Flag(id="f", text="Irradiated blood products only"), Flag(id="g", text="MRSA carrier")]
    assert [flag.id for flag in list_requirements(flags)] == ["f"]
