"""What is refused and what is asked about, rule by rule, each with the neighbour that passes."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from downtime.clinical.model import MedicationRequest
from downtime.entry.fact_reader import find_facts
from downtime.entry.facts import Fact
from downtime.entry.plausibility.dose_rules import find_text_rule, parse_quantity
from downtime.entry.plausibility.judge_response import judge_response
from downtime.entry.plausibility.model import Dose, KnownWard, Rule, Situation, fold_ward
from downtime.entry.plausibility.wording import word_finding
from downtime.entry.validation import keyed_fields
from downtime.paper.forms.load_form import load_form, parse_form
from downtime.plausibility_settings import PlausibilitySettings

LONDON = ZoneInfo("Europe/London")
WARDS = {
    fold_ward(code): KnownWard(code, is_closed=code == "C9", patients=20, beds=24)
    for code in ("A1", "B2", "C9")
}
OUTAGE = Situation(
    now=datetime(2026, 11, 3, 12, tzinfo=UTC),
    zone=LONDON,
    settings=PlausibilitySettings(),
    outage_start=datetime(2026, 11, 2, 10, tzinfo=UTC),
    outage_end=datetime(2026, 11, 2, 18, tzinfo=UTC),
    printed=datetime(2026, 11, 2, 10, 30, tzinfo=UTC),
    birth_date="1960-01-02",
    gender="female",
    admitted=datetime(2026, 11, 1, 8, tzinfo=UTC),
    stay_ward="A1",
    form_ward="A1",
    wards=WARDS,
)
"""An outage from 10:00 to 18:00 on 2 November, judged the day after; a woman of 66 on ward A1."""
SIGNED = {
    "author.name": "Sam Okoro", "author.role": "Nurse",
    "event.date": "2026-11-02", "event.time": "14:00",
}  # fmt: skip


def judge(name, answers, situation=OUTAGE, definition=None):
    """The findings about a form's answers as (key, rule)."""
    form = definition or load_form(name)
    answers = SIGNED | answers
    base = Fact(key="K7000001X", type="", system="", form=name, serial="K7000001X",
                event="2026-11-02T14:00:00Z")  # fmt: skip
    facts = find_facts(form, answers, base, LONDON)
    return judge_response(form, keyed_fields(form), answers, facts, situation)


def rules(name, answers, situation=OUTAGE, definition=None):
    return {(f.key, f.rule) for f in judge(name, answers, situation, definition)}


def taken(moment, **values):
    return {"taken:1": moment} | {f"{key}:1": text for key, text in values.items()}


# Times


@pytest.mark.parametrize(
    ("moment", "rule"),
    [
        ("2026-11-10T14:00", Rule.FUTURE),  # next week
        ("2026-11-03T12:06", Rule.FUTURE),
        ("1962-11-02T14:00", Rule.LONG_BEFORE_OUTAGE),
        ("1959-11-02T14:00", Rule.BEFORE_BIRTH),
        ("2025-10-31T14:00", Rule.LONG_BEFORE_OUTAGE),
        ("2026-10-31T07:00", Rule.BEFORE_ADMISSION),
        ("2026-10-31T08:30", Rule.OUTSIDE_OUTAGE),  # within 24 hours of the admission
        ("2026-11-02T07:59", Rule.OUTSIDE_OUTAGE),
        ("2026-11-02T20:01", Rule.OUTSIDE_OUTAGE),
    ],
)
def test_a_time_that_makes_no_sense_for_this_outage(moment, rule):
    assert rules("observations", taken(moment, pulse="80")) == {("taken:1", rule)}


@pytest.mark.parametrize("moment", ["2026-11-02T08:00", "2026-11-02T13:59", "2026-11-02T20:00"])
def test_a_time_within_the_outage_and_its_margin_passes(moment):
    assert rules("observations", taken(moment, pulse="80")) == set()


