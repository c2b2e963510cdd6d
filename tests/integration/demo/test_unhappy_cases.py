"""Each unhappy case, from the files through the ordinary feeds to what a ward would see."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlite_utils

from downtime import config
from downtime.clinical.record_types import TYPES
from downtime.demo.feeds import write_feeds
from downtime.demo.settings import settings_text
from downtime.demo.special_cases import CASES
from downtime.feeds.model import FeedMessage
from downtime.feeds.read_feeds import read_feeds
from downtime.snapshot import apply_messages
from downtime.snapshot.settle_records import settle_records

NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)


class Seen:
    """What is known after reading the feeds, to be asked by name."""

    def __init__(self, records):
        self.of = {name: [r for r in records if type(r).__name__ == name] for name in TYPES}

    def people(self, family, given=None):
        return [
            p
            for p in self.of["Patient"]
            if p.family == family.upper() and given in (None, p.given) and not p.replaced_by
        ]

    def one(self, family, given=None):
        (found,) = self.people(family, given)
        return found

    def about(self, kind, patient):
        return [r for r in self.of[kind] if r.patient == patient.id]

    def stay(self, family, given=None):
        (found,) = self.about("Encounter", self.one(family, given))
        return found


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """State before the outage and after it, folded one after the other as in a real home."""
    folder = tmp_path_factory.mktemp("story")
    path = folder / "config.toml"
    path.write_text(settings_text("small"), encoding="utf-8")
    settings = config.load_settings(path)
    db = sqlite_utils.Database(memory=True)
    seen = {}
    for phase, at in (("before", NOW), ("after", NOW + timedelta(hours=8))):
        write_feeds(folder / phase, "small", 1, phase, NOW)
        items = (i for i in read_feeds([folder / phase], settings) if isinstance(i, FeedMessage))
        apply_messages.apply_messages(db, items, settings, at)
        seen[phase] = Seen(list(settle_records(db, settings)))
    return seen


@pytest.fixture
def seen(story):
    return story["before"]


def test_two_people_of_one_name_stay_two(seen):
    people = seen.people("Jones", "Margaret")
    stays = [seen.about("Encounter", p)[0] for p in people]
    here = [p for p, stay in zip(people, stays, strict=True) if stay.ward == "WIL"]
    assert len({p.birth_date for p in here}) == len({p.mrn for p in here}) == 2


def test_somebody_has_no_nhs_number(seen):
    assert seen.one("Guðmundsdóttir", "Björk").nhs_number == ""


def test_an_nhs_number_is_unverified(seen):
    patient = seen.one("Ó Súilleabháin", "Siobhán")
    assert patient.nhs_number_status == "unverified"
    assert patient.nhs_number.startswith("999")


def test_an_unknown_man_has_nothing_but_a_hospital_number(seen):
    patient = seen.one("Unknown", "Male")
    assert (patient.birth_date, patient.nhs_number) == ("", "")
    assert patient.mrn
    assert seen.stay("Unknown", "Male").ward == "AMU"


def test_a_moved_patient_is_on_the_new_ward(seen):
    stay = seen.stay("O'Brien", "Zoë")
    assert (stay.ward, stay.prior_ward) == ("WIL", "AMU")


def test_a_cancelled_transfer_leaves_the_patient_where_they_were(seen):
    stay = seen.stay("Jayasuriya", "Nimal")
    assert (stay.ward, stay.status) == ("AMU", "in-progress")


def test_a_cancelled_discharge_keeps_the_patient_in_bed(seen):
    stay = seen.stay("Wiśniewski", "Łukasz")
    assert (stay.ward, stay.status, stay.ended) == ("WIL", "in-progress", "")


def test_a_cancelled_admission_is_cancelled(seen):
    assert seen.stay("Asante", "Kwame").status == "cancelled"


def test_somebody_has_a_long_list_of_allergies(seen):
    found = seen.about("AllergyIntolerance", seen.one("Allerdyce", "Dorothy"))
    assert len(found) >= 15
    assert all(allergy.reaction for allergy in found)


def test_none_known_is_not_the_same_as_not_recorded(seen):
    (stated,) = seen.about("AllergyIntolerance", seen.one("Okonkwo-Fitzgerald"))
    assert stated.none_known == 1
    assert seen.about("AllergyIntolerance", seen.one("Nguyễn", "Thị Hoa")) == []


def test_a_single_name_and_a_very_long_one(seen):
    assert seen.one("Thida").given == ""
    patient = seen.one("Featherstonehaugh-Cholmondeley-Warburton-Smythe")
    assert patient.given == "Maximiliana Bartholomea Persephone"


def test_an_alias_in_another_script_does_not_take_the_place_of_the_name(seen):
    assert seen.one("Al-Sayed", "Fatima").mrn


def test_the_alias_is_in_the_feed(tmp_path):
    write_feeds(tmp_path, "small", 1, "before", NOW)
    assert "السيد^فاطمة" in (tmp_path / "pas/adt.hl7").read_text(encoding="utf-8")


def test_a_boarded_patient_is_on_the_ward_without_a_bed(seen):
    stay = next(
        stay
        for person in seen.people("Whitehead", "Derek")
        for stay in seen.about("Encounter", person)
        if stay.ward == "AMU"
    )
    assert (stay.bay, stay.bed) == ("", "")


def test_messages_out_of_order_give_the_right_ward(seen):
    stay = seen.stay("Esposito", "Chiara")
    assert (stay.ward, stay.status) == ("ASH", "in-progress")


def test_the_amended_potassium_is_shown_and_not_the_first(seen):
    patient = seen.one("Pritchard", "Gwendoline")
    potassium = [o for o in seen.about("Observation", patient) if o.code == "K"]
    (amended,) = [o for o in potassium if o.status == "corrected"]
    assert (amended.value, amended.flag) == ("4.6", "")
    assert "6.9" not in {o.value for o in potassium}


def test_a_latin_1_result_belongs_to_the_right_patient(seen):
    patient = seen.one("Lefèvre", "Renée")
    assert {o.code for o in seen.about("Observation", patient)} >= {"HB", "WBC"}


def test_the_laboratory_knows_somebody_the_pas_does_not(seen):
    patient = seen.one("Tregenza", "Morwenna")
    assert seen.about("Encounter", patient) == []
    stages = {r.code: r.stage for r in seen.about("ServiceRequest", patient)}
    assert stages == {"FBC": "resulted", "TFT": "in-progress"}


def test_a_patient_registered_twice_is_merged_after_recovery(story):
    before = story["before"].people("Bērziņš", "Jānis")
    assert len(before) == 2
    (survivor,) = story["after"].people("Bērziņš", "Jānis")
    assert survivor.nhs_number
    (stay,) = story["after"].about("Encounter", survivor)
    assert stay.ward == "AMU"


def test_every_case_in_the_table_has_a_person_in_the_feeds(seen):
    for case in CASES:
        assert seen.people(case.family_name, case.given_name), case.key


def test_people_moved_and_went_home_while_the_systems_were_down(story):
    wards = [
        {e.visit_number: e.ward for e in story[phase].of["Encounter"] if e.status == "in-progress"}
        for phase in ("before", "after")
    ]
    moved = [visit for visit in wards[0] if wards[1].get(visit, wards[0][visit]) != wards[0][visit]]
    assert len(moved) == 1
    assert len(set(wards[0]) - set(wards[1])) >= 3
    assert len(set(wards[1]) - set(wards[0])) == 2


def test_theatre_lists_hold_three_days_and_a_cancellation(seen):
    cases = [a for a in seen.of["Appointment"] if a.kind == "theatre"]
    assert len({a.start[:10] for a in cases}) == 3
    assert {"booked", "cancelled", "fulfilled"} <= {a.status for a in cases}
    assert all(a.description and a.location for a in cases)


def test_every_ward_has_a_name(seen):
    names = {bed.ward: bed.ward_name for bed in seen.of["Location"]}
    assert set(names) == {"AMU", "WIL", "ASH", "ROW"}
    assert all(names.values())
