"""A bulk export of FHIR, each type in a file of its own, as the state that it gives."""

from datetime import UTC, datetime

import orjson
import pytest

from downtime.settings import Settings
from downtime.snapshot.preview_state import preview_state

NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
OWN = "https://hospital.example/id/DEMO"


def subject(number):
    return {"reference": f"Patient/{number}"}


def place(kind, identity, name, part_of=""):
    part = {"partOf": {"reference": f"Location/{part_of}"}} if part_of else {}
    kinds = {"coding": [{"code": kind}]}
    return {"resourceType": "Location", "id": identity, "name": name, "physicalType": kinds, **part}


EXPORT = {
    "a-MedicationRequest": [
        {
            "resourceType": "MedicationRequest",
            "id": identity,
            "status": "active",
            "subject": subject("p1"),
            "medicationReference": {"reference": f"Medication/{medicine}"},
            "dosageInstruction": [{"text": "1 tablet at night"}],
        }
        for identity, medicine in (("r1", "m1"), ("r2", "lost"))
    ],
    "b-Encounter": [
        {
            "resourceType": "Encounter",
            "id": f"e{number}",
            "status": "in-progress",
            "class": {"code": "IMP"},
            "subject": subject(f"p{number}"),
            "location": [{"location": {"reference": f"Location/b{number}"}}],
        }
        for number in (1, 2)
    ],
    "c-DiagnosticReport": [
        {
            "resourceType": "DiagnosticReport",
            "id": "d1",
            "status": "final",
            "subject": subject("p1"),
            "basedOn": [{"reference": "ServiceRequest/s1"}],
            "result": [{"reference": "Observation/o1"}],
        }
    ],
    "d-Observation": [
        {
            "resourceType": "Observation",
            "id": "o1",
            "status": "final",
            "subject": subject("p1"),
            "code": {"text": "Sodium"},
            "valueQuantity": {"value": 140, "unit": "mmol/L"},
        }
    ],
    "e-Location": [
        place("bd", "b1", "11", "r1"),
        place("ro", "r1", "Blue", "w1"),
        place("wa", "w1", "Ash"),
    ],
    "f-Medication": [
        {"resourceType": "Medication", "id": "m1", "code": {"text": "Amlodipine 5 mg tablets"}}
    ],
    "g-ServiceRequest": [
        {
            "resourceType": "ServiceRequest",
            "id": "s1",
            "status": "active",
            "subject": subject("p1"),
            "code": {"text": "Electrolytes"},
            "encounter": {"reference": "Encounter/e1"},
        }
    ],
    "h-Patient": [
        {
            "resourceType": "Patient",
            "id": f"p{n}",
            "identifier": [{"system": OWN, "value": f"H{n}"}],
            "generalPractitioner": [{"reference": f"Practitioner/gp{n}"}],
        }
        for n in (1, 2)
    ],
    "i-Practitioner": [
        {"resourceType": "Practitioner", "id": "gp1", "name": [{"text": "Dr Ada Byron"}]}
    ],
}


@pytest.fixture(scope="module", params=["in order", "in reverse"])
def preview(request, tmp_path_factory):
    """The state after all files, whatever their order."""
    folder = tmp_path_factory.mktemp("export")
    names = sorted(EXPORT, reverse=request.param == "in reverse")
    paths = []
    for number, name in enumerate(names):
        path = folder / f"{number}-{name}.ndjson"
        path.write_bytes(b"\n".join(map(orjson.dumps, EXPORT[name])))
        paths.append(path)
    return preview_state(paths, Settings(), NOW).as_json()


def test_a_stay_has_the_ward_bay_and_bed_of_another_file(preview):
    stays = {record["patient"]: record for record in preview["records"]["Encounter"]}
    assert [stays["H1"][name] for name in ("ward", "bay", "bed")] == ["Ash", "Blue", "11"]
    beds = sorted((r["ward"], r["bed"]) for r in preview["records"]["Location"])
    assert beds == [("Ash", ""), ("Ash", "11")]


def test_a_medicine_is_named_or_said_to_be_without_a_name(preview):
    medicines = sorted(record["medicine"] for record in preview["records"]["MedicationRequest"])
    assert medicines == ["Amlodipine 5 mg tablets", "medicine not named by the feed"]


def test_request_stay_report_and_value_belong_together(preview):
    records = preview["records"]
    (request,), (report,) = records["ServiceRequest"], records["DiagnosticReport"]
    stay = next(record for record in records["Encounter"] if record["patient"] == "H1")
    assert (request["encounter"], report["based_on"]) == (stay["id"], request["id"])
    assert records["Observation"][0]["report"] == report["id"]


def test_what_was_never_sent_is_a_finding(preview):
    kinds = sorted(finding["kind"] for finding in preview["findings"])
    assert kinds.count("medicine-unnamed") == 1
    assert kinds.count("reference-unresolved") == 2


def test_a_general_practitioner_has_the_name_of_another_file(preview):
    doctors = {r["mrn"]: r["general_practitioner"] for r in preview["records"]["Patient"]}
    assert doctors == {"H1": "Dr Ada Byron", "H2": ""}
