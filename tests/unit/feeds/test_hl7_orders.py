"""Orders and results: one request from order to answer, values as they were sent."""

import pytest

from downtime.feeds.model import Reject

PID = "PID|1||H1001^^^DEMO^MR||PATEL^Asha"


def obr(filler="", arrived="", department="BS", test="FBC^Full blood count"):
    fields = {1: "1", 2: "P1", 3: filler, 4: test, 7: "202611021000", 13: "chest pain"}
    fields |= {14: arrived, 15: "BLD^Blood", 16: "C1^Smith^J", 24: department}
    return "|".join(["OBR", *(fields.get(number, "") for number in range(1, 25))])


def order(hl7, of, orc, test=None, **named):
    return of(hl7("ORM^O01", PID, orc, test or obr(), **named), "ServiceRequest")[0]


def result(hl7, *segments, status="F", filler="F1", **named):
    test = f"OBR|1|P1|{filler}|FBC^Full blood count^L|||202611021000|||||||202611021010|BLD^Blood|C1^Smith^J||||||202611021130||BS|{status}"
    return hl7("ORU^R01", PID, "ORC|RE|P1|F1", test, *segments, app="LIMS", **named)


def test_an_order_says_what_was_asked(hl7, of):
    message = order(hl7, of, "ORC|NW|P1^EPR|||||^^^^^S||202611020955|||C9^Jones^Ann^^^Dr")
    assert message.source == "LIMS"
    assert message.key == "P1|FBC"
    assert message.event == "2026-11-02T09:55:00Z"
    assert message.fields == {
        "placer": "P1",
        "code": "FBC",
        "display": "Full blood count",
        "department": "BS",
        "requester": "J Smith",
        "specimen": "Blood",
        "priority": "stat",
        "collected": "2026-11-02T10:00:00Z",
        "collected_text": "202611021000",
        "authored": "2026-11-02T09:55:00Z",
        "authored_text": "202611020955",
        "reason": "chest pain",
        "stage": "collected",
    }


def test_order_acceptance_and_result_are_one_request(hl7, of):
    asked = order(hl7, of, "ORC|NW|P1")
    taken = of(hl7("ORR^O02", PID, "ORC|OK|P1|F1", obr(filler="F1"), app="LIMS"), "ServiceRequest")
    answered = of(result(hl7, "OBX|1|NM|HB^Hb||140|g/L"), "ServiceRequest")
    keys = {(c.source, c.key) for c in (asked, *taken, *answered)}
    assert keys == {("LIMS", "P1|FBC")}
    assert answered[0].fields["stage"] == "resulted"


def test_two_tests_of_one_number_are_two_requests(hl7, of):
    other = obr(test="UE^Urea and electrolytes")
    message = hl7("OML^O21", PID, "ORC|NW|P1", obr(), "ORC|NW|P1", other)
    assert [c.key for c in of(message, "ServiceRequest")] == ["P1|FBC", "P1|UE"]


@pytest.mark.parametrize(
    ("orc", "arrived", "stage"),
    [
        ("ORC|NW|P1", "", "collected"),
        ("ORC|NW|P1", "202611021030", "received"),
        ("ORC|CA|P1", "202611021030", "cancelled"),
        ("ORC|DC|P1", "", "cancelled"),
        ("ORC|SC|P1|||IP", "", "in-progress"),
        ("ORC|SC|P1|||CM", "", "resulted"),
        ("ORC|SC|P1|||CA", "", "cancelled"),
    ],
)
def test_stages_of_an_order(hl7, of, orc, arrived, stage):
    assert order(hl7, of, orc, obr(arrived=arrived)).fields["stage"] == stage


def test_a_specimen_to_be_taken_later_is_not_collected(hl7, of):
    assert order(hl7, of, "ORC|NW|P1", sent="202611020900").fields["stage"] == "requested"


def test_a_request_belongs_to_the_system_that_answers_it(hl7, of):
    imaging = obr(department="RAD", test="CXR^Chest X-ray")
    assert order(hl7, of, "ORC|NW|P1", imaging, app="EPR").source == "Radiology"
    assert order(hl7, of, "ORC|NW|P1", app="EPR").source == "LIMS"
    assert order(hl7, of, "ORC|NW|P1", app="EPR", to="Radiology").source == "Radiology"


