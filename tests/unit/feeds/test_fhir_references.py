"""FHIR: references within a document, and over documents when both are read."""

import orjson
import pytest

from downtime.feeds.named_resources import ADDRESSES, NAMED_RESOURCE, NamedResources

SUBJECT = {"reference": "Patient/p1"}
MEDICATION = {
    "resourceType": "Medication",
    "id": "m1",
    "identifier": [{"system": "urn:x", "value": "77"}],
    "code": {"text": "Warfarin 3 mg"},
}
PRESCRIPTION = {
    "resourceType": "MedicationRequest",
    "id": "r1",
    "status": "active",
    "subject": SUBJECT,
    "medicationReference": {"reference": "Medication/m1"},
}
WARD = {
    "resourceType": "Location",
    "id": "w1",
    "name": "Ash",
    "identifier": [{"value": "W1"}],
    "physicalType": {"coding": [{"code": "wa"}]},
}
BED = {
    "resourceType": "Location",
    "id": "b1",
    "name": "11",
    "form": {"coding": [{"code": "bd"}]},
    "partOf": {"reference": "Location/w1"},
    "operationalStatus": {"code": "O"},
}
STAY = {
    "resourceType": "Encounter",
    "id": "e1",
    "identifier": [{"value": "V55", "type": {"coding": [{"code": "VN"}]}}],
    "status": "in-progress",
    "subject": SUBJECT,
    "location": [{"location": {"reference": "Location/b1"}}],
}


@pytest.fixture
def settle(read_fhir):
    """The fields of the records of several files, names filled in; and what is not resolved."""

    def run(*files):
        changes = [
            change
            for resource in files
            for message in read_fhir(orjson.dumps(resource))
            for change in message.content
        ]
        names = NamedResources()
        for change in changes:
            if change.type == NAMED_RESOURCE:
                names.add(change.source, change.fields)
        records = {
            change.type: dict(change.fields) for change in changes if change.type != NAMED_RESOURCE
        }
        unresolved = [
            f"{n}.{f}" for n, r in records.items() for f in names.fill_references(r, "EPR")
        ]
        return records, unresolved, names

    return run


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": "Medication/m1"},
        {"reference": "Medication/m1/_history/3"},
        {"reference": "https://epr.example/fhir/Medication/m1"},
        {"reference": "Medication?identifier=urn:x|77"},
        {"reference": "Medication?identifier=urn%3Ax%7C77"},
        {"identifier": {"system": "urn:x", "value": "77"}},
        {"type": "Medication", "identifier": {"value": "77"}},
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_medicine_in_another_file(settle, reference, first):
    files = [MEDICATION, {**PRESCRIPTION, "medicationReference": reference}]
    records, unresolved, _ = settle(*(files if first else files[::-1]))
    assert records["MedicationRequest"]["medicine"] == "Warfarin 3 mg"
    assert unresolved == []


SCT = "http://snomed.info/sct"
PARTS = [
    {
        "itemCodeableConcept": {"coding": [{"system": SCT, "code": code}]},
        "strength": {
            "numerator": {"value": value, "unit": "mg"},
            "denominator": {"value": 1, "unit": "tablet"},
        },
    }
    for code, value in (("100001001", 500), ("100002002", 8))
]


