"""Bundles pass two validators that are not ours, and a server that is not ours takes each once."""

import json
from collections import Counter
from dataclasses import replace

import pytest
from fhir.resources.R4B.bundle import Bundle

from downtime.reconcile.identity.model import Merge, MergeState
from downtime.returns.fhir import bundles as fhir
from tests.integration.returns import fhir_peers
from tests.unit.returns.fhir_cases import FACTS, NAMES, PERSON, SETTINGS, UNKNOWN, form, row

KINDS = ("Patient", "Encounter", "ServiceRequest", "Observation", "AllergyIntolerance", "Flag",
         "MedicationAdministration", "Appointment", "QuestionnaireResponse", "DocumentReference",
         "Provenance")  # fmt: skip


def made(name: str) -> bytes:
    return fhir.write_form_bundle(
        [row(FACTS[name])], form(b"%PDF-1.7"), f"DT-{name}", fhir.make_context(SETTINGS, NAMES)
    )


MERGE = Merge("DK700043V", PERSON, UNKNOWN, MergeState.LINKED, "2026-11-04T10:00:00Z", "Ben", "l-1")
MERGES = [
    fhir.write_merge_bundle(merge, f"DT-{merge.state}", fhir.make_context(SETTINGS, NAMES))
    for merge in (MERGE, replace(MERGE, state=MergeState.UNLINKED))
]


@pytest.fixture(scope="module")
def server():
    with fhir_peers.server() as running:
        running.add_patient(NAMES.hospital_number, PERSON.mrn)
        yield running


@pytest.mark.parametrize("name", FACTS)
def test_fhir_resources_accepts_each_kind(name):
    assert Bundle.model_validate_json(made(name)).type == "transaction"


def test_the_npm_validator_accepts_each_kind():
    found = fhir_peers.wrong([*(made(name) for name in FACTS), *MERGES])
    assert dict(zip([*FACTS, "merge", "undone"], found, strict=True)) == {
        name: [] for name in (*FACTS, "merge", "undone")
    }


def test_the_npm_validator_would_have_found_a_fault():
    broken = json.loads(made("observation"))
    broken["entry"][0]["resource"]["status"] = "finished"
    broken["entry"][0]["resource"]["colour"] = "red"
    assert len(fhir_peers.wrong([json.dumps(broken).encode()])[0]) == 2


def test_the_server_takes_everything_once_however_often_it_is_sent(server):
    bundles = [made(name) for name in FACTS]
    for content in bundles:
        answer = server.post(content)
        assert answer.status_code == 200, answer.text
    before = {kind: len(server.held(kind)) for kind in KINDS}
    expected = Counter(one.type for one in FACTS.values())
    assert {kind: before[kind] for kind in expected} == expected
    assert before["Patient"] == 2  # the known one, and the one who was registered
    assert before["Provenance"] == len(FACTS)
    assert before["QuestionnaireResponse"] == before["DocumentReference"] == 1
    for content in (*bundles, *reversed(bundles)):
        statuses = {e["response"]["status"] for e in server.post(content).json()["entry"]}
        assert statuses == {"200"}
    assert {kind: len(server.held(kind)) for kind in KINDS} == before


def test_resources_refer_to_the_one_known_patient(server):
    (known,) = (p for p in server.held("Patient") if p["identifier"][0]["value"] == PERSON.mrn)
    assert server.post(made("flag")).status_code == 200
    assert {f["subject"]["reference"] for f in server.held("Flag")} == {f"Patient/{known['id']}"}


def test_a_patient_whom_the_server_does_not_know_refuses_the_whole_bundle():
    with fhir_peers.server() as empty:
        answer = empty.post(made("flag"))
        assert answer.status_code == 400
        assert answer.json()["resourceType"] == "OperationOutcome"
        assert empty.held("Flag") == []


def test_a_merge_retires_the_downtime_record_and_can_be_taken_back(server):
    assert server.post(made("admission-unknown")).status_code == 200
    for content, active in zip([MERGES[0], *MERGES], (False, False, True), strict=True):
        answer = server.post(content)
        assert answer.status_code == 200, answer.text
        records = server.held("Patient")
        (downtime,) = (p for p in records if p["identifier"][0]["value"] == "DK700043V")
        assert downtime["active"] is active
        assert len(records) == 2