def test_the_time_of_the_event_itself_is_judged():
    late = {"event.date": "2026-11-09"}
    assert rules("observations", late) == {("event.date", Rule.FUTURE)}
    assert rules("observations", {"event.date": "1962-11-02"}) == {
        ("event.date", Rule.LONG_BEFORE_OUTAGE)
    }


def test_a_clock_that_is_a_little_slow_makes_no_future():
    assert rules("observations", taken("2026-11-03T12:05", pulse="80")) == {
        ("taken:1", Rule.OUTSIDE_OUTAGE)
    }


def test_while_the_outage_lasts_its_end_is_now():
    lasting = replace(OUTAGE, outage_end=None)
    assert rules("observations", taken("2026-11-03T11:59", pulse="80"), lasting) == set()


def test_before_the_form_was_printed_and_outside_the_stay():
    printed_late = replace(OUTAGE, printed=datetime(2026, 11, 3, 4, tzinfo=UTC))
    assert rules("observations", taken("2026-11-02T15:59", pulse="80"), printed_late) == {
        ("taken:1", Rule.BEFORE_PRINTING),
        ("event.date", Rule.BEFORE_PRINTING),
    }
    gone = replace(OUTAGE, ended=datetime(2026, 11, 2, 13, tzinfo=UTC))
    assert rules("observations", taken("2026-11-02T13:31", pulse="80"), gone) == {
        ("taken:1", Rule.OUTSIDE_STAY),
        ("event.date", Rule.OUTSIDE_STAY),
    }
    gone_later = replace(OUTAGE, ended=datetime(2026, 11, 2, 13, 40, tzinfo=UTC))
    assert rules("observations", taken("2026-11-02T13:50", pulse="80"), gone_later) == set()
    came_later = replace(OUTAGE, admitted=datetime(2026, 11, 2, 14, tzinfo=UTC))
    assert rules("observations", taken("2026-11-02T13:50", pulse="80"), came_later) == {
        ("taken:1", Rule.OUTSIDE_STAY)
    }


@pytest.mark.parametrize(
    ("form", "answers", "expected"),
    [
        ("transfusion-request", {"wanted": "2026-11-02T09:00"}, {("wanted", Rule.BEFORE_OUTAGE)}),
        ("transfusion-request", {"wanted": "2026-11-10T09:00"}, {("wanted", Rule.FAR_AHEAD)}),
        ("transfusion-request", {"wanted": "2026-11-09T09:00"}, set()),
        ("elective-cancellation", {"new-start": "2027-11-01T09:00"}, set()),
        ("elective-cancellation", {"new-start": "2028-01-01T09:00"}, {("new-start", Rule.FAR_AHEAD)}),
        ("elective-cancellation", {"new-start": "2026-10-01T09:00"}, {("new-start", Rule.BEFORE_OUTAGE)}),
        ("elective-cancellation", {"limit": "2026-11-02"}, set()),
        ("elective-cancellation", {"planned-start": "2026-11-05T09:00"}, set()),
        ("elective-cancellation", {"planned-start": "2062-11-05T09:00"}, {("planned-start", Rule.FAR_AWAY)}),
        ("radiology-request", {"last-period": "2026-10-01"}, set()),
        ("radiology-request", {"last-period": "2026-12-01"}, {("last-period", Rule.FUTURE)}),
        ("radiology-request", {"egfr-date": "1959-12-01"}, {("egfr-date", Rule.BEFORE_BIRTH)}),
    ],
)  # fmt: skip
def test_what_is_wanted_lies_ahead_and_what_was_lies_behind(form, answers, expected):
    assert rules(form, answers) == expected


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        ("1960-01-02", set()),
        ("1906-01-02", set()),
        ("2026-11-03", set()),
        ("2026-11-04", {("birth-date", Rule.FUTURE)}),
        ("1905-12-31", {("birth-date", Rule.BORN_TOO_EARLY)}),
    ],
)
def test_a_birth_is_neither_to_come_nor_longer_ago_than_people_live(born, expected):
    unknown = replace(OUTAGE, birth_date="")
    found = rules("admission", {"birth-date": born}, unknown)
    assert {finding for finding in found if finding[0] == "birth-date"} == expected


