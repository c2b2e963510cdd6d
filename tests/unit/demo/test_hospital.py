"""The hospital is a plausible one: beds, bays, ages, medicines that fit the allergies."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from downtime.demo.care import list_allergies, list_medicines
from downtime.demo.hospital import build_hospital, list_beds
from downtime.demo.requests import TOTAL, list_requests
from downtime.demo.tables import MEDICINE_SETS, WARD_KINDS

NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)


@pytest.fixture(params=["small", "large"])
def hospital(request):
    return build_hospital(request.param, 1, NOW)


def test_the_sizes_are_as_promised(hospital):
    wards, per_ward, inpatients = {"small": (4, 24, 88), "large": (40, 25, 1000)}[hospital.size]
    assert len(hospital.wards) == wards
    assert {len(list_beds(ward, hospital.size)) for ward in hospital.wards} == {per_ward}
    assert len(hospital.stays) == inpatients


def test_the_small_hospital_is_85_to_92_per_cent_full():
    for seed in range(1, 30):
        lying = [stay for stay in build_hospital("small", seed, NOW).stays if stay.place.bed]
        assert 0.85 <= len(lying) / 96 <= 0.92


def test_no_bed_holds_two_people_and_free_beds_hold_none(hospital):
    places = [stay.place for stay in hospital.stays if stay.place.bed]
    assert max(Counter(places).values()) == 1
    assert not {bed.place for bed in hospital.empty_beds} & set(places)
    assert {bed.place.ward for bed in hospital.empty_beds} == {ward.code for ward in hospital.wards}


def test_no_person_is_in_two_stays(hospital):
    numbers = [stay.person.mrn for stay in (*hospital.stays, *hospital.ended_stays)]
    assert len(set(numbers)) == len(numbers)
    nhs = [stay.person.nhs for stay in (*hospital.stays, *hospital.ended_stays) if stay.person.nhs]
    assert len(set(nhs)) == len(nhs)


def test_bays_hold_one_sex(hospital):
    sexes = {}
    for stay in hospital.stays:
        if stay.place.bay in ("A", "B", "C", "D"):
            sexes.setdefault((stay.place.ward, stay.place.bay), set()).add(stay.person.gender)
    assert {len(found) for found in sexes.values()} == {1}


def test_ages_fit_the_ward(hospital):
    for stay in hospital.stays:
        youngest, oldest = WARD_KINDS[stay.kind].ages
        assert stay.case or youngest - 1 <= stay.person.age(NOW.date()) <= oldest
    assert all(s.person.gender == "F" for s in hospital.stays if s.kind == "maternity")


def test_stays_began_before_they_ended(hospital):
    assert all(stay.admitted < NOW for stay in hospital.stays)
    assert all(stay.ended and stay.admitted < stay.ended <= NOW for stay in hospital.ended_stays)


def test_requests_follow_each_other_and_are_of_people_who_were_there(hospital):
    found = list_requests(hospital)
    assert TOTAL[hospital.size] <= len(found) <= TOTAL[hospital.size] + 10
    for one in found:
        times = [t for t in (one.ordered, one.collected, one.received, one.resulted) if t]
        assert times == sorted(times)
        assert one.stay is None or one.ordered >= one.stay.admitted
        assert one.ordered <= NOW
    outstanding = [r for r in found if not r.cancelled and not (r.resulted and r.resulted <= NOW)]
    assert 0.1 < len(outstanding) / len(found) < 0.3


def test_nobody_is_given_what_they_are_allergic_to(hospital):
    families = {
        medicine.name: medicine.family for kind in MEDICINE_SETS.values() for medicine in kind
    }
    barred = 0
    for stay in hospital.stays:
        known = {allergy.family for allergy, _ in list_allergies(stay, 1)} - {""}
        barred += bool(known)
        assert not known & {families[one.name] for one in list_medicines(stay, 1)}
    assert barred > 10


def test_another_seed_is_another_hospital(hospital):
    other = build_hospital(hospital.size, 2, NOW)
    assert [s.person.family_name for s in other.stays] != [
        s.person.family_name for s in hospital.stays
    ]
