"""Numbers that mean nobody, or somebody else, right through to the state."""

from datetime import UTC, datetime

import pytest

from downtime.settings import Settings
from downtime.snapshot.preview_state import preview_state

NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
ADA = "REED^ADA||19610203|F"
BEN = "STONE^BEN||19870405|M"


def adt(event, when, number, person, place="", visit="", more="", kind="I"):
    """One ADT message; `number` is PID-3 as it stands, `person` PID-5 to 8."""
    stamp = f"20261102{when}00"
    pv1 = f"PV1|1|{kind}|{place}{'|' * 16}{visit}\r" if place or visit else ""
    return (
        f"MSH|^~\\&|PAS|DEMO|||{stamp}||ADT^{event}|{event}{when}{visit}{number[:4]}|P|2.4\r"
        f"EVN|{event}|{stamp}\rPID|1||{number}||{person}\r{pv1}{more}"
    )


def result(when, number, person, filler, value, reported="", status="F", code="K"):
    """One result of the laboratory, its values under one code each."""
    stamp = f"20261102{when}00"
    reported = reported or stamp
    return (
        f"MSH|^~\\&|LIMS|DEMO|||{stamp}||ORU^R01|R{when}{filler}|P|2.4\rPID|1||{number}||{person}\r"
        f"OBR|1||{filler}|UE^Urea and electrolytes|||20261102080000{'|' * 15}{reported}|||{status}\r"
        f"OBX|1|NM|{code}^Test||{value}|mmol/L|||||{status}\r"
    )


def mrn(value):
    return f"{value}^^^DEMO^MR"


@pytest.fixture
def read(tmp_path):
    def read_messages(*messages):
        path = tmp_path / "feed.hl7"
        path.write_text("".join(messages))
        return preview_state([path], Settings(), NOW)

    return read_messages


def table(preview, kind, *names):
    records = preview.as_json()["records"][kind]
    return sorted(tuple(record[name] for name in names) for record in records)


def kinds(preview):
    return [item.finding.kind for item in preview.findings]


def test_an_order_number_never_renames_the_person_who_has_it(read):
    preview = read(
        result("1000", mrn("K1"), ADA, "L7", "4.1"), result("1100", "", BEN, "L7", "7.2")
    )
    people = {person["mrn"]: person for person in preview.as_json()["records"]["Patient"]}
    assert (people["K1"]["family"], people["K1"]["gender"]) == ("REED", "female")
    assert people[""]["family"] == "STONE"
    assert {value for _, value in table(preview, "Observation", "patient", "value")} == {
        "4.1",
        "7.2",
    }
    assert ("K1", "4.1") in table(preview, "Observation", "patient", "value")
    assert "number-reused" in kinds(preview)


def test_an_order_number_leads_to_its_person_when_nothing_contradicts(read):
    preview = read(
        result("1000", mrn("K1"), ADA, "L7", "4.1"),
        result("1100", "", "REED^A||19610203|", "L7", "4.4"),
    )
    assert table(preview, "Patient", "mrn", "family", "given") == [("K1", "REED", "ADA")]
    assert table(preview, "Observation", "patient", "value") == [("K1", "4.4")]


def test_a_visit_number_with_another_person_beside_it_moves_nobody(read):
    allergy = "AL1|1|DA|L^Latex\r"
    messages = [
        adt("A01", "1000", mrn("K1"), ADA, "W1^A^1", "V1"),
        adt("A08", "1100", "", BEN, "W2^B^2", "V1", more=allergy),
    ]
    for listed in (messages, messages[::-1]):
        preview = read(*listed)
        assert ("K1", "W1") in table(preview, "Encounter", "patient", "ward")
        assert all(
            patient != "K1" for (patient,) in table(preview, "AllergyIntolerance", "patient")
        )


@pytest.mark.parametrize("number", ["UNKNOWN", "n/a", "0", "000000", "9999999", "-", "TBC"])
def test_what_stands_in_the_place_of_a_number_joins_nobody(read, number):
    preview = read(
        adt("A01", "1000", mrn(number), ADA, "W1^A^1", "V1", more="AL1|1|DA|P^Penicillin\r"),
        adt("A01", "1005", mrn(number), BEN, "W1^A^2", "V2"),
    )
    assert len(table(preview, "Patient", "family")) == 2
    beds = {bed: patient for patient, bed in table(preview, "Encounter", "patient", "bed")}
    assert beds["1"] != beds["2"]
    assert table(preview, "AllergyIntolerance", "patient") == [(beds["1"],)]
    assert kinds(preview).count("patient-without-number") >= 1


def test_one_number_of_two_people_is_said_loudly(read):
    preview = read(
        adt("A01", "1000", mrn("K1"), ADA, "W1^A^1", "V1"),
        adt("A01", "1005", mrn("K1"), BEN, "W1^A^2", "V2"),
    )
    assert "number-reused" in kinds(preview)
    assert [text for (text,) in table(preview, "Flag", "text") if "Confirm who this is" in text]