def test_the_birth_that_a_blank_says_holds_for_its_times():
    unknown = replace(OUTAGE, birth_date="", admitted=None)
    newborn = {"birth-date": "2026-11-03", "admitted": "2026-11-02T13:00"}
    assert ("admitted", Rule.BEFORE_BIRTH) in rules("admission", newborn, unknown)


def test_each_row_of_a_list_has_its_own_birth():
    slots = {
        "date": "2026-11-02", "time:1": "2026-11-02T09:00", "born:1": "2026-11-03",
        "time:2": "2026-11-02T09:00", "born:2": "1960-01-02",
    }  # fmt: skip
    nobody = replace(OUTAGE, birth_date="")
    assert rules("clinic-list", slots, nobody) == {("time:1", Rule.BEFORE_BIRTH)}


def test_a_form_for_children_of_a_grown_up_is_asked_about():
    form = parse_form(load_form("observations").source + "\nages: {under: 16}\n")
    assert rules("observations", {}, definition=form) == {("event.date", Rule.AGE_OF_FORM)}
    child = replace(OUTAGE, birth_date="2015-01-02")
    assert rules("observations", {}, child, definition=form) == set()
    grown_up = parse_form(load_form("observations").source + "\nages: {from: 16}\n")
    assert rules("observations", {}, child, definition=grown_up) == {
        ("event.date", Rule.AGE_OF_FORM)
    }


# Order


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        ("2026-11-02T12:59", {("ended:1", Rule.BEFORE_OTHER_FIELD)}),
        ("2026-11-02T13:00", set()),
        ("2026-11-02T17:00", set()),
        ("2026-11-02T17:01", {("ended:1", Rule.LONG_AFTER_FIELD)}),
    ],
)
def test_a_transfusion_ends_after_it_began_and_within_four_hours(ended, expected):
    unit = {"started:1": "2026-11-02T13:00", "ended:1": ended, "donation:1": "G1"}
    assert rules("transfusion-record", unit) == expected


def test_each_row_is_held_against_itself():
    units = {
        "started:1": "2026-11-02T13:00", "ended:1": "2026-11-02T13:30",
        "started:2": "2026-11-02T14:00", "ended:2": "2026-11-02T13:45",
    }  # fmt: skip
    assert rules("transfusion-record", units) == {("ended:2", Rule.BEFORE_OTHER_FIELD)}


@pytest.mark.parametrize(
    ("form", "answers", "key"),
    [
        ("phoned-result", {"collected": "2026-11-02T13:00", "told-at": "2026-11-02T12:00"}, "told-at"),
        ("transfer", {"left": "2026-11-02T13:00", "arrived": "2026-11-02T12:50"}, "arrived"),
    ],
)  # fmt: skip
def test_what_follows_is_not_before(form, answers, key):
    assert rules(form, answers) == {(key, Rule.BEFORE_OTHER_FIELD)}


def test_rows_are_in_order_and_at_times_of_their_own():
    rows = {
        "taken:1": "2026-11-02T13:10",
        "taken:2": "2026-11-02T12:50",
        "taken:3": "2026-11-02T12:50",
    }
    assert rules("observations", rows) == {
        ("taken:2", Rule.NOT_IN_ORDER),
        ("taken:3", Rule.SAME_TIME),
    }
    apart = {"taken:1": "2026-11-02T12:10", "taken:2": "2026-11-02T12:50"}
    assert rules("observations", apart) == set()


def test_three_rows_on_the_hour_are_asked_about_and_two_are_not():
    hours = {f"taken:{n}": f"2026-11-02T1{n}:00" for n in (1, 2, 3)}
    assert rules("observations", hours) == {("taken:1", Rule.FULL_HOURS)}
    del hours["taken:3"]
    assert rules("observations", hours) == set()
    assert rules("observations", hours | {"taken:3": "2026-11-02T13:05"}) == set()


