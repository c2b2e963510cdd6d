"""FHIR: what is missing, over or changed in its meaning never looks like what it is not."""

import pytest

from downtime.feeds.fhir.modifiers import MEANING_UNSURE
from downtime.feeds.hl7.allergies import SUBSTANCE_NOT_NAMED


def of_patient(kind, **more):
    who = {"reference": "Patient/p1"}
    return {"resourceType": kind, "id": "1", "patient": who, "subject": who, **more}


SWELLING = {"manifestation": [{"text": "Swelling"}]}


@pytest.mark.parametrize(
    ("more", "substance"),
    [
        ({"code": "Penicillin"}, "Penicillin"),
        ({"code": {"extension": []}, "note": [{"text": "PENICILLIN!"}]}, "PENICILLIN!"),
        ({"code": None, "reaction": [SWELLING]}, SUBSTANCE_NOT_NAMED),
        ({"reaction": [{**SWELLING, "substance": {"text": "Latex"}}]}, "Latex"),
        ({"reaction": [{**SWELLING, "description": "After codeine"}]}, "After codeine"),
        ({}, SUBSTANCE_NOT_NAMED),
    ],
)
def test_an_allergy_always_says_to_what(read_one, more, substance):
    message = read_one(of_patient("AllergyIntolerance", **more))
    assert message.content[0].fields["substance"] == substance


def test_an_allergy_that_names_nothing_is_said(read_one):
    findings = read_one(of_patient("AllergyIntolerance", reaction=[SWELLING])).findings
    assert [finding.segment for finding in findings] == ["AllergyIntolerance.code"]


def test_a_refuted_allergy_in_words_is_not_active(fields_of):
    code = {"text": "Latex"}
    more = {"code": code, "verificationStatus": {"text": "Refuted"}}
    assert fields_of(of_patient("AllergyIntolerance", **more))["status"] == "inactive"


@pytest.mark.parametrize(("end", "status"), [("2020-01-01", "inactive"), ("2030-01-01", "active")])
def test_an_alert_ends_with_its_period(fields_of, end, status):
    body = of_patient("Flag", status="active", code={"text": "Falls"}, period={"end": end})
    assert fields_of(body)["status"] == status


@pytest.mark.parametrize("category", ["Nursing", "Occupational therapy", "Dietetics", "Referral"])
def test_an_order_for_nurses_or_therapists_is_no_test(read_one, category):
    order = {"code": {"text": "Turn patient"}, "category": [{"text": category}]}
    message = read_one(of_patient("ServiceRequest", status="active", **order))
    assert (message.content, [f.kind for f in message.findings]) == ((), ["order-unmapped"])


@pytest.mark.parametrize("category", ["Haematology", "Nuclear medicine", ""])
def test_an_order_for_a_department_is_a_test(read_one, category):
    order = {"code": {"text": "FBC"}, "category": [{"text": category}]}
    assert read_one(of_patient("ServiceRequest", status="active", **order)).content


MODIFIED = {"modifierExtension": [{"url": "urn:not-to-be-given", "valueBoolean": True}]}


@pytest.mark.parametrize(
    ("kind", "more", "field"),
    [
        ("MedicationRequest", {"medicationCodeableConcept": {"text": "Warfarin"}}, "medicine"),
        ("MedicationRequest", {"medicationReference": {"reference": "Medication/1"}}, "dosage"),
        ("AllergyIntolerance", {"code": {"text": "Latex"}}, "substance"),
        ("Flag", {"code": {"text": "Falls"}}, "text"),
        ("Observation", {"code": {"text": "K"}, "valueString": "4"}, "display"),
    ],
)
def test_what_changes_the_meaning_is_said_and_marked(read_one, kind, more, field):
    message = read_one(of_patient(kind, **more, **MODIFIED))
    assert message.content[0].fields[field].startswith(MEANING_UNSURE)
    assert message.outcome == "used-in-part"
    plain = read_one(of_patient(kind, **more))
    assert MEANING_UNSURE not in str(plain.content)


def test_what_changes_the_meaning_of_a_dose_is_said(read_one):
    dose = {"text": "5 mg", **MODIFIED}
    more = {"medicationCodeableConcept": {"text": "Warfarin"}, "dosageInstruction": [dose]}
    assert read_one(of_patient("MedicationRequest", **more)).outcome == "used-in-part"
