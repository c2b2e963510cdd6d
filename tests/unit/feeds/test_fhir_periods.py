"""FHIR: of several names, numbers, addresses and places the one that holds now counts."""

from datetime import UTC, datetime

import pytest

from downtime.clinical.identifiers import Identifier

PAST, FUTURE = {"end": "2020-01-01"}, {"start": "2030"}
OWN = "https://hospital.example/id/DEMO"
VERIFICATION = (
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus"
)


def patient(**more):
    return {
        "resourceType": "Patient",
        "id": "p1",
        "identifier": [{"system": OWN, "value": "H1"}],
        **more,
    }


def stay(**more):
    return {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "in-progress",
        "subject": {"reference": "Patient/p1"},
        **more,
    }


@pytest.mark.parametrize(
    ("names", "family"),
    [
        (
            [
                {"use": "official", "family": "OLD", "period": PAST},
                {"use": "official", "family": "NEW"},
            ],
            "NEW",
        ),
        ([{"use": "official", "family": "LATER", "period": FUTURE}, {"family": "NOW"}], "NOW"),
        ([{"use": "maiden", "family": "BORN"}, {"use": "usual", "family": "USUAL"}], "USUAL"),
        (
            [
                {"family": "FIRST", "period": {"end": "2019"}},
                {"family": "LAST", "period": {"end": "2024"}},
            ],
            "LAST",
        ),
        ([{"use": "official", "family": "TODAY", "period": {"end": "2026-11-02"}}], "TODAY"),
    ],
)
def test_the_name_that_holds(fields_of, names, family):
    assert fields_of(patient(name=names))["family"] == family


def test_a_period_ends_as_time_passes(fields_of):
    names = [
        {"use": "official", "family": "A", "period": {"end": "2026-11-02T14:00:00Z"}},
        {"use": "usual", "family": "B"},
    ]
    earlier = datetime(2026, 11, 2, 13, 59, tzinfo=UTC)
    assert fields_of(patient(name=names), now=earlier)["family"] == "A"
    assert fields_of(patient(name=names))["family"] == "B"


def test_a_number_that_has_ended_is_nobodys(read_one):
    numbers = [
        {"system": OWN, "value": "H9", "period": PAST},
        {"system": OWN, "value": "H8", "use": "old"},
        {"system": OWN, "value": "H1"},
    ]
    change = read_one(patient(identifier=numbers)).content[0]
    assert change.patient == (Identifier("MR", "DEMO", "H1"), Identifier("FHIR", "", "Patient/p1"))


def test_address_and_telephone_that_hold(fields_of):
    resource = patient(
        address=[
            {"line": ["1 Old Road"], "period": PAST},
            {"use": "work", "line": ["Office"]},
            {"use": "home", "line": ["2 New Road"], "postalCode": "AB1"},
        ],
        telecom=[
            {"system": "phone", "value": "1", "period": PAST},
            {"system": "phone", "value": "2", "rank": 2},
            {"system": "phone", "value": "3", "rank": 1},
        ],
    )
    fields = fields_of(resource)
    assert (fields["address"], fields["postcode"], fields["phone"]) == ("2 New Road", "AB1", "3")
    gone = patient(address=[{"line": ["1 Old Road"], "period": PAST}])
    assert fields_of(gone)["address"] == ""


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("number-present-and-verified", "verified"),
        ("01", "verified"),
        ("number-present-but-not-traced", "unverified"),
        ("02", "unverified"),
    ],
)
def test_the_verification_of_an_nhs_number(fields_of, code, status):
    extension = {"url": VERIFICATION, "valueCodeableConcept": {"coding": [{"code": code}]}}
    number = {
        "system": "https://fhir.nhs.uk/Id/nhs-number",
        "value": "9990000018",
        "extension": [extension],
    }
    assert fields_of(patient(identifier=[number]))["nhs_number_status"] == status
    del number["extension"]
    assert "nhs_number_status" not in fields_of(patient(identifier=[number]))


def test_an_nhs_number_that_fails_its_check_is_said(read_one):
    number = {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000019"}
    message = read_one(patient(identifier=[number]))
    assert [finding.kind for finding in message.findings] == ["number-damaged"]
    assert "nhs_number" not in message.content[0].fields


def place(name, **more):
    return {"location": {"display": name}, **more}


@pytest.mark.parametrize(
    ("places", "ward"),
    [
        ([place("W2"), place("W1", status="active", period={"end": "2026-11-01"})], "W2"),
        ([place("W1", period={"start": "2026-11-02"}), place("W2", period={"start": "2026-11-01"})], "W1"),
        ([place("W1"), place("W2", status="planned"), place("W3", status="completed")], "W1"),
        ([place("W1", period={"end": "2026-11-01"})], ""),
    ],
)  # fmt: skip
def test_the_place_that_holds(fields_of, places, ward):
    assert fields_of(stay(location=places))["ward"] == ward


def test_a_stay_that_is_over_keeps_where_it_was(fields_of):
    places = [place("W1", period={"end": "2026-11-01"})]
    assert fields_of(stay(status="finished", location=places))["ward"] == "W1"


def test_an_end_to_come_is_expected_and_no_end(fields_of):
    fields = fields_of(stay(period={"start": "2026-11-01", "end": "2026-11-05T10:00:00Z"}))
    assert fields["expected_end"] == "2026-11-05T10:00:00Z"
    assert "ended" not in fields
    assert (
        fields_of(stay(period={"end": "2026-11-02T10:00:00Z"}))["ended"] == "2026-11-02T10:00:00Z"
    )


@pytest.mark.parametrize(
    "more",
    [
        {"plannedEndDate": "2026-11-05"},
        {
            "extension": [
                {
                    "url": "http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedEndDate",
                    "valueDateTime": "2026-11-05",
                }
            ]
        },
    ],
)
def test_a_planned_discharge(fields_of, more):
    assert fields_of(stay(**more))["expected_end"] == "2026-11-05"


def test_a_visit_number_that_has_ended_is_no_key(read_one):
    visit = {"type": {"coding": [{"code": "VN"}]}}
    numbers = [{"value": "V1", "period": PAST, **visit}, {"value": "V2", **visit}]
    change = read_one(stay(identifier=numbers)).content[0]
    assert (change.key, change.fields["visit_number"]) == ("V2", "V2")


def test_a_stay_that_ended_before_it_began_is_as_its_status_says(read_one):
    message = read_one(
        stay(status="in-progress", period={"start": "2026-11-01", "end": "2025-11-02"})
    )
    fields = message.content[0].fields
    assert (fields["status"], fields.get("ended")) == ("in-progress", None)
    assert [finding.segment for finding in message.findings] == ["Encounter.period"]