# Numbers


@pytest.mark.parametrize(
    ("field", "usual", "unusual"),
    [
        ("respirations", ["8", "30"], ["7", "31"]),
        ("systolic", ["80", "220"], ["79", "221"]),
        ("pulse", ["40", "130"], ["39", "131"]),
        ("temperature", ["35.0", "39.1"], ["34.9", "39.2"]),
        ("glucose", ["2.5", "25"], ["2.4", "25.1"]),
    ],
)
def test_a_vital_sign_of_a_grown_up(field, usual, unusual):
    for text in usual:
        assert rules("observations", taken("2026-11-02T13:05", **{field: text})) == set()
    for text in unusual:
        assert rules("observations", taken("2026-11-02T13:05", **{field: text})) == {
            (f"{field}:1", Rule.UNUSUAL)
        }


def test_a_childs_pulse_is_held_against_the_centiles_of_its_age():
    child = replace(OUTAGE, birth_date="2024-05-02")  # two and a half years
    for text in ("76", "142"):
        assert rules("observations", taken("2026-11-02T13:05", pulse=text), child) == set()
    for text in ("75", "143"):
        assert rules("observations", taken("2026-11-02T13:05", pulse=text), child) == {
            ("pulse:1", Rule.UNUSUAL)
        }
    assert rules("observations", taken("2026-11-02T13:05", systolic="75"), child) == set()


def test_of_a_form_that_was_printed_earlier_the_wider_limits_refuse_too():
    form = parse_form(load_form("observations").source.replace("max: 300", "max: 999"))
    assert rules("observations", taken("2026-11-02T13:05", pulse="301"), definition=form) == {
        ("pulse:1", Rule.IMPOSSIBLE)
    }


def test_limits_hold_in_their_own_unit_only():
    other = (
        load_form("observations")
        .source.replace('units: "°C"', 'units: "°F"')
        .replace("max: 45", "max: 120")
    )
    assert rules("observations", taken("2026-11-02T13:05", temperature="98.6"),
                 definition=parse_form(other)) == set()  # fmt: skip
    named = other.replace('units: "°F"', 'units: "°F", ucum: "Cel"')
    (finding,) = judge("observations", taken("2026-11-02T13:05", temperature="98.6"),
                       definition=parse_form(named))  # fmt: skip
    assert finding.rule == Rule.IMPOSSIBLE
    assert "Fahrenheit" in word_finding(finding, keyed_fields(load_form("observations")), LONDON)


@pytest.mark.parametrize(
    ("test", "value", "units", "expected"),
    [
        ("Potassium", "6.4", "mmol/L", None),
        ("potassium", "6.5", "mmol/L", Rule.UNUSUAL),
        ("Potassium", "2.5", "", Rule.UNUSUAL),
        ("Potassium", "61", "mmol/L", Rule.IMPOSSIBLE),
        ("Sodium", "121", "mmol/L", None),
        ("Sodium", "160", "mmol/L", Rule.UNUSUAL),
        ("Hb", "69", "g/L", Rule.UNUSUAL),
        ("Haemoglobin", "12.5", "g/L", Rule.UNUSUAL),
        ("Haemoglobin", "12.5", "g/dL", Rule.OTHER_UNIT),
        ("Platelets", "90", "10^9/L", None),
        ("Creatinine", "354", "umol/L", Rule.UNUSUAL),
        ("INR", "5.1", "", Rule.UNUSUAL),
        ("Culture", "6.5", "", None),
        ("Potassium", "haemolysed", "mmol/L", None),
    ],
)
def test_a_telephoned_result_is_judged_by_its_name_and_unit(test, value, units, expected):
    answers = {"test:1": test, "value:1": value, "units:1": units}
    found = rules("phoned-result", {key: text for key, text in answers.items() if text})
    assert found == ({("value:1", expected)} if expected else set())


