"""A snapshot in short: the same from its records and from its database."""

from downtime.clinical.model import AllergyIntolerance, Encounter, Flag, Location, Patient
from downtime.snapshot.footprint import Footprint, FootprintMaker, RecordGroup, merge_footprints

STAY = {"status": "in-progress", "kind": "inpatient", "started": "2026-11-01T10:00:00Z"}


def records(number, family, *, ward="W1", substance="Penicillin"):
    key = f"p{number}"
    return [
        Patient(id=key, mrn=f"H{number}", family=family, given="Zoë", birth_date="1960-01-02"),
        Encounter(id=f"e{number}", source="PAS", patient=key, ward=ward, bay="A", bed="4", **STAY),
        AllergyIntolerance(id=f"a{number}", source="EPR", patient=key, substance=substance),
    ]


OTHERS = [
    Patient(id="p8", nhs_number="9990000018", family="Out", replaced_by=""),
    Patient(id="p9", mrn="H9", family="Merged", replaced_by="p1"),
    Encounter(id="e7", source="PAS", patient="p8", status="finished", ward="W1"),
    Encounter(id="e6", source="PAS", patient="p1", ward="", **STAY),
    Flag(id="f1", source="EPR", patient="p1", text="Falls", category="safety"),
    Location(id="l1", source="PAS", ward="W1", bed="4"),
]


def make_footprint(*lists):
    maker = FootprintMaker()
    for record in (record for part in lists for record in part):
        maker.add(record)
    return maker.finish()


def test_database_and_records_say_the_same(make):
    everything = [*records(1, "O'Sullivan"), *records(2, "Eze", ward="W2"), *OTHERS]
    with make(everything) as snapshot:
        read = snapshot.read_footprint()
    made = make_footprint(everything)
    assert sorted(read.present) == sorted(made.present)
    assert (read.records, read.wards, read.people) == (made.records, made.wards, made.people)
    assert made.records[RecordGroup("PAS", "Encounter")] == 4
    assert made.wards == {"W1": 1, "W2": 1}
    assert {patient.name for patient in made.present} == {"O'SULLIVAN, Zoë", "EZE, Zoë"}
    assert len(made.people) == 3  # who was merged is one person with the survivor


def test_a_footprint_is_kept_as_it_is():
    made = make_footprint(records(1, "O'Sullivan"), OTHERS)
    assert Footprint.parse(made.to_bytes()) == made


def test_parts_make_the_whole():
    parts = [make_footprint(records(1, "A")), make_footprint(records(2, "B", ward="W2"))]
    whole = make_footprint(records(1, "A"), records(2, "B", ward="W2"))
    merged = merge_footprints(parts)
    assert merged == whole


def test_only_its_counts_are_left_without_people():
    made = make_footprint(records(1, "O'Sullivan")).without_people()
    assert (made.present, len(made.people), made.wards) == ((), 0, {"W1": 1})
    assert b"SULLIVAN" not in made.to_bytes().upper()