@pytest.mark.parametrize(
    ("details", "codes"),
    [
        (
            {
                "code": {
                    "coding": [
                        {"system": "https://dmd.nhs.uk", "code": "322236009"},
                        {"system": "https://epr.example/id", "code": "W3"},
                    ]
                }
            },
            "SCT|322236009 https://epr.example/id|W3",
        ),
        ({"ingredient": PARTS}, "SCT|100001001=500mg/tablet+SCT|100002002=8mg/tablet"),
        ({"ingredient": PARTS[::-1]}, "SCT|100001001=500mg/tablet+SCT|100002002=8mg/tablet"),
        ({"ingredient": [PARTS[0], {"itemCodeableConcept": {"text": "Codeine"}}]}, ""),
        ({}, ""),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_the_codes_of_a_medicine_in_another_file(settle, details, codes, first):
    files = [{**MEDICATION, "code": {"text": "Warfarin 3 mg"}, **details}, PRESCRIPTION]
    records, unresolved, _ = settle(*(files if first else files[::-1]))
    assert records["MedicationRequest"]["codes"] == codes
    assert unresolved == []


def test_a_medicine_that_never_comes_is_said(settle):
    records, unresolved, _ = settle(PRESCRIPTION)
    assert records["MedicationRequest"]["medicine"] == ""
    assert records["MedicationRequest"]["codes"] == ""
    assert unresolved == ["MedicationRequest.medicine"]


@pytest.mark.parametrize(
    "reference", [{"reference": "urn:uuid:1"}, {"reference": "Medication/m1"}, {"identifier": {"value": "77"}, "type": "Medication"}]
)  # fmt: skip
def test_a_medicine_in_the_same_bundle(read_one, of, reference):
    entries = [
        {"resource": {**PRESCRIPTION, "medicationReference": reference}},
        {"fullUrl": "urn:uuid:1", "resource": MEDICATION},
    ]
    message = read_one({"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert of(message, "MedicationRequest")[0].fields["medicine"] == "Warfarin 3 mg"


def test_a_bed_a_ward_and_a_stay_in_three_files(settle):
    records, unresolved, names = settle(STAY, BED, WARD)
    stay = records["Encounter"]
    assert [stay[n] for n in ("ward", "bay", "bed")] == ["W1", "", "11"]
    assert unresolved == []
    beds = {bed.key: bed.fields for bed in names.list_locations()}
    assert beds["W1||11"]["status"] == "occupied"


def test_a_place_that_never_comes_keeps_its_display(settle):
    place = {"reference": "Location/zz", "display": "W9"}
    records, unresolved, _ = settle({**STAY, "location": [{"location": place}]})
    assert records["Encounter"]["ward"] == "W9"
    assert unresolved == ["Encounter.ward"]


def test_a_person_in_another_file(settle):
    person = {
        "resourceType": "Practitioner",
        "id": "d1",
        "name": [{"family": "Byron", "given": ["Ada", "K"], "prefix": ["Dr"]}],
    }
    role = {
        "resourceType": "PractitionerRole",
        "id": "x",
        "practitioner": {"reference": "Practitioner/d1"},
    }
    body = {**PRESCRIPTION, "requester": {"reference": "PractitionerRole/x"}}
    records, _, _ = settle(body, MEDICATION, role, person)
    assert records["MedicationRequest"]["prescriber"] == "Dr Ada Byron"


def test_records_that_refer_to_records_of_other_files_name_an_address(read_one, of):
    request = {
        "resourceType": "ServiceRequest",
        "id": "s1",
        "status": "active",
        "code": {"text": "FBC"},
        "subject": SUBJECT,
        "encounter": {"reference": "Encounter/e1"},
    }
    report = {
        "resourceType": "DiagnosticReport",
        "id": "d1",
        "status": "final",
        "subject": SUBJECT,
        "basedOn": [{"reference": "ServiceRequest/s1"}],
    }
    stay, asked = of(read_one(STAY), "Encounter")[0], of(read_one(request))[0]
    assert asked.fields["encounter"] in stay.fields[ADDRESSES]
    assert of(read_one(report))[0].fields["based_on"] in asked.fields[ADDRESSES]
    bundle = {"resourceType": "Bundle", "entry": [{"resource": r} for r in (STAY, request, report)]}
    message = read_one(bundle)
    assert of(message, "ServiceRequest")[0].fields["encounter"] == "V55"
    assert of(message, "DiagnosticReport")[0].fields["based_on"] == asked.key


def test_a_patient_by_a_conditional_reference(read_one):
    number = "https://fhir.nhs.uk/Id/nhs-number|9990000018"
    message = read_one({**PRESCRIPTION, "subject": {"reference": f"Patient?identifier={number}"}})
    assert [n.value for n in message.content[0].patient] == ["9990000018"]


def test_a_person_of_whom_only_a_number_is_sent_has_that_number(settle):
    practice = {
        "identifier": {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "B83624"}
    }
    person = {"resourceType": "Patient", "id": "p1", "generalPractitioner": [practice]}
    for reference in (practice, {**practice, "type": "Organization"}):
        records, unresolved, _ = settle({**person, "generalPractitioner": [reference]})
        assert (records["Patient"]["general_practitioner"], unresolved) == ("B83624", [])


def test_references_in_a_circle_end_and_the_rest_of_the_bundle_is_read(read_fhir):
    role = {
        "resourceType": "PractitionerRole",
        "id": "role",
        "practitioner": {"reference": "PractitionerRole/role"},
        "organization": {"reference": "PractitionerRole/role"},
    }
    report = {
        "resourceType": "DiagnosticReport",
        "id": "d1",
        "status": "final",
        "result": [{"reference": "DiagnosticReport/d2"}],
    }
    second = {**report, "id": "d2", "result": [{"reference": "DiagnosticReport/d1"}]}
    ward = {**WARD, "partOf": {"reference": "Location/b1"}}
    stay = {
        **STAY,
        "participant": [{"individual": {"reference": "PractitionerRole/role"}}],
    }
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": item} for item in (role, report, second, ward, BED, stay)],
    }
    items = read_fhir(orjson.dumps(bundle))
    assert not [item for item in items if hasattr(item, "reason")]
    assert "Encounter" in {change.type for item in items for change in item.content}
