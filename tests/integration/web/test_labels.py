"""Labels through the screens: a ward's, a patient's, those of boxes, the outlines of a sheet."""

import subprocess

import pytest

from tests.integration.web.test_paper import finished


def words(pdf):
    """The text of a PDF on one line."""
    text = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True)
    return " ".join(text.stdout.decode().split())


SHEET = {"sheet": "L7163", "start": "1", "copies": ""}


def test_a_wards_labels_are_printed_from_the_print_screen(hospital):
    ward = hospital.browser("ward")
    page = ward.get("/print").text
    assert "Never for transfusion sample tubes" in page
    assert "L7163: 14 labels of 99.1 × 38.1 mm" in page
    answer = ward.post("/labels/ward", {"ward": "A1", "kind": "patient", **SHEET, "copies": "1"})
    page, file = finished(hospital, ward, answer.location)
    assert "Labels" in page
    assert file.mimetype == "application/pdf"
    assert "Not for transfusion sample tubes" in words(file.data)
    assert "labels-patient_L7163" in file.headers["Content-Disposition"]


def test_one_patients_wristband_is_printed_from_their_page(hospital):
    ward = hospital.browser("ward")
    ward.post("/find", {"text": "9990000018"})
    place = ward.post("/find", {"text": "9990000018"}).location
    page = ward.get(place).text
    assert "Labels" in page
    patient = place.rpartition("/")[2]
    answer = ward.post(
        "/labels/patient", {"patient": patient, "kind": "wristband", **SHEET, "copies": "1"}
    )
    _, file = finished(hospital, ward, answer.location)
    assert "999 000 0018" in words(file.data)
    assert "labels-wristband" in file.headers["Content-Disposition"]


def test_scanning_the_code_of_a_wristband_opens_its_patient(hospital):
    ward = hospital.browser("ward")
    typed = ward.post("/find", {"text": "9990000018"}).location
    scanned = ward.post("/find", {"text": "]d28018501234599900000182"}).location
    assert scanned == typed
    assert scanned.startswith("/patients/")


def test_a_code_whose_numbers_name_two_people_opens_nobody(hospital):
    ward = hospital.browser("ward")
    answer = ward.post("/find", {"text": "801850123459990000018291TEST/NOBODY"})
    assert answer.location == "/find"


def test_boxes_and_outlines(hospital):
    ward = hospital.browser("ward")
    answer = ward.post("/labels/stock", {**SHEET, "copies": "1"})
    _, file = finished(hospital, ward, answer.location)
    assert "Observations record" in words(file.data)
    answer = ward.post("/labels/test", {"sheet": "L7160"})
    assert answer.mimetype == "application/pdf"
    assert "L7160" in words(answer.data)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"start": "0"}, "first free label must be a whole number"),
        ({"copies": "x"}, "Labels of each must be a whole number"),
        ({"ward": "Z9"}, "has no ward"),
    ],
)
def test_wrong_numbers_are_answered_with_a_sentence(hospital, changed, sentence):
    ward = hospital.browser("ward")
    asked = {"ward": "A1", "kind": "patient", **SHEET, **changed}
    answer = ward.post("/labels/ward", asked)
    assert answer.status_code == 400
    assert sentence in answer.text


def test_a_clerk_prints_no_labels(hospital):
    clerk = hospital.browser("records-clerk")
    assert clerk.post("/labels/ward", {"ward": "A1", **SHEET}).status_code == 403
