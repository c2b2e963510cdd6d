"""FHIR: what makes two resources one record, and what never does."""

import io

import orjson
import pytest

from downtime.feeds.fhir import resources
from tests.unit.feeds.conftest import CONTEXT

WHO = {"reference": "Patient/p1"}
EPISODE = [{"system": "urn:episodes", "value": "EP1"}]


def bundle(*entries, **more):
    return {"resourceType": "Bundle", "entry": [{"resource": r} for r in entries], **more}


def of_patient(kind, **more):
    person = {"participant": [{"actor": WHO}]} if kind == "Appointment" else {"subject": WHO}
    return {"resourceType": kind, "identifier": EPISODE, "patient": WHO, **person, **more}


@pytest.mark.parametrize(
    "kind", ["Encounter", "ServiceRequest", "Appointment", "AllergyIntolerance", "Flag"]
)
def test_resources_of_two_ids_are_two_records_whatever_they_share(read_one, kind):
    code = {"code": {"text": "FBC"}}
    listed = [of_patient(kind, id=n, status="active", **code) for n in ("a", "b")]
    keys = [change.key for change in read_one(bundle(*listed)).content]
    assert len(set(keys)) == 2


@pytest.mark.parametrize("element", ["code", "medicationCodeableConcept"])
def test_resources_without_an_id_are_told_apart_by_what_they_are_about(read_one, element):
    kind = "AllergyIntolerance" if element == "code" else "MedicationRequest"
    listed = [of_patient(kind, **{element: {"text": name}}) for name in ("Pen", "Insulin")]
    keys = [change.key for change in read_one(bundle(*listed)).content]
    assert len(set(keys)) == 2


def test_a_request_in_words_has_its_words_as_code(fields_of):
    body = of_patient("ServiceRequest", id="s", code={"text": "Full blood count"})
    assert fields_of(body)["code"] == "Full blood count"


def test_a_number_that_several_requests_have_leads_to_none(read_one, of):
    requests = [of_patient("ServiceRequest", id=n, code={"text": n}) for n in ("a", "b")]
    based_on = [{"type": "ServiceRequest", "identifier": EPISODE[0]}]
    report = of_patient("DiagnosticReport", id="d", basedOn=based_on)
    message = read_one(bundle(*requests, report))
    keys = {change.key for change in of(message, "ServiceRequest")}
    assert of(message, "DiagnosticReport")[0].fields["based_on"] not in keys


def test_several_hospital_numbers_are_in_the_same_order_however_they_come(read_one):
    numbers = [{"type": {"coding": [{"code": "MR"}]}, "value": v} for v in ("N1", "O1")]
    people = {
        read_one({"resourceType": "Patient", "id": "p", "identifier": listed}).content[0].patient
        for listed in (numbers, numbers[::-1])
    }
    assert len(people) == 1


def result(**more):
    return {"resourceType": "Observation", "id": "o1", "valueString": "4.1", **more}


@pytest.mark.parametrize("is_contained", [True, False])
def test_a_result_that_names_no_patient_is_of_the_reports(read_one, of, is_contained):
    report = of_patient("DiagnosticReport", id="d1")
    if is_contained:
        body = {**report, "contained": [result()], "result": [{"reference": "#o1"}]}
    else:
        body = bundle({**report, "result": [{"reference": "Observation/o1"}]}, result())
    message = read_one(body)
    people = {change.patient for change in message.content}
    assert len(people) == 1
    assert any(change.fields.get("value") == "4.1" for change in of(message, "Observation"))
    assert message.findings == ()


def test_what_has_no_time_is_as_new_as_its_file(read_fhir):
    flag = of_patient("Flag", id="f", code={"text": "Falls"})
    time = "2026-11-02T10:00:00Z"
    (message,) = resources.read_fhir(
        io.BytesIO(orjson.dumps(flag)), "f.json", CONTEXT, modified=time
    )
    assert message.content[0].sent == time


def test_a_deletion_without_a_time_comes_after_what_it_deletes(read_one):
    new, old = (of_patient("Flag", id="f", code={"text": t}) for t in ("new", "old"))
    entries = [
        {"resource": new, "response": {"lastModified": "2026-11-03T10:00:00Z"}},
        {"request": {"method": "DELETE", "url": "Flag/f"}},
        {"resource": old, "response": {"lastModified": "2026-11-01T10:00:00Z"}},
    ]
    changes = read_one({"resourceType": "Bundle", "type": "history", "entry": entries}).content
    assert [(c.operation, c.sent[:10]) for c in changes] == [
        ("set", "2026-11-01"),
        ("delete", "2026-11-01"),
        ("set", "2026-11-03"),
    ]


def test_a_deleted_stay_is_taken_away(read_one):
    entry = {"request": {"method": "DELETE", "url": "Encounter/e1"}}
    message = read_one({"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
    (change,) = message.content
    assert (change.type, change.key, change.operation) == ("Encounter", "e1", "delete")


def test_an_answer_that_is_not_whole_says_so(read_one):
    flag = of_patient("Flag", id="f", code={"text": "Falls"})
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning"}]}
    more = {"link": [{"relation": "next", "url": "https://s/fhir?page=2"}]}
    elements = [f.segment for f in read_one(bundle(flag, outcome, **more)).findings]
    assert elements == ["Bundle.entry", "Bundle.link"]
    assert read_one(bundle(flag)).findings == ()


def test_a_stay_whose_period_is_over_is_over(read_one):
    period = {"start": "2026-10-01", "end": "2026-10-05"}
    message = read_one(of_patient("Encounter", id="e", status="in-progress", period=period))
    assert message.content[0].fields["status"] == "finished"
    assert [f.kind for f in message.findings] == ["unknown-status"]
