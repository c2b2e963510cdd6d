"""FHIR R4: resources, bundles and NDJSON to what they say."""

import orjson
import pytest

from downtime.clinical.identifiers import Identifier
from downtime.feeds.model import FeedMessage, Reject, Replacement

NHS = {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"}
MRN = {"system": "https://hospital.example/id/DEMO", "value": "H1001"}
PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [NHS, MRN],
    "name": [
        {"use": "usual", "given": ["Ash"]},
        {"use": "official", "family": "PATEL", "given": ["Asha", "R"], "prefix": ["Mrs"]},
    ],
    "gender": "female",
    "birthDate": "1962-03-04",
}
WHO = (Identifier("MR", "DEMO", "H1001"), Identifier("NH", "NHS", "9990000018"))
ADDRESS = Identifier("FHIR", "", "Patient/p1")
SUBJECT = {"reference": "Patient/p1"}
ALLERGY = {
    "resourceType": "AllergyIntolerance",
    "id": "a1",
    "meta": {"lastUpdated": "2026-11-02T10:00:00Z"},
    "clinicalStatus": {"coding": [{"code": "active"}]},
    "verificationStatus": {"coding": [{"code": "confirmed"}]},
    "category": ["medication"],
    "code": {"coding": [{"code": "91936005", "display": "Penicillin allergy"}]},
    "patient": SUBJECT,
    "reaction": [{"manifestation": [{"text": "Rash"}], "severity": "severe"}],
}


def bundle(*resources, **more):
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries, **more}


def test_a_patient(read_one, of):
    change = of(read_one(PATIENT))[0]
    assert change.patient == (*WHO, ADDRESS)
    assert change.fields["mrn"] == "H1001"
    assert change.fields["nhs_number"] == "9990000018"
    assert [change.fields[n] for n in ("family", "given", "prefix")] == ["PATEL", "Asha R", "Mrs"]
    assert (change.fields["gender"], change.fields["birth_date"]) == ("female", "1962-03-04")
    assert "address" not in change.fields


def test_references_inside_a_bundle_mean_the_person(read_one, of):
    change = of(read_one(bundle(ALLERGY, PATIENT)), "AllergyIntolerance")[0]
    assert change.patient[:2] == WHO
    assert (change.source, change.event) == ("EPR", "2026-11-02T10:00:00Z")
    assert {name: value for name, value in change.fields.items() if value != ""} == {
        "substance": "Penicillin allergy",
        "code": "91936005",
        "reaction": "Rash",
        "severity": "severe",
        "category": "medication",
        "status": "active",
        "verification": "confirmed",
        "none_known": 0,
    }


def test_a_reference_alone_meets_the_patient_resource(read_one, of):
    assert of(read_one(ALLERGY))[0].patient == (ADDRESS,)


def test_a_reference_with_an_identifier(read_one, of):
    named = {**ALLERGY, "patient": {"type": "Patient", "identifier": NHS}}
    assert of(read_one(named))[0].patient == (WHO[1],)


def test_servers_are_told_apart(read_one, of):
    far = {**ALLERGY, "patient": {"reference": "https://other.example/fhir/Patient/p1"}}
    assert of(read_one(far))[0].patient == (
        Identifier("FHIR", "https://other.example/fhir", "Patient/p1"),
    )


def test_contained_patients_of_two_resources_are_two_people(read_one, of):
    inner = {"resourceType": "Patient", "id": "x", "name": [{"family": "A"}]}
    people = set()
    for number in ("1", "2"):
        resource = {**ALLERGY, "id": number, "contained": [inner], "patient": {"reference": "#x"}}
        people.add(of(read_one(resource), "AllergyIntolerance")[0].patient)
    assert len(people) == 2


def test_what_was_entered_in_error_is_taken_away(read_one, of):
    wrong = {"coding": [{"code": "entered-in-error"}]}
    assert of(read_one({**ALLERGY, "verificationStatus": wrong}))[0].operation == "delete"


@pytest.mark.parametrize(
    ("code", "none_known"), [("716186003", 1), ("409137002", 0), ("91936005", 0)]
)
def test_no_known_allergy(read_one, of, code, none_known):
    change = of(read_one({**ALLERGY, "code": {"coding": [{"code": code, "display": "x"}]}}))[0]
    assert change.fields["none_known"] == none_known


