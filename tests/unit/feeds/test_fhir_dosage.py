"""FHIR: how much of a medicine, when, for how long and where; nothing of it is lost or mixed up."""

import pytest

MG10 = {"doseAndRate": [{"doseQuantity": {"value": 10, "unit": "mg"}}]}
MG20 = {"doseAndRate": [{"doseQuantity": {"value": 20, "unit": "mg"}}]}


def repeat(**more):
    return {"timing": {"repeat": more}}


def often(count, period, unit, **more):
    return repeat(frequency=count, period=period, periodUnit=unit, **more)


@pytest.fixture
def prescribed(fields_of):
    """Fields of a prescription with these steps."""

    def read(*steps, **more):
        return fields_of(
            {
                "resourceType": "MedicationRequest",
                "id": "m",
                "status": "active",
                "medicationCodeableConcept": {"text": "Methotrexate"},
                "subject": {"reference": "Patient/p1"},
                "dosageInstruction": list(steps),
                **more,
            }
        )

    return read


@pytest.mark.parametrize(
    ("timing", "expected"),
    [
        (often(2, 1, "d"), "2 times every 1 day"),
        (often(1, 8, "h"), "1 time every 8 hours"),
        (often(1, 4, "h", frequencyMax=2, periodMax=6), "1 to 2 times every 4 to 6 hours"),
        (repeat(period=8, periodUnit="h"), "every 8 hours"),
        (repeat(frequency=3), "3 times"),
        (repeat(dayOfWeek=["mon"]), "on Monday"),
        (often(1, 1, "wk", dayOfWeek=["mon", "thu"]), "1 time every 1 week, on Monday, Thursday"),
        (repeat(timeOfDay=["08:00:00", "20:00:00"]), "at 08:00, 20:00"),
        (repeat(when=["MORN", "HS"]), "morning, at bedtime"),
        (repeat(when=["ACM"], offset=30), "30 minutes before breakfast"),
        (often(1, 1, "d", duration=30, durationUnit="min"), "1 time every 1 day, each over 30 minutes"),
        (repeat(boundsPeriod={"start": "2026-10-01", "end": "2026-10-08"}), "from 1 Oct 2026, until 8 Oct 2026"),
        (repeat(boundsDuration={"value": 7, "unit": "days"}), "for 7 days"),
        (repeat(count=6), "6 doses in all"),
        ({"timing": {"event": ["2026-11-03T08:00:00Z"]}}, "on 3 Nov 2026 08:00"),
        ({"timing": {"code": {"text": "BD"}, "repeat": {"dayOfWeek": ["sun"]}}}, "BD, on Sunday"),
    ],
)  # fmt: skip
def test_all_of_a_timing_is_said(prescribed, timing, expected):
    assert prescribed({**MG10, **timing})["frequency"] == expected


def test_each_step_has_its_own_timing(prescribed):
    fields = prescribed(
        {"sequence": 1, **MG10, **often(1, 8, "h")}, {"sequence": 2, **MG20, **often(1, 1, "d")}
    )
    assert fields["dosage"] == "10 mg, 1 time every 8 hours; then 20 mg, 1 time every 1 day"
    assert fields["frequency"] == "1 time every 8 hours; 1 time every 1 day"


def test_doses_of_different_hours_are_told_apart(prescribed):
    fields = prescribed({**MG10, **repeat(when=["MORN"])}, {**MG20, **repeat(when=["NIGHT"])})
    assert fields["dosage"] == "10 mg, morning; 20 mg, night"


def test_steps_of_one_timing_say_it_once(prescribed):
    fields = prescribed({**MG10, **often(1, 1, "d")}, {**MG20, **often(1, 1, "d")})
    assert (fields["dosage"], fields["frequency"]) == ("10 mg; 20 mg", "1 time every 1 day")


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({"text": "as directed", **MG10}, "as directed, 10 mg"),
        ({"text": "Take 10mg at night", **MG10}, "Take 10mg at night"),
        ({"text": "Take 110 mg", **MG10}, "Take 110 mg, 10 mg"),
        (
            {**MG10, "maxDosePerPeriod": {"numerator": {"value": 4, "unit": "g"}, "denominator": {"value": 1, "unit": "day"}}},
            "10 mg, at most 4 g/day",
        ),
        ({**MG10, "maxDosePerAdministration": {"value": 1, "unit": "g"}}, "10 mg, at most 1 g per dose"),
        ({**MG10, "asNeededCodeableConcept": {"text": "pain"}}, "10 mg, as required for pain"),
        ({"doseQuantity": {"value": 5, "unit": "mg"}}, "5 mg"),
    ],
)  # fmt: skip
def test_all_of_a_dose_is_said(prescribed, step, expected):
    assert prescribed(step)["dosage"] == expected


def test_what_is_noted_of_a_prescription_stands_with_its_dose(prescribed):
    fields = prescribed(MG10, note=[{"text": "Hold if K > 5.5"}])
    assert fields["dosage"] == "10 mg; Hold if K > 5.5"


@pytest.mark.parametrize(
    ("more", "category"),
    [
        ({"category": [{"coding": [{"code": "discharge"}]}]}, "discharge"),
        ({"category": [{"text": "TTA"}]}, "discharge"),
        ({"category": [{"coding": [{"code": "community"}]}]}, "community"),
        ({"reportedBoolean": True}, "community"),
        ({"category": [{"coding": [{"code": "inpatient"}]}]}, "regular"),
    ],
)
def test_what_is_not_given_on_the_ward_is_told_apart(prescribed, more, category):
    assert prescribed({**MG10, **often(1, 1, "d")}, **more)["category"] == category