def test_a_number_in_the_wrong_unit_says_so():
    answers = {"test:1": "Hb", "value:1": "12.5", "units:1": "g/L"}
    (finding,) = judge("phoned-result", answers)
    sentence = word_finding(finding, keyed_fields(load_form("phoned-result")), LONDON)
    assert "g/dL?" in sentence
    assert "12.5" not in sentence


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"systolic": "120", "diastolic": "80"}, set()),
        ({"systolic": "80", "diastolic": "120"}, {("systolic:1", Rule.NOT_ABOVE)}),
        ({"systolic": "80", "diastolic": "80"}, {("systolic:1", Rule.NOT_ABOVE)}),
        ({"systolic": "100", "diastolic": "86"}, {("systolic:1", Rule.NARROW_PRESSURE)}),
        ({"systolic": "100", "diastolic": "85"}, set()),
        (
            {"spo2-1": "96", "spo2-2": "90", "oxygen": "A"},
            {("spo2-2:1", Rule.BOTH_SCALES)},
        ),
        ({"spo2-1": "96"}, {("spo2-1:1", Rule.NO_OXYGEN)}),
        ({"spo2-1": "84", "oxygen": "A"}, {("spo2-1:1", Rule.UNUSUAL)}),
    ],
)
def test_values_that_belong_together(answers, expected):
    assert rules("observations", taken("2026-11-02T13:05", **answers)) == expected


@pytest.mark.parametrize(
    ("form", "answers", "expected"),
    [
        ("fluid-balance", {"total-in": "1500", "total-out": "900", "total-balance": "600"}, set()),
        ("fluid-balance", {"total-in": "1500", "total-out": "900", "total-balance": "-600"},
         {("total-balance", Rule.NOT_THE_SUM)}),
        ("fluid-balance", {"total-urine": "901", "total-out": "900"},
         {("total-out", Rule.LESS_THAN_PARTS)}),
        ("fluid-balance", {"total-urine": "900", "total-out": "900"}, set()),
        ("census", {"open": "24", "occupied": "20", "empty": "3", "closed": "1"}, set()),
        ("census", {"open": "24", "occupied": "20", "empty": "3", "closed": "2"},
         {("open", Rule.NOT_THE_SUM)}),
        ("census", {"occupied": "25"}, {("occupied", Rule.COUNT_DIFFERS)}),
        ("census", {"occupied": "24"}, set()),
        ("form-issue-log", {"count:2": "10", "returned:2": "7", "void:2": "2", "lost:2": "2"},
         {("count:2", Rule.LESS_THAN_PARTS)}),
        ("form-issue-log", {"count:2": "10", "returned:2": "7", "void:2": "2"}, set()),
        ("insulin", {"dose:1": "50.5"}, {("dose:1", Rule.UNUSUAL)}),
        ("insulin", {"dose:1": "12.3"}, {("dose:1", Rule.NOT_A_STEP)}),
        ("insulin", {"dose:1": "12.5"}, set()),
        ("transfusion-record", {"volume:1": "1001"}, {("volume:1", Rule.UNUSUAL)}),
        ("nursing-assessment", {"weight": "70", "height": "70"},
         {("weight", Rule.SAME_AS_HEIGHT)}),
        ("nursing-assessment", {"weight": "70", "height": "170"}, set()),
    ],
)  # fmt: skip
def test_sums_counts_and_doses(form, answers, expected):
    assert rules(form, answers) == expected


def test_a_weight_far_from_the_last_one():
    weighed = replace(OUTAGE, last_weight="70")
    assert rules("transfusion-request", {"weight": "77"}, weighed) == set()
    assert rules("transfusion-request", {"weight": "78"}, weighed) == {
        ("weight", Rule.WEIGHT_CHANGED)
    }


