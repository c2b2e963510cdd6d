"""FHIR: what one server sends in many answers meets, and two servers are never mixed up."""

import itertools
from dataclasses import replace

import orjson
import pytest

from downtime.feeds.model import Position
from downtime.feeds.server_addresses import split_address
from downtime.settings import Settings
from downtime.snapshot.apply_messages import apply_messages
from downtime.snapshot.data_quality import FindingTally
from downtime.snapshot.settle_records import settle_records
from downtime.snapshot.store import publisher_state
from tests.unit.feeds.conftest import NOW

NEAR, FAR = "https://near.example/fhir", "https://far.example/r4"


def person(number, identity="p1"):
    mrn = {"type": {"coding": [{"code": "MR"}]}, "value": number}
    return {"resourceType": "Patient", "id": identity, "identifier": [mrn]}


def allergy(reference="Patient/p1", identity="x"):
    return {
        "resourceType": "AllergyIntolerance",
        "id": identity,
        "code": {"text": "Penicillin"},
        "patient": {"reference": reference},
    }


def medicine(name):
    return {"resourceType": "Medication", "id": "1", "code": {"text": name}}


def prescription(reference, identity="r1"):
    return {
        "resourceType": "MedicationRequest",
        "id": identity,
        "status": "active",
        "subject": {"reference": "Patient/p1"},
        "medicationReference": {"reference": reference},
    }


def page(server, *resources):
    """An answer of a server: what it found, with the address of each."""
    entries = [
        {"fullUrl": f"{server}/{r['resourceType']}/{r['id']}", "resource": r} for r in resources
    ]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries}


@pytest.fixture
def settle(read_fhir):
    """What is known after several files: fields of one type by whose they are, and findings."""

    def run(*files, kind="AllergyIntolerance", field="substance"):
        messages = [item for file in files for item in read_fhir(orjson.dumps(file))]
        arrived = [
            replace(m, position=Position("f", 1, n)) for n, m in enumerate(messages, start=1)
        ]
        db, tally = publisher_state.open_in_memory(), FindingTally()
        apply_messages(db, arrived, Settings(), NOW)
        records = list(settle_records(db, Settings(), tally))
        db.conn.close()
        people = {r.id: r.mrn for r in records if type(r).__name__ == "Patient"}
        found = {
            (people[r.patient], getattr(r, field)) for r in records if type(r).__name__ == kind
        }
        return found, [item.kind for item in tally.list_findings()]

    return run


def in_any_order(*files):
    return list(itertools.permutations(files))


OWN = {("A1", "Penicillin")}


@pytest.mark.parametrize(
    "files",
    [
        *in_any_order(page(NEAR, person("A1")), page(NEAR, allergy())),
        *in_any_order(page(NEAR, person("A1")), page(NEAR, allergy(f"{NEAR}/Patient/p1"))),
        *in_any_order(person("A1"), page(NEAR, allergy())),
        *in_any_order(person("A1"), page(NEAR, allergy(f"{NEAR}/Patient/p1/_history/2"))),
        *in_any_order(page(NEAR, person("A1")), allergy()),
        *in_any_order(page(NEAR.replace("https", "http"), person("A1")), page(NEAR, allergy())),
        *in_any_order(page(NEAR, person("A1")), page(FAR, person("B1")), page(NEAR, allergy())),
    ],
)
def test_a_patient_and_what_is_theirs_meet_over_files(settle, files):
    found, findings = settle(*files)
    assert found == OWN
    assert findings == []


@pytest.mark.parametrize(
    "files",
    [
        [page(NEAR, person("A1")), page(FAR, allergy())],
        [page(NEAR, person("A1")), page(NEAR, allergy(f"{FAR}/Patient/p1"))],
        [page(NEAR, person("A1")), page(FAR, person("B1")), allergy()],
        [page(NEAR, person("A1")), page(NEAR, allergy("Patient/p2"))],
        [person("A1"), page(NEAR, person("B1")), page(NEAR, allergy("Patient/p3"))],
    ],
)
def test_what_may_be_of_several_is_nobodys_and_said(settle, files):
    found, findings = settle(*files)
    assert found == {("", "Penicillin")}
    assert findings == ["reference-unresolved"]


