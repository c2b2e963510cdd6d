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