def test_a_score_that_is_not_that_of_its_values():
    source = load_form("observations").source
    form = parse_form(source.replace(
        "{linkId: total, text: Total score, type: integer, min: 0, max: 20, keyed: false,",
        "{linkId: total, text: Total score, type: integer, min: 0, max: 20,",
    ))  # fmt: skip
    assert "total:1" in keyed_fields(form)
    well = taken("2026-11-02T13:05", respirations="16", systolic="120", pulse="70",
                 consciousness="A", temperature="37.0", oxygen="A", total="0")  # fmt: skip
    well |= {"spo2-1:1": "97"}
    assert rules("observations", well, definition=form) == set()
    assert rules("observations", well | {"total:1": "1"}, definition=form) == {
        ("total:1", Rule.NOT_THE_SCORE)
    }
    del well["pulse:1"]
    assert rules("observations", well | {"total:1": "1"}, definition=form) == set()


def test_a_field_about_the_other_sex():
    man = replace(OUTAGE, gender="male")
    assert rules("radiology-request", {"last-period": "2026-10-01"}, man) == {
        ("last-period", Rule.OTHER_GENDER)
    }
    assert rules("blood-sciences-request", {"test.hcg": "true"}) == set()


# Wards


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"to-ward": "B2"}, set()),
        ({"to-ward": "ward b2"}, set()),
        ({"to-ward": "B22"}, {("to-ward", Rule.WARD_UNKNOWN)}),
        ({"to-ward": "C9"}, {("to-ward", Rule.WARD_CLOSED)}),
        ({"to-ward": "St Elsewhere, ward 4", "kind": "hospital"}, set()),
        ({"from-ward": "A1"}, set()),
        ({"from-ward": "B2"}, {("from-ward", Rule.NOT_THE_WARD)}),
        ({"from-ward": "?illegible"}, set()),
    ],
)
def test_a_ward_is_one_of_the_hospitals_open_and_the_patients(answers, expected):
    assert rules("transfer", answers) == expected


def test_without_a_snapshot_no_ward_is_unknown():
    nowhere = replace(OUTAGE, wards={}, stay_ward="")
    assert rules("transfer", {"to-ward": "B22"}, nowhere) == set()


def test_a_patient_who_moved_in_the_outage_leaves_from_there():
    moved = replace(OUTAGE, other_facts=(movement("transfer", "2026-11-02T11:00:00Z", ward="B2"),))
    assert rules("transfer", {"from-ward": "B2"}, moved) == set()


# Doses


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("5 mg", None), ("0.5 mg", None), ("10 units", None), ("500 micrograms", None),
        ("1 tablet", None), ("2.5 mL", None), ("10.25 mg", None),
        ("mg", Rule.DOSE_WITHOUT_NUMBER), ("5", Rule.DOSE_WITHOUT_UNIT),
        ("10 U", Rule.DOSE_LONE_U), ("10u", Rule.DOSE_LONE_U), ("5.0 mg", Rule.DOSE_ZERO),
        ("5.00 mg", Rule.DOSE_ZERO), (".5 mg", Rule.DOSE_POINT), ("5.05 mg", None),
        ("50 mcg", Rule.DOSE_ABBREVIATED), ("50 µg", Rule.DOSE_ABBREVIATED),
        ("10 IU", Rule.DOSE_ABBREVIATED),
    ],
)  # fmt: skip
def test_how_a_dose_is_written(text, rule):
    assert find_text_rule(text) == rule


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("500 micrograms", (Decimal("0.5"), "mass")),
        ("500 mcg", (Decimal("0.5"), "mass")),
        ("2,5 mg", (Decimal("2.5"), "mass")),
        ("1 g", (Decimal(1000), "mass")),
        ("6 units", (Decimal(6), "units")),
        ("10 ml", (Decimal(10), "volume")),
        ("40 mmol", (Decimal(40), "mmol")),
        ("2 tablets", (Decimal(2), "tablets")),
        ("2 puffs", (Decimal(2), "puffs")),
        ("3 drops", (Decimal(3), "drops")),
        ("two tablets", None),
        ("10 mg in 50 ml", None),
    ],
)
def test_a_dose_is_so_many_of_one_unit(text, quantity):
    assert parse_quantity(text) == quantity