def test_a_merge_by_link(read_one, of):
    link = [{"type": "replaced-by", "other": {"reference": "Patient/p2"}}]
    merge = of(read_one({**PATIENT, "link": link}))[1]
    assert (merge.operation, merge.patient) == (
        "merge",
        (Identifier("FHIR", "", "Patient/p2"),),
    )
    assert WHO[0] in merge.merged


def test_a_request_has_the_key_that_hl7_messages_give_it(read_one, of):
    resource = {
        "resourceType": "ServiceRequest",
        "id": "r1",
        "identifier": [{"type": {"coding": [{"code": "PLAC"}]}, "value": "P1"}],
        "status": "active",
        "code": {"coding": [{"code": "FBC", "display": "Full blood count"}]},
        "subject": SUBJECT,
    }
    change = of(read_one(resource))[0]
    assert (change.key, change.source, change.fields["stage"]) == ("P1|FBC", "LIMS", "requested")


def observation(**more):
    return {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": {"text": "Potassium"},
        "subject": SUBJECT,
        **more,
    }


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (b"1.50", "1.50"),
        (b"5.0", "5.0"),
        (b"0.00001", "0.00001"),
        (b"1e3", "1e3"),
        (b"4.1", "4.1"),
        (b"12345678901234567890", "12345678901234567890"),
    ],
)
def test_a_decimal_is_kept_as_it_was_written(read_fhir, of, written, value):
    quantity = {"value": 77, "unit": "mmol/L"}
    data = orjson.dumps(observation(valueQuantity=quantity)).replace(b"77", written)
    fields = of(read_fhir(data)[0])[0].fields
    assert (fields["value"], fields["units"]) == (value, "mmol/L")


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"valueCodeableConcept": {"text": "Not detected"}}, "Not detected"),
        ({"valueString": "seen"}, "seen"),
        ({"valueBoolean": True}, "Yes"),
        ({"valueRange": {"low": {"value": 1}, "high": {"value": 2}}}, "1 - 2"),
        ({"valueQuantity": {"comparator": ">", "value": 9}}, ">9"),
        (
            {
                "component": [
                    {"code": {"text": "Systolic"}, "valueQuantity": {"value": 120, "unit": "mmHg"}},
                    {"code": {"text": "Diastolic"}, "valueQuantity": {"value": 60, "unit": "mmHg"}},
                ]
            },
            "Systolic 120 mmHg; Diastolic 60 mmHg",
        ),
    ],
)
def test_values(read_one, of, given, value):
    assert of(read_one(observation(**given)))[0].fields["value"] == value


def test_an_observation_belongs_to_the_report_that_lists_it(read_one, of):
    report = {
        "resourceType": "DiagnosticReport",
        "id": "d1",
        "status": "final",
        "code": {"text": "U&E"},
        "subject": SUBJECT,
        "issued": "2026-11-02T11:30:00Z",
        "result": [{"reference": "Observation/o1"}],
    }
    changes = of(read_one(report))
    claim = next(c for c in changes if c.type == "Observation")
    value = of(read_one(observation()))[0]
    assert (claim.key, claim.source) == (value.key, value.source)
    assert claim.fields == {"report": "d1", "position": 1}


def test_a_medicine_in_the_sources_own_words(read_one, of):
    resource = {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "active",
        "contained": [{"resourceType": "Medication", "id": "d", "code": {"text": "ParaCETamol"}}],
        "medicationReference": {"reference": "#d"},
        "subject": SUBJECT,
        "dosageInstruction": [
            {
                "text": "1 g  four times a day",
                "asNeededBoolean": True,
                "route": {"text": "Oral"},
                "timing": {"repeat": {"frequency": 4, "period": 1, "periodUnit": "d"}},
            }
        ],
    }
    fields = of(read_one(resource))[0].fields
    assert fields["medicine"] == "ParaCETamol"
    assert fields["dosage"] == "1 g  four times a day"
    assert fields["frequency"] == "4 times every 1 day"
    assert (fields["category"], fields["route"]) == ("as-required", "Oral")


