"""Names that come in another document than what refers to them."""

import pytest

from downtime.feeds.named_resources import (
    ADDRESSES,
    NamedResources,
    is_reference_text,
    reference_text,
)


@pytest.fixture
def resources():
    """`resources({address: fields})`, all of the system EPR unless an address ends in `@SYSTEM`."""

    def build(by_address):
        known = NamedResources()
        for place, fields in by_address.items():
            address, _, source = place.partition("@")
            known.add(source or "EPR", {ADDRESSES: (address,), **fields})
        return known

    return build


def test_a_name_takes_the_place_of_its_reference(resources):
    known = resources({"Medication/m1": {"name": "Warfarin 3 mg", "batch": "B7"}})
    fields = {
        "medicine": reference_text("Medication/m1"),
        "batch": reference_text("Medication/m1"),
        "route": "oral",
    }
    assert known.fill_references(fields, "EPR") == []
    assert fields == {"medicine": "Warfarin 3 mg", "batch": "B7", "route": "oral"}


def test_a_reference_that_means_nothing_is_said_and_never_shown(resources):
    fields = {
        "medicine": reference_text("Medication/m9"),
        "prescriber": reference_text("P/1", "Dr A"),
    }
    assert resources({}).fill_references(fields, "EPR") == ["medicine"]
    assert fields == {"medicine": "", "prescriber": "Dr A"}
    assert not any(map(is_reference_text, fields.values()))


@pytest.mark.parametrize("text", ["\x1f", "\x1fx", "a\x1fb\x1fc"])
def test_an_odd_text_is_no_reference(resources, text):
    fields = {"medicine": text}
    assert resources({}).fill_references(fields, "EPR") == []
    assert fields == {"medicine": text}


def test_two_systems_with_one_address_are_not_guessed_between(resources):
    known = resources({"M/1": {"name": "A"}, "M/1@LIMS": {"name": "B"}})
    for source, expected in (("EPR", "A"), ("LIMS", "B"), ("PAS", "")):
        fields = {"medicine": reference_text("M/1")}
        known.fill_references(fields, source)
        assert fields["medicine"] == expected


def test_a_bed_is_put_together_of_what_it_is_part_of(resources):
    known = resources(
        {
            "Location/b": {
                "kind": "bd",
                "name": "3",
                "part_of": "Location/r",
                "status": "occupied",
            },
            "Location/r": {"kind": "ro", "name": "A", "part_of": "Location/w"},
            "Location/w": {"kind": "wa", "name": "Ash ward", "number": "W1"},
        }
    )
    fields = {name: reference_text("Location/b", "") for name in ("ward", "bay", "bed")}
    assert known.fill_references(fields, "EPR") == []
    assert fields == {"ward": "W1", "bay": "A", "bed": "3"}
    beds = {bed.key: bed.fields for bed in known.list_locations()}
    assert beds["W1|A|3"]["status"] == "occupied"
    assert beds["W1||"]["ward_name"] == "Ash ward"


def test_a_place_that_is_not_known_keeps_its_words_and_is_said(resources):
    fields = {"ward": reference_text("Location/x", "W1"), "bed": reference_text("Location/x")}
    assert resources({}).fill_references(fields, "EPR") == ["ward"]
    assert fields == {"ward": "W1", "bed": ""}


def test_a_bed_with_several_addresses_is_one_bed(resources):
    known = resources({})
    bed = {"kind": "bd", "name": "3", "part_of": "Location/w"}
    ward = {"kind": "wa", "name": "Ash"}
    known.add("EPR", {ADDRESSES: ("Location/b", "urn:uuid:1", "Location?7"), **bed})
    known.add("EPR", {ADDRESSES: ("Location/w", "Location?8"), **ward})
    assert sorted(place.key for place in known.list_locations()) == ["Ash||", "Ash||3"]


def test_a_circle_of_places_ends(resources):
    known = resources({"Location/a": {"kind": "bd", "name": "1", "part_of": "Location/a"}})
    assert list(known.list_locations()) == []


def test_a_role_leads_to_its_person(resources):
    known = resources(
        {
            "PractitionerRole/r": {"name": reference_text("Practitioner/p")},
            "Practitioner/p": {"name": "Dr Ada Byron"},
        }
    )
    fields = {"prescriber": reference_text("PractitionerRole/r")}
    known.fill_references(fields, "EPR")
    assert fields["prescriber"] == "Dr Ada Byron"
