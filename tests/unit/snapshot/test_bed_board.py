"""The beds of a ward as a board shows them."""

from downtime.clinical.model import Encounter, Location, Patient
from downtime.snapshot.bed_board import arrange_beds, count_wards


def test_a_ward_as_a_whole_is_no_empty_bed():
    listed = [
        Location(id="ward", ward="W1", ward_name="Ward one"),
        Location(id="bed", ward="W1", bay="1", bed="2", status="available"),
    ]
    stay = (Patient(id="p"), Encounter(id="e", patient="p", ward="W1", bay="1", bed="1"))
    assert [row.location.bed for row in arrange_beds("W1", listed, [stay])] == ["1", "2"]
    (ward,) = count_wards(listed, [stay])
    assert (ward.name, ward.patients, ward.empty) == ("Ward one", 1, 1)


def test_two_patients_in_one_bed_stand_by_name_whatever_their_ids_are():
    names = []
    for ids in ("ab", "ba"):
        stays = [
            (Patient(id=key, family=family), Encounter(id=key, patient=key, ward="W1", bed="1"))
            for key, family in zip(ids, ("Yates", "Adams"), strict=True)
        ]
        names.append([row.patient.family for row in arrange_beds("W1", [], stays)])
    assert names == [["Adams", "Yates"], ["Adams", "Yates"]]


def test_a_bed_of_somebody_who_is_shown_on_another_ward_too_is_not_empty():
    beds = [Location(id=w, ward=w, bed="1", status="available") for w in ("W1", "W2")]
    stays = [
        (Patient(id="p"), Encounter(id=ward, patient="p", ward=ward, bed="1"))
        for ward in ("W1", "W2")
    ]
    rows = count_wards(beds, stays[:1], stays[1:])
    assert [(row.patients, row.empty) for row in rows] == [(1, 0), (0, 0)]