def test_an_encounter_and_its_bed(read_one, of):
    ward = {
        "resourceType": "Location",
        "id": "w",
        "name": "Willow",
        "identifier": [{"value": "WIL"}],
        "physicalType": {"coding": [{"code": "wa"}]},
    }
    bed = {
        "resourceType": "Location",
        "id": "b",
        "name": "4",
        "physicalType": {"coding": [{"code": "bd"}]},
        "partOf": {"reference": "Location/w"},
        "operationalStatus": {"code": "O"},
    }
    stay = {
        "resourceType": "Encounter",
        "id": "e",
        "identifier": [{"value": "V55", "type": {"coding": [{"code": "VN"}]}}],
        "status": "in-progress",
        "class": {"code": "IMP"},
        "subject": SUBJECT,
        "period": {"start": "2026-11-02"},
        "location": [{"location": {"reference": "Location/b"}}],
    }
    message = read_one(bundle(stay, bed, ward))
    encounter, place = of(message, "Encounter")[0], of(message, "Location")[0]
    assert (encounter.key, encounter.fields["kind"]) == ("V55", "inpatient")
    assert [encounter.fields[n] for n in ("ward", "bay", "bed")] == ["WIL", "", "4"]
    assert (place.key, place.fields["status"]) == ("WIL||4", "occupied")


def test_an_appointment(read_one, of):
    resource = {
        "resourceType": "Appointment",
        "id": "x",
        "status": "booked",
        "start": "2026-11-09T09:30:00Z",
        "end": "2026-11-09T10:00:00Z",
        "participant": [
            {"actor": {"reference": "Location/1", "display": "Clinic 3"}},
            {"actor": SUBJECT},
            {"actor": {"reference": "Practitioner/1", "display": "Dr Lee"}},
        ],
    }
    change = of(read_one(resource))[0]
    assert change.patient == (ADDRESS,)
    assert [change.fields[n] for n in ("location", "practitioner", "minutes", "kind")] == [
        "Clinic 3",
        "Dr Lee",
        30,
        "clinic",
    ]


def test_a_bundle_tagged_as_full_extract_replaces_and_another_adds(read_one):
    time = {"timestamp": "2026-11-02T12:00:00Z"}
    full = read_one(bundle(PATIENT, ALLERGY, meta={"tag": [{"code": "full-extract"}]}, **time))
    person, replacement = full.content
    assert person.type == "Patient"
    assert isinstance(replacement, Replacement)
    assert (replacement.types, replacement.sent) == (
        ("AllergyIntolerance",),
        "2026-11-02T12:00:00Z",
    )
    added = read_one(bundle(PATIENT, ALLERGY, **time))
    assert not any(isinstance(item, Replacement) for item in added.content)


def test_a_deletion_in_a_transaction(read_one, of):
    entry = {"request": {"method": "DELETE", "url": "AllergyIntolerance/a1"}}
    change = of(read_one({"resourceType": "Bundle", "type": "transaction", "entry": [entry]}))[0]
    assert (change.type, change.key, change.operation) == ("AllergyIntolerance", "a1", "delete")


def test_the_source_is_named_by_meta_source(read_one, of):
    assert of(read_one({**ALLERGY, "meta": {"source": "PAS"}}))[0].source == "PAS"


def test_ndjson_is_one_message_a_line_and_a_bad_line_stops_nothing(read_fhir):
    lines = [orjson.dumps(PATIENT), b'{"resourceType": ', b"", orjson.dumps({"log": 1}), b"{}"]
    messages = read_fhir(b"\xef\xbb\xbf" + b"\n".join([*lines, orjson.dumps(ALLERGY)]))
    assert [type(item) for item in messages] == [FeedMessage, Reject, Reject, Reject, FeedMessage]
    assert messages[1].reason.startswith("not valid JSON")
    assert messages[2].reason == "the JSON has no resourceType: it is not a FHIR resource"
    assert messages[-1].position.number == 5


def test_json_over_several_lines_and_lists_of_resources(read_fhir):
    data = orjson.dumps([PATIENT, ALLERGY], option=orjson.OPT_INDENT_2)
    assert [m.kind for m in read_fhir(data)] == ["Patient", "AllergyIntolerance"]


def test_json_that_is_too_deep_is_refused(read_fhir):
    deep = b'{"resourceType":"Patient","x":' + b"[" * 100 + b"]" * 100 + b"}"
    assert "max_json_depth" in read_fhir(deep)[0].reason


def test_json_in_an_old_encoding(read_fhir, of):
    data = orjson.dumps({**PATIENT, "name": [{"family": "MÜLLER"}]}).decode().encode("cp1252")
    assert of(read_fhir(data)[0])[0].fields["family"] == "MÜLLER"


def test_a_type_that_is_not_used_is_accepted_and_nothing_is_taken(read_one):
    message = read_one({"resourceType": "Procedure", "patient": SUBJECT})
    assert (message.kind, message.content) == ("Procedure", ())