def test_a_dose_on_the_screen_is_judged_where_its_form_says_so():
    assert rules("anticoagulation", {"dose:1": "10 U"}) == {("dose:1", Rule.DOSE_LONE_U)}
    assert rules("anticoagulation", {"frequency:1": "10 U"}) == set()


def insulin(row, moment, dose, medicine="Novorapid"):
    return {f"taken:{row}": moment, f"given:{row}": medicine, f"dose:{row}": dose}


def test_ten_times_the_last_dose_or_a_tenth():
    first = insulin(1, "2026-11-02T12:05", "4")
    assert rules("insulin", first | insulin(2, "2026-11-02T13:05", "39")) == set()
    assert rules("insulin", first | insulin(2, "2026-11-02T13:05", "40")) == {
        ("dose:2", Rule.DOSE_TENFOLD)
    }
    other = insulin(2, "2026-11-02T13:05", "40", "Lantus")
    assert rules("insulin", first | other) == set()
    before = replace(OUTAGE, doses=(Dose("novorapid", "40 units", "2026-11-02T08:00:00Z", ""),))
    assert rules("insulin", first, before) == {("dose:1", Rule.DOSE_TENFOLD)}


def order(**fields):
    return MedicationRequest(id="m-1", patient="p-ann", medicine="Novorapid", **fields)


def test_a_dose_is_held_against_its_order_and_interval():
    ordered = replace(OUTAGE, orders=(order(dosage="40 units", frequency="every 6 hours"),))
    near = insulin(1, "2026-11-02T11:05", "30") | insulin(2, "2026-11-02T13:05", "30")
    assert rules("insulin", near, ordered) == {
        ("dose:1", Rule.DOSE_SOON),
        ("dose:2", Rule.DOSE_SOON),
    }
    far = insulin(1, "2026-11-02T11:05", "30") | insulin(2, "2026-11-02T14:05", "30")
    assert rules("insulin", far, ordered) == set()
    assert rules("insulin", insulin(1, "2026-11-02T11:05", "4"), ordered) == {
        ("dose:1", Rule.DOSE_TENFOLD)
    }
    milligrams = replace(OUTAGE, orders=(order(dosage="4 mg"),))
    assert rules("insulin", insulin(1, "2026-11-02T11:05", "4"), milligrams) == {
        ("dose:1", Rule.DOSE_OTHER_UNIT)
    }
    as_needed = replace(OUTAGE, orders=(order(frequency="every 6 hours when required"),))
    assert rules("insulin", near, as_needed) == set()


DRUGS = """
name: own-drugs
version: "1"
title: Drugs given
status: active
purpose: Record what was given.
policy: full
record: MedicationAdministration
system: EPR
each: dose
says: {status: given}
item:
  - linkId: dose
    type: group
    repeats: true
    rows: 4
    item:
      - {linkId: at, text: Given at, type: dateTime, maps: when}
      - {linkId: medicine, text: Medicine, type: string, maps: medicine}
      - {linkId: amount, text: Dose, type: string, maps: dosage}
"""


def test_more_than_four_grams_of_paracetamol_in_a_day():
    form = parse_form(DRUGS)
    five = {
        "at:1": "2026-11-02T13:05",
        "medicine:1": "Paracetamol 500 mg tablets",
        "amount:1": "1 g",
    }
    earlier = tuple(
        Dose("Paracetamol 500 mg tablets", "1 g", f"2026-11-02T0{hour}:00:00Z", "")
        for hour in (0, 4, 8)
    )
    assert rules("own-drugs", five, replace(OUTAGE, doses=earlier), form) == set()
    more = (*earlier, Dose("Paracetamol 500 mg tablets", "1 g", "2026-11-01T22:00:00Z", ""))
    assert rules("own-drugs", five, replace(OUTAGE, doses=more), form) == {
        ("amount:1", Rule.PARACETAMOL)
    }


# The patient's other forms


def movement(event, when, **fields):
    return Fact(key="K7000002X-form", type="Encounter", system="PAS", form="x", serial="K7000002X",
                event=when, fields={"event": event, **fields})  # fmt: skip