@pytest.mark.parametrize(
    ("status", "report", "stage"),
    [
        ("F", "final", "resulted"),
        ("C", "corrected", "resulted"),
        ("P", "preliminary", "in-progress"),
        ("I", "registered", "received"),
        ("O", "registered", "requested"),
        ("X", "cancelled", "cancelled"),
        ("", "final", "resulted"),
    ],
)
def test_a_result_says_how_far_its_request_is(hl7, of, status, report, stage):
    message = result(hl7, "OBX|1|NM|HB^Hb||140|g/L|||||F", status=status)
    assert of(message, "DiagnosticReport")[0].fields["status"] == report
    assert of(message, "ServiceRequest")[0].fields["stage"] == stage


def test_a_report_without_values_or_status_is_not_final(hl7, of):
    message = result(hl7, status="")
    assert of(message, "DiagnosticReport")[0].fields["status"] == ""
    assert "stage" not in of(message, "ServiceRequest")[0].fields


def test_report_and_values_hang_together(hl7, of):
    message = result(hl7, "OBX|1|NM|HB^Haemoglobin||140|g/L|130-170|N|||F|||202611021045")
    report, value = of(message, "DiagnosticReport")[0], of(message, "Observation")[0]
    assert (report.key, report.fields["based_on"]) == ("F1|FBC", "P1|FBC")
    assert report.fields["issued"] == report.event == "2026-11-02T11:30:00Z"
    assert value.key == "F1|FBC|HB||1"
    assert value.fields == {
        "report": "F1|FBC",
        "code": "HB",
        "display": "Haemoglobin",
        "value": "140",
        "units": "g/L",
        "reference_range": "130-170",
        "flag": "N",
        "status": "final",
        "position": 1,
        "effective": "2026-11-02T10:45:00Z",
        "effective_text": "202611021045",
    }


@pytest.mark.parametrize(
    ("kind", "sent", "shown"),
    [
        ("NM", "1.50", "1.50"),
        ("NM", "<0.5", "<0.5"),
        ("SN", ">^100", ">100"),
        ("SN", "^1^:^128", "1:128"),
        ("SN", "^2^-^5", "2-5"),
        ("CWE", "260415000^Not detected^SCT", "Not detected"),
        ("CE", "A^Alpha~B^Beta", "Alpha, Beta"),
        ("ST", r"50 \T\ over", "50 & over"),
        ("TX", "one~two", "one\ntwo"),
        ("FT", r"one\.br\two", "one\ntwo"),
        ("DT", "20261102", "2026-11-02"),
        ("TS", "20261102143000+0100", "2026-11-02 14:30 +0100"),
        ("", "6.3", "6.3"),
    ],
)
def test_a_value_is_shown_as_it_was_sent(hl7, of, kind, sent, shown):
    value = of(result(hl7, f"OBX|1|{kind}|X^X||{sent}||||||F"), "Observation")[0]
    assert value.fields["value"] == shown


def test_a_document_is_not_taken_along(hl7, of):
    value = of(result(hl7, "OBX|1|ED|PDF^Report||^IM^PDF^Base64^JVBERi0x||||||F"), "Observation")[0]
    assert (value.fields["value"], value.fields["note"]) == ("", "[document, not shown]")


def test_lines_of_one_text_are_one_value(hl7, of):
    lines = [f"OBX|{n}|TX|RPT^Report||{t}||||||F" for n, t in enumerate(("The heart", "", "OK"), 1)]
    value = of(result(hl7, *lines, "OBX|4|TX|OTH^Other||else||||||F"), "Observation")
    assert [v.fields["value"] for v in value] == ["The heart\n\nOK", "else"]


def test_a_code_that_comes_twice_is_two_values(hl7, of):
    changes = of(result(hl7, "OBX|1|NM|HB^Hb||1", "OBX|2|NM|HB^Hb||2"), "Observation")
    assert [c.key for c in changes] == ["F1|FBC|HB||1", "F1|FBC|HB||2"]


