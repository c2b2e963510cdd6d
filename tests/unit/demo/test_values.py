"""Values of one sample agree with each other, with their ranges and with the illness."""

from datetime import date

import pytest

from downtime.demo.laboratory_values import Subject, draw_blood_group, egfr, make_results
from downtime.demo.tables import ANALYTES, PANELS, REASONS, SCANS

DAY = date(2026, 11, 2)


def sample(panel, number=1, *, sex="F", age=70, reason=""):
    found = make_results(1, Subject("H100001", sex, age, reason), panel, number, DAY)
    return {one.code: one for one in found}


@pytest.mark.parametrize("number", range(25))
@pytest.mark.parametrize("reason", ["", "neutropenia", "sepsis", "asthma"])
def test_a_differential_count_adds_up_to_the_total(number, reason):
    found = sample("FBC", number, reason=reason)
    parts = sum(float(found[code].value) for code in ("NEUT", "LYMP", "MONO", "EOS", "BASO"))
    assert parts == pytest.approx(float(found["WBC"].value), abs=0.08)


def test_red_cell_indices_agree():
    found = {code: float(one.value) for code, one in sample("FBC").items()}
    assert found["HCT"] == pytest.approx(found["RBC"] * found["MCV"] / 1000, abs=0.002)
    assert found["MCH"] == pytest.approx(found["HB"] / found["RBC"], abs=0.2)


def test_globulin_and_adjusted_calcium_are_calculated():
    liver = {code: float(one.value) for code, one in sample("LFT").items()}
    assert liver["GLOB"] == liver["TP"] - liver["ALB"]
    bone = {code: float(one.value) for code, one in sample("BONE").items()}
    assert bone["ACA"] == pytest.approx(bone["CA"] + 0.02 * (40 - bone["ALB"]), abs=0.02)


@pytest.mark.parametrize(
    ("creatinine", "age", "sex", "expected"),
    [(80, 60, "F", 69), (80, 60, "M", 92), (200, 75, "F", 21), (300, 40, "M", 22)],
)
def test_egfr_is_that_of_the_published_equation(creatinine, age, sex, expected):
    """Worked by hand from Levey et al. 2009, Table 2."""
    assert egfr(creatinine, age, sex) == pytest.approx(expected, abs=1)


def test_a_kidney_injury_shows_in_urea_creatinine_and_filtration():
    found = sample("UE", reason="aki")
    assert found["CREA"].flag in ("H", "HH")
    assert found["UREA"].flag in ("H", "HH")
    assert float(found["EGFR"].value) < 30


def test_flags_say_on_which_side_of_the_range_a_value_lies():
    flagged = 0
    for reason in REASONS:
        for panel in ("UE", "FBC", "LFT", "CRP", "COAG"):
            for one in sample(panel, reason=reason).values():
                low, _, high = one.range.partition("-")
                if high and one.flag:
                    value = float(one.value)
                    assert value < float(low) if one.flag[0] == "L" else value > float(high)
                    flagged += 1
    assert flagged > 50


def test_a_persons_blood_group_never_changes():
    assert len({draw_blood_group(1, "H100001") for _ in range(5)}) == 1
    assert len({draw_blood_group(1, f"H{n}") for n in range(200)}) == 8


def test_every_reason_asks_for_tests_that_exist_and_shifts_values_that_exist():
    for reason in REASONS.values():
        assert set(reason.panels) <= set(PANELS)
        assert set(reason.scans) <= set(SCANS)
        assert set(reason.shifts) <= set(ANALYTES)