def observed(when):
    return Fact(key="K7000002X-pulse-1", type="Observation", system="EPR", form="x",
                serial="K7000002X", event=when, fields={"code": "8867-4"})  # fmt: skip


LEFT = movement("discharge", "2026-11-02T10:30:00Z", outcome="home")
DIED = movement("discharge", "2026-11-02T10:30:00Z", outcome="died")


@pytest.mark.parametrize(
    ("end", "moment", "expected"),
    [
        (LEFT, "2026-11-02T14:05", {("taken:1", Rule.AFTER_DISCHARGE)}),
        (LEFT, "2026-11-02T10:59", set()),
        (DIED, "2026-11-02T14:05", {("taken:1", Rule.AFTER_DEATH)}),
        (DIED, "2026-11-02T10:25", set()),
    ],
)
def test_nothing_is_observed_of_who_has_left(end, moment, expected):
    others = replace(OUTAGE, other_facts=(end,))
    assert rules("observations", taken(moment, pulse="80"), others) == expected


def test_who_came_back_is_observed_again():
    back = movement("admit", "2026-11-02T13:00:00Z", ward="A1")
    others = replace(OUTAGE, other_facts=(LEFT, back))
    assert rules("observations", taken("2026-11-02T14:05", pulse="80"), others) == set()


def test_a_telephoned_result_may_follow_a_patient_who_has_gone():
    others = replace(OUTAGE, other_facts=(DIED,))
    assert rules("phoned-result", {"test:1": "Potassium", "value:1": "4.1"}, others) == set()


@pytest.mark.parametrize(
    ("outcome", "rule"), [("home", Rule.AFTER_DISCHARGE), ("died", Rule.AFTER_DEATH)]
)
def test_it_is_seen_whichever_form_is_keyed_first(outcome, rule):
    codes = {o.code: dict(o.fixed_fields) for o in load_form("discharge").field("outcome").options}
    code = next(c for c in codes if (c == "died") == (outcome == "died"))
    others = replace(OUTAGE, other_facts=(observed("2026-11-02T14:00:00Z"),))
    left = {"left": "2026-11-02T10:30", "outcome": code, "ward": "A1"}
    assert ("left", rule) in rules("discharge", left, others)


def test_two_wards_at_one_time():
    others = replace(OUTAGE, other_facts=(movement("transfer", "2026-11-02T13:00:00Z", ward="A1"),))
    move = {"left": "2026-11-02T13:00", "kind": "ward", "to-ward": "B2"}
    assert rules("transfer", move, others) == {("left", Rule.TWO_WARDS)}
    assert rules("transfer", move | {"left": "2026-11-02T13:05"}, others) == set()
    assert rules("transfer", move | {"to-ward": "A1"}, others) == set()
    arrived = movement("admit", "2026-11-02T15:00:00Z", ward="A1", started="2026-11-02T13:00:00Z")
    assert rules("transfer", move, replace(OUTAGE, other_facts=(arrived,))) == {
        ("left", Rule.TWO_WARDS)
    }


# Words


@pytest.mark.parametrize("rule", Rule)
def test_every_rule_has_a_sentence_and_a_place_in_the_tests(rule):
    from downtime.entry.plausibility.model import Finding

    form = keyed_fields(load_form("observations"))
    limit = "2026-11-02T10:00:00Z" if "moment" in str(rule) else "> 5"
    finding = Finding("pulse:1", rule, "secret", limit, "taken:1")
    try:
        sentence = word_finding(finding, form, LONDON)
    except ValueError:  # this one words a time
        sentence = word_finding(finding._replace(limit="2026-11-02T10:00:00Z"), form, LONDON)
    assert sentence.startswith("Pulse (row 1): ")
    assert "secret" not in sentence
    assert "{" not in sentence


def test_an_absent_answer_is_never_judged():
    assert rules("observations", taken("2026-11-02T13:05", pulse="?illegible")) == set()
