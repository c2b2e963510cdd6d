"""What a hospital does from one snapshot to the next, and what it does not."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from downtime.fleet.churn import PastSnapshot, find_churn
from downtime.fleet.churn_findings import ChurnKind
from downtime.fleet_settings import ChurnSettings
from downtime.snapshot.footprint import (
    Footprint,
    PresentPatient,
    RecordGroup,
    count_wards,
    hash_person,
    hash_text,
    pack_people,
)
from tests.conftest import NOW

ALLERGY, RESULT = RecordGroup("EPR", "AllergyIntolerance"), RecordGroup("LIMS", "Observation")
STAY, PERSON = RecordGroup("PAS", "Encounter"), RecordGroup("", "Patient")
WARDS = [f"W{n}" for n in range(10)]
SETTINGS = ChurnSettings()


@dataclass(frozen=True)
class Patient:
    number: int
    ward: str = ""
    """Empty for an outpatient."""
    name: str = ""
    allergies: tuple[str, ...] = ()
    results: int = 10
    bed: str = ""

    def describe(self):
        allergies = {ALLERGY: tuple(map(hash_text, self.allergies))} if self.allergies else {}
        counts = {RESULT: self.results, STAY: 1} | {ALLERGY: len(self.allergies)}
        name, born = self.name or f"FAMILY{self.number}", "1960-01-02"
        bed = self.bed or str(self.number)
        return PresentPatient(f"H{self.number}", name, born, self.ward, bed, counts, allergies)


def hospital(wards=WARDS, size=20, outpatients=300, first=0):
    inpatients = [
        Patient(first + w * 1000 + n, ward, allergies=(f"Substance {n}",))
        for w, ward in enumerate(wards)
        for n in range(size)
    ]
    return inpatients + [Patient(first + 50_000 + n) for n in range(outpatients)]


def footprint(patients):
    described = [(p, p.describe()) for p in patients]
    records = {PERSON: len(patients), RESULT: 0, STAY: 0, ALLERGY: 0}
    for _, patient in described:
        for group, count in patient.counts.items():
            records[group] += count
    present = tuple(d for p, d in described if p.ward)
    people = pack_people(hash_person(d.number, d.name, d.birth_date) for _, d in described)
    counts = {group: count for group, count in records.items() if count}
    return Footprint(counts, count_wards(present), people, present)


def judge(before, after, age=timedelta(minutes=5), **keywords):
    past = [PastSnapshot(NOW - age, footprint(before))]
    return find_churn(footprint(after), NOW, past, SETTINGS, **keywords)


def kinds(findings):
    return {finding.kind for finding in findings}


def change(patients, condition, **fields):
    return [replace(p, **fields) if condition(p) else p for p in patients]


def on_ward(ward):
    return lambda patient: patient.ward == ward


def outpatient(patient):
    return not patient.ward


# What is implausible


def test_the_publishers_state_was_deleted():
    findings = judge(hospital(), hospital(WARDS[:1], 3, outpatients=0))
    assert findings[0].sentence == "197 of the 200 patients in hospital are gone."
    assert ChurnKind.RECORDS_LOST in kinds(findings)
    assert len(findings) < 10  # not each ward and each type of record again


def test_nothing_at_all_is_left():
    assert {ChurnKind.RECORDS_LOST, ChurnKind.PATIENTS_GONE} <= kinds(judge(hospital(), []))


def test_a_systems_feed_gives_five_per_cent_of_its_patients():
    before = hospital()
    after = change(before, lambda p: p.number % 20, results=0)
    (lost,) = {f for f in judge(before, after) if f.kind is ChurnKind.RECORDS_LOST}
    assert (lost.system, lost.type) == ("LIMS", "Observation")
    assert lost.sentence == "LIMS Results and observations: 4,750 of 5,000 are gone."


def test_identities_are_exchanged_while_counts_stay():
    before = hospital()
    names = [p.describe().name for p in before]
    after = [replace(p, name=name) for p, name in zip(before, [*names[1:], names[0]], strict=True)]
    assert kinds(judge(before, after)) == {ChurnKind.IDENTITIES_CHANGED}


def test_everybody_is_somebody_else_while_counts_stay():
    found = kinds(judge(hospital(), hospital(first=100_000)))
    assert {ChurnKind.PATIENTS_GONE, ChurnKind.KNOWN_GONE} <= found


def test_identities_of_one_ward_are_exchanged():
    before = hospital()
    after = [replace(p, name="OTHER") if p.ward == "W3" else p for p in before]
    assert ("W3", 20) in {(f.ward, f.affected) for f in judge(before, after)}


def test_identities_of_outpatients_are_exchanged():
    before = hospital(outpatients=3000)
    assert kinds(judge(before, change(before, outpatient, name="OTHER"))) == {
        ChurnKind.IDENTITIES_CHANGED
    }


def test_one_ward_is_emptied():
    before = hospital()
    (finding,) = judge(before, [p for p in before if p.ward != "W3"])
    assert (finding.kind, finding.ward) == (ChurnKind.WARD_EMPTIED, "W3")
    assert finding.sentence == "Ward W3: 20 of its 20 patients are gone."


def test_the_ward_is_named_when_it_is_all_that_is_gone():
    before = hospital(WARDS[:4])
    found = judge(before, [p for p in before if p.ward != "W3"])
    assert {finding.ward for finding in found} == {"", "W3"}


def test_all_allergies_are_gone():
    before = hospital()
    findings = judge(before, change(before, lambda p: True, allergies=()))
    assert ChurnKind.RECORDS_LOST in kinds(findings)
    assert {f.type for f in findings} == {"AllergyIntolerance"}


def test_the_few_allergies_of_a_small_hospital_are_gone():
    before = hospital(WARDS[:1], 6)
    assert judge(before, change(before, lambda p: True, allergies=()))


def test_all_allergies_of_one_ward_are_gone():
    before = hospital()
    (finding,) = judge(before, change(before, on_ward("W3"), allergies=()))
    assert (finding.kind, finding.ward) == (ChurnKind.PATIENT_RECORDS_LOST, "W3")


def test_allergies_are_exchanged_between_patients():
    before = hospital()
    after = [replace(p, allergies=(f"Substance {p.number + 7}",)) if p.ward else p for p in before]
    assert kinds(judge(before, after)) == {ChurnKind.RECORDS_EXCHANGED}


def test_beds_are_exchanged():
    before = hospital()
    after = [replace(p, bed=str(p.number + 1)) for p in before]
    assert kinds(judge(before, after)) == {ChurnKind.PATIENTS_MOVED}


def past_of(steps, each):
    """The steps, the last of them `each` ago."""
    return [
        PastSnapshot(NOW - each * (len(steps) - n), footprint(step)) for n, step in enumerate(steps)
    ]


@pytest.mark.parametrize("each", [timedelta(minutes=5), timedelta(hours=1)])
def test_small_losses_are_seen_together(each):
    """Each step loses 6% of all results, far below the limit; eight of them are too much."""
    before = hospital()
    steps = [change(before, lambda p, n=n: p.number % 16 < n, results=0) for n in range(8)]
    found = [
        find_churn(footprint(step), NOW, past_of(steps[: n + 1], each), SETTINGS)
        for n, step in enumerate(steps[1:])
    ]
    assert not found[0]
    assert ChurnKind.RECORDS_LOST in kinds(found[-1])


def test_losses_over_a_week_are_seen():
    before = hospital()
    steps = [change(before, lambda p, n=n: p.number % 100 < 5 * n, results=0) for n in range(9)]
    past = past_of(steps[:-1], timedelta(days=1))
    assert ChurnKind.RECORDS_LOST in kinds(find_churn(footprint(steps[-1]), NOW, past, SETTINGS))


@pytest.mark.parametrize(
    ("hours", "size"),
    [
        pytest.param((168, 24, 6), (8, 20, 20), id="smaller-a-week-ago"),
        pytest.param((168, 24, 6), (20, 8, 20), id="smaller-a-day-ago"),
        pytest.param((96, 51, 50, 26, 24, 6), (20, 0, 0, 0, 0, 20), id="closed-until-yesterday"),
        pytest.param((216, 200, 170, 168, 12), (0, 0, 0, 0, 20), id="closed-a-week-ago"),
    ],
)
def test_what_was_few_for_other_reasons_is_not_usual_at_this_hour(hours, size):
    others = hospital(WARDS[:9], outpatients=0)
    past = [
        PastSnapshot(
            NOW - timedelta(hours=before), footprint([*others, *hospital(["A"], n, 0, 900_000)])
        )
        for before, n in zip(hours, size, strict=True)
    ]
    after = footprint([*others, *hospital(["A"], 1, 0, 900_000)])
    found = find_churn(after, NOW, past, SETTINGS)
    assert [(finding.kind, finding.ward) for finding in found] == [(ChurnKind.WARD_EMPTIED, "A")]


def test_everything_comes_twice():
    before = hospital()
    past = past_of([before] * 4, timedelta(days=1))
    after = footprint([*before, *hospital(first=100_000)])
    found = kinds(find_churn(after, NOW, past, SETTINGS))
    assert {ChurnKind.RECORDS_GAINED, ChurnKind.PATIENTS_GAINED} <= found


# What a hospital does


def test_a_first_snapshot_is_believed():
    assert find_churn(footprint(hospital()), NOW, [], SETTINGS) == []


def test_nothing_changed():
    assert judge(hospital(), hospital()) == []


def test_a_new_ward_and_a_new_system():
    before = change(hospital(), lambda p: True, results=0)
    assert judge(before, hospital([*WARDS, "NEW"])) == []


def test_a_new_system_sends_more_each_hour():
    steps = [change(hospital(), lambda p: True, results=n) for n in (0, 0, 1, 5, 20, 80)]
    for n in range(1, len(steps)):
        past = past_of(steps[:n], timedelta(hours=9))
        assert find_churn(footprint(steps[n]), NOW, past, SETTINGS) == []


def test_a_small_ward_is_discharged_in_a_night():
    before = [*hospital(), *hospital(["DAY"], 7, 0, first=900_000)]
    assert judge(before, hospital(), timedelta(minutes=30)) == []


def test_a_ward_moves_as_a_whole():
    before = hospital()
    assert judge(before, change(before, on_ward("W3"), ward="NEW")) == []


def test_a_day_ward_empties_each_evening():
    full = [*hospital(), *hospital(["DAY"], 30, 0, first=900_000)]
    empty = hospital()
    steps = [(30, full), (24, empty), (6, full)]
    past = [PastSnapshot(NOW - timedelta(hours=h), footprint(step)) for h, step in steps]
    assert find_churn(footprint(empty), NOW, past, SETTINGS) == []
    assert find_churn(footprint(empty), NOW, past[2:], SETTINGS)
    named = replace(SETTINGS, day_wards=("DAY",))
    assert find_churn(footprint(empty), NOW, past[2:], named) == []


def test_a_day_ward_keeps_a_few_for_the_night_now_and_then():
    wards = {size: hospital(["DAY"], size, 0, first=900_000) for size in (30, 7, 0)}
    steps = [(30, 30), (24, 7), (6, 30)]
    past = [
        PastSnapshot(NOW - timedelta(hours=hours), footprint([*hospital(), *wards[size]]))
        for hours, size in steps
    ]
    assert find_churn(footprint([*hospital(), *wards[0]]), NOW, past, SETTINGS) == []


def test_a_day_of_discharges_and_admissions():
    before = hospital()
    stayed = [p for p in before if not p.ward or p.number % 10 < 6]
    came = [replace(p, number=p.number + 700_000) for p in before if p.ward and p.number % 10 > 5]
    gone = [replace(p, ward="") for p in before if p.ward and p.number % 10 > 5]
    after = [*stayed, *came, *gone]
    assert judge(before, after, timedelta(days=1)) == []
    assert ChurnKind.PATIENTS_GONE in kinds(judge(before, after, timedelta(minutes=5)))


def test_a_laptop_from_the_cupboard_is_no_reason_for_alarm():
    before, after = hospital(), hospital(first=100_000, outpatients=0)
    left = change(before, lambda p: True, ward="")
    assert judge(before, [*after, *left], timedelta(days=21)) == []


def test_some_marry():
    before = hospital()
    assert judge(before, change(before, lambda p: p.number % 1000 == 1, name="MARRIED")) == []


def test_a_released_change_is_the_measure_from_then_on():
    before, after = hospital(), hospital(WARDS[:5])
    past = [
        PastSnapshot(NOW - timedelta(hours=2), footprint(before), is_reference=False),
        PastSnapshot(NOW - timedelta(hours=1), footprint(after)),
    ]
    assert find_churn(footprint(after), NOW, past, SETTINGS) == []
    assert find_churn(footprint(hospital(WARDS[:2])), NOW, past, SETTINGS)


def test_patients_come_and_go_more_on_one_ward_than_in_a_hospital():
    before, after = hospital(["W1"], 24, 0), hospital(["W1"], 12, 0)
    assert judge(before, after)
    assert judge(before, after, is_site=False) == []
    assert judge(before, [], is_site=False)


def test_limits_of_one_system_and_ward_are_settings():
    before = hospital()
    after = change(before, lambda p: p.number % 20, results=0)
    past = [PastSnapshot(NOW - timedelta(minutes=5), footprint(before))]
    patient = replace(
        SETTINGS,
        system_loss_percent={"LIMS": 99},
        ward_loss_percents=dict.fromkeys(WARDS, 99),
        loss_percent=99,
    )
    assert find_churn(footprint(after), NOW, past, patient) == []