def test_people_of_two_servers_with_one_id_stay_two(settle):
    files = [page(NEAR, person("A1"), allergy()), page(FAR, person("B1"), allergy(identity="y"))]
    found, findings = settle(*files)
    assert found == {("A1", "Penicillin"), ("B1", "Penicillin")}
    assert findings == []


def test_the_server_of_a_named_system_is_known_from_its_own_pages(settle, read_one):
    def named(resource):
        return {**resource, "meta": {"source": "EPR"}}

    files = [
        page(NEAR, named(allergy("Patient/p9", "z"))),
        page(FAR, person("B1")),
        named(person("A1")),
        page(NEAR, allergy()),
    ]
    found, _ = settle(*files)
    assert ("A1", "Penicillin") in found


BOTH = [page(NEAR, person("A1"), medicine("Near 5 mg")), page(FAR, person("B1"), medicine("Far 1 g"))]  # fmt: skip


@pytest.mark.parametrize(
    ("server", "reference", "expected"),
    [
        (NEAR, f"{NEAR}/Medication/1", ("A1", "Near 5 mg")),
        (NEAR, "Medication/1", ("A1", "Near 5 mg")),
        (NEAR, f"{FAR}/Medication/1", ("A1", "Far 1 g")),
        (FAR, "Medication/1", ("B1", "Far 1 g")),
        (NEAR, "https://third.example/Medication/1", ("A1", "medicine not named by the feed")),
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_medicine_is_that_of_the_server_that_is_meant(
    settle, server, reference, expected, is_first
):
    asked = page(server, prescription(reference))
    files = [asked, *BOTH] if is_first else [*BOTH, asked]
    found, _ = settle(*files, kind="MedicationRequest", field="medicine")
    assert found == {expected}


def test_a_medicine_that_two_servers_have_is_not_guessed(settle):
    patient = {"identifier": person("A1")["identifier"][0], "type": "Patient"}
    asked = {**prescription("Medication/1"), "subject": patient}
    found, findings = settle(*BOTH, asked, kind="MedicationRequest", field="medicine")
    assert found == {("A1", "medicine not named by the feed")}
    assert "medicine-unnamed" in findings


def test_one_bundle_of_two_servers(settle):
    entries = [entry for file in BOTH for entry in file["entry"]]
    entries += page(NEAR, prescription("Medication/1"))["entry"]
    entries += page(FAR, prescription("Medication/1", "r2"))["entry"]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    found, _ = settle(bundle, kind="MedicationRequest", field="medicine")
    assert found == {("A1", "Near 5 mg"), ("B1", "Far 1 g")}


@pytest.mark.parametrize("base", [NEAR, ""])
@pytest.mark.parametrize("other", [NEAR, ""])
def test_a_report_and_its_request_meet_over_files(settle, base, other):
    def file(server, resource):
        return page(server, resource) if server else resource

    subject = {"subject": {"reference": "Patient/p1"}}
    request = {
        "resourceType": "ServiceRequest",
        "id": "s1",
        "status": "active",
        "code": {"text": "FBC"},
        **subject,
    }
    report = {
        "resourceType": "DiagnosticReport",
        "id": "d1",
        "status": "final",
        "basedOn": [{"reference": "ServiceRequest/s1"}],
        **subject,
    }
    files = [person("A1"), file(base, request), file(other, report)]
    found, findings = settle(*files, kind="DiagnosticReport", field="based_on")
    assert findings == []
    assert [bool(number) for _, number in found] == [True]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("http://A.example:80/fhir/Patient/1/_history/2", ("https://a.example/fhir", "Patient/1")),
        ("https://a.example/Patient/1", ("https://a.example", "Patient/1")),
        ("Patient/1", ("", "Patient/1")),
        ("urn:uuid:1", ("", "urn:uuid:1")),
    ],
)
def test_a_server_is_the_same_however_it_is_written(text, parts):
    assert split_address(text) == parts