def test_notes_belong_to_what_stands_before_them(hl7, of):
    message = result(
        hl7, "NTE|1||Haemolysed", "OBX|1|NM|HB^Hb||140", "NTE|1||Repeat", "NTE|2||in a week"
    )
    assert of(message, "DiagnosticReport")[0].fields["conclusion"] == "Haemolysed"
    assert of(message, "Observation")[0].fields["note"] == "Repeat\nin a week"


@pytest.mark.parametrize("status", ["D", "W"])
def test_a_value_that_was_wrong_is_taken_away(hl7, of, status):
    message = result(hl7, f"OBX|1|NM|HB^Hb||140||||||{status}", "OBX|2|NM|WBC^WBC||5||||||F")
    assert [c.operation for c in of(message, "Observation")] == ["delete", "set"]


def test_a_result_for_somebody_unknown_is_kept_as_their_own(hl7, of):
    message = hl7(
        "ORU^R01", "PID|1||||UNKNOWN^Male", "OBR|1|P1|F1|FBC", "OBX|1|NM|HB||1", app="LIMS"
    )
    assert {str(c.patient[0]) for c in message.content} == {"PLAC|LIMS|P1"}


def test_of_results_without_an_order_nothing_is_believed(hl7, of):
    """It may have been cut off in the middle of the patient's own number."""
    message = hl7("ORU^R01", PID)
    assert message.content == ()


def test_values_without_a_report_are_a_reject(read_hl7):
    data = f"MSH|^~\\&|LIMS||||||ORU^R01|1\r{PID}\rOBX|1|NM|HB||140\r".encode()
    reject = read_hl7(data)[0]
    assert isinstance(reject, Reject)
    assert reject.reason == "OBX without an OBR before it: the results belong to no report"


def test_a_result_sent_again_says_the_same(hl7):
    segments = ("OBX|1|NM|HB^Hb||140", "OBX|2|NM|HB^Hb||141")
    assert result(hl7, *segments) == result(hl7, *segments)


def test_an_order_cancelled_by_its_number_alone_is_a_change_of_that_number(hl7, of):
    (change,) = of(hl7("ORM^O01", PID, "ORC|CA|P77", app="EPR"), "ServiceRequest")
    assert (change.fields["placer"], change.fields["stage"]) == ("P77", "cancelled")
    assert change.operation == "cancel"


def test_results_without_any_number_are_told_apart_by_their_time(hl7, of):
    first, second = (
        of(hl7("ORU^R01", PID, f"OBR|1|||FBC|||{taken}", app="LIMS"), "DiagnosticReport")[0]
        for taken in ("202611020900", "202611021000")
    )
    assert first.key != second.key


def test_sensitivities_name_their_organism(hl7, of):
    obr = "OBR|1||F2|SENS^Sensitivities" + "|" * 22 + "ORG&&L^1^E coli"
    (report,) = of(hl7("ORU^R01", PID, obr, "OBX|1|ST|AMX||R", app="LIMS"), "DiagnosticReport")
    assert report.fields["display"] == "Sensitivities: E coli"


def test_a_text_of_many_lines_is_read_at_once(hl7, of):
    lines = [f"OBX|{number}|TX|X^Report||line" for number in range(20_000)]
    message = hl7("ORU^R01", PID, "OBR|1||F1|X^Report", *lines, app="LIMS")
    (value,) = of(message, "Observation")
    assert value.fields["value"].count("line") == 20_000


def test_an_order_of_an_unknown_sender_was_not_made_by_the_system_that_answers_it(hl7):
    order = (PID, "ORC|NW|P1", "OBR|1|P1||FBC^Full blood count")
    assert hl7("ORM^O01", *order, app="HISX").source == "HISX"
    assert hl7("ORM^O01", *order, app="").source == "unnamed sender"
    assert hl7("ORR^O02", *order, app="HISX").source == "LIMS"
    assert hl7("ORU^R01", *order, app="HISX").source == "LIMS"