def test_a_corrected_name_is_no_other_person(read):
    preview = read(
        adt("A01", "1000", mrn("K1"), ADA, "W1^A^1", "V1"),
        adt("A08", "1005", mrn("K1"), "REED-HALL^ADA||19610204|F", "W1^A^1", "V1"),
    )
    assert "number-reused" not in kinds(preview)
    assert table(preview, "Patient", "family") == [("REED-HALL",)]


def test_two_own_numbers_are_one_patient_in_whatever_order_they_stand(read):
    one, two = f"{mrn('N1')}~{mrn('O1')}", f"{mrn('O1')}~{mrn('N1')}"
    preview = read(
        adt("A01", "1000", one, ADA, "W1^A^1", "V1"), adt("A02", "1100", two, ADA, "W1^A^2", "V1")
    )
    assert table(preview, "Encounter", "patient", "bed") == [("N1", "2")]
    assert "patient-with-two-numbers" in kinds(preview)


def test_a_correction_holds_though_it_is_dated_before_what_it_corrects(read):
    first = result("1000", mrn("K1"), ADA, "L7", "4.1", reported="20261102095900")
    corrected = result("1100", mrn("K1"), ADA, "L7", "7.1", reported="20261102093000", status="C")
    for listed in ((first, corrected), (corrected, first)):
        preview = read(*listed)
        assert table(preview, "Observation", "value", "status") == [("7.1", "corrected")]
        assert table(preview, "DiagnosticReport", "status") == [("corrected",)]


def test_one_patient_in_two_beds_is_found(read):
    preview = read(
        adt("A04", "0900", mrn("K1"), ADA, "ED^^1", "V1", kind="E"),
        adt("A01", "1000", mrn("K1"), ADA, "W1^A^1", "V2"),
    )
    assert "patient-in-two-beds" in kinds(preview)


def test_a_message_without_a_visit_number_is_of_the_one_open_stay(read):
    admitted = adt("A01", "1000", mrn("K1"), ADA, "W1^A^1", "V1")
    moved = adt("A02", "1100", mrn("K1"), ADA, "W2^B^2")
    preview = read(admitted, moved)
    assert table(preview, "Encounter", "visit_number", "ward") == [("V1", "W2")]
    discharged = adt("A03", "1200", mrn("K1"), ADA, "W2^B^2")
    again = adt("A01", "1300", mrn("K1"), ADA, "W3^C^3", "V2")
    moved_again = adt("A02", "1400", mrn("K1"), ADA, "W4^D^4")
    messages = [admitted, moved, discharged, again, moved_again]
    for listed in (messages, messages[::-1]):
        preview = read(*listed)
        assert table(preview, "Encounter", "visit_number", "status") == [
            ("V1", "finished"), ("V2", "in-progress"),
        ]  # fmt: skip
        assert ("V2", "W4") in table(preview, "Encounter", "visit_number", "ward")
        assert "patient-in-two-beds" not in kinds(preview)


def test_an_end_before_the_next_admission_is_dropped(read):
    preview = read(
        adt("A01", "0900", mrn("K1"), ADA, "W1^A^1", "V1"),
        adt("A03", "1000", mrn("K1"), ADA, "W1^A^1", "V1"),
        adt("A01", "1200", mrn("K1"), ADA, "W2^A^1", "V1"),
    )
    assert table(preview, "Encounter", "status", "ended", "ward") == [("in-progress", "", "W2")]


def test_what_is_rejected_is_a_finding_and_what_is_repeated_counts_once(read):
    admitted = adt("A01", "1000", mrn("K1"), ADA, "W1^A^1", "V1")
    broken = "MSH|^~\\&|PAS|DEMO|||20261102100500||ORU^R01|BAD1|P|2.4\rOBX|1|NM|K||4|\r"
    preview = read(admitted, broken, admitted)
    rejected = [f for f in preview.as_json()["findings"] if f["kind"] == "rejected"]
    assert [(f["number"], f["control_id"]) for f in rejected] == [(2, "BAD1")]


def test_a_message_from_the_future_rules_nothing(read):
    ahead = adt("A02", "0900", mrn("K1"), ADA, "W9^Z^9", "V1").replace("20261102", "20361102")
    moved = adt("A02", "0930", mrn("K1"), ADA, "W2^B^2", "V1")
    preview = read(adt("A01", "0800", mrn("K1"), ADA, "W1^A^1", "V1"), ahead, moved)
    assert table(preview, "Encounter", "ward", "bed") == [("W2", "2")]
    assert "time-in-future" in kinds(preview)


def test_a_deletion_that_names_nobody_takes_nothing_from_two(read):
    document = "PV1|1|I|W1^A^1||||||||||||||||V1\r"
    preview = read(
        adt("A01", "1000", mrn("K1"), ADA, "W1^A^1", "V1"),
        adt("A01", "1000", mrn("K2"), BEN, "W1^A^2", "V1"),
        adt("A23", "1100", "", "", "", "").rstrip("\r") + f"\r{document}",
    )
    assert {patient for (patient,) in table(preview, "Encounter", "patient")} >= {"K1", "K2"}
