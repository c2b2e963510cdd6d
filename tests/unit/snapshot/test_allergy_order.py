"""Of many allergies the one that can harm most stands first: a list may be cut, or read in a hurry."""

from downtime.clinical.model import AllergyIntolerance
from downtime.snapshot.store.opened_snapshot import summarise_active


def allergy(substance, **fields):
    return AllergyIntolerance(
        id=substance, patient="p", substance=substance, status="active", **fields
    )


def test_severe_and_high_risk_ones_stand_before_all_others():
    listed = [
        allergy("Apple", severity="mild"),
        allergy("Birch"),
        allergy("Zinc", severity="severe"),
        allergy("Yeast", criticality="high"),
        allergy("Wheat", criticality="low"),
    ]
    shown = summarise_active(listed, ())
    assert [item.substance for item in shown.items] == ["Yeast", "Zinc", "Birch", "Apple", "Wheat"]
    assert shown.heading == "Known allergies"


def test_no_known_allergies_is_no_substance_and_never_stands_beside_one():
    none = allergy("No known allergies", none_known=1)
    assert (summarise_active([none], ()).heading, summarise_active([none], ()).items) == (
        "No known allergies",
        [],
    )
    assert summarise_active([none, allergy("Zinc")], ()).heading == "Known allergies"
