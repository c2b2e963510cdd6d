"""Medicines and doses, documents, results by specimen: RDE, RAS, VXU, MDM, OUL."""

import base64

import pytest

from downtime.feeds.model import FindingKind, Outcome, Reject

PID = "PID|1||H1001^^^DEMO^MR||PATEL^Asha"
ORC = "ORC|NW|RX1|||||||202611020900|||C1^Smith^John^^^Dr"
RXE = "RXE||27658006^Amoxicillin 500 mg capsules^SCT|500||mg|||||||||||||||||"
RXA = "RXA|0|2|202611021015|202611021020|27658006^Amoxicillin^SCT|500|mg||||||||LOT7"


def prescribe(hl7, of, *segments, kind="RDE^O11"):
    return of(hl7(kind, PID, *segments, app="EPR"), "MedicationRequest")


def test_a_prescription_says_medicine_dose_route_and_how_often(hl7, of):
    (change,) = prescribe(hl7, of, ORC, "TQ1|1||TDS", RXE, "RXR|PO^Oral", "NTE|1||with food")
    assert change.key == "RX1|27658006"
    assert change.source == "EPR"
    assert change.fields == {
        "medicine": "Amoxicillin 500 mg capsules",
        "codes": "SCT|27658006",
        "dosage": "500 mg, with food",
        "route": "Oral",
        "frequency": "TDS",
        "status": "active",
        "prescriber": "Dr John Smith",
        "authored": "2026-11-02T09:00:00Z",
        "authored_text": "202611020900",
        "ordered_as": "RXE",
    }


@pytest.mark.parametrize(
    ("control", "status"),
    [("NW", "active"), ("DC", "stopped"), ("CA", "cancelled"), ("HD", "on-hold"), ("RL", "active")],
)
def test_an_order_control_is_the_state_of_a_prescription(hl7, of, control, status):
    (change,) = prescribe(hl7, of, ORC.replace("|NW|", f"|{control}|"), RXE)
    assert change.fields["status"] == status


def test_a_pharmacy_order_in_an_order_message_is_a_prescription_and_no_test(hl7, of):
    message = hl7("ORM^O01", PID, ORC, "RXO|^Paracetamol|1||g", "RXR|^IV", app="EPR")
    assert [c.type for c in message.content] == ["Patient", "MedicationRequest"]
    assert message.content[1].fields["dosage"] == "1 g"


def test_what_is_given_when_needed_once_or_as_an_infusion_is_told(hl7, of):
    needed = prescribe(hl7, of, ORC, "TQ1|1||Q4H||||||PRN", "RXE||^Morphine|5||mg")
    once = prescribe(hl7, of, ORC, "TQ1|1||ONCE", "RXE||^Morphine|5||mg")
    infusion = prescribe(hl7, of, ORC, "RXE||^Heparin" + "|" * 21 + "20|^mL/h")
    categories = [c.fields.get("category") for (c,) in (needed, once, infusion)]
    assert categories == ["as-required", "once-only", "infusion"]


def test_medicines_of_one_number_are_told_apart(hl7, of):
    other = "RXE||^Ibuprofen|400||mg"
    assert len({c.key for c in prescribe(hl7, of, ORC, RXE, ORC, other)}) == 2


def test_a_medicine_without_a_name_is_said(hl7, of):
    message = hl7("RDE^O11", PID, ORC, "RXE|||500||mg", app="EPR")
    assert [f.kind for f in message.findings] == [FindingKind.MEDICINE_UNNAMED]
    assert "medicine" not in of(message, "MedicationRequest")[0].fields


def test_a_dose_that_was_given(hl7, of):
    (dose,) = of(hl7("RAS^O17", PID, "ORC|RE|RX1", RXA, "RXR|^Oral"), "MedicationAdministration")
    assert dose.fields == {
        "medicine": "Amoxicillin",
        "codes": "SCT|27658006",
        "dosage": "500 mg",
        "route": "Oral",
        "given": "2026-11-02T10:15:00Z",
        "given_text": "202611021015",
        "status": "given",
        "batch": "LOT7",
    }


def test_a_dose_that_was_refused_says_why_and_one_sent_in_error_goes(hl7, of):
    for status in ("||RE", ""):
        refused = RXA + "|||^Patient refused" + status
        (dose,) = of(hl7("RAS^O17", PID, "ORC|RE|RX1", refused), "MedicationAdministration")
        assert (dose.fields["status"], dose.fields["reason"]) == ("not-given", "Patient refused")
    wrong = RXA + "|||||CP|D"
    (gone,) = of(hl7("RAS^O17", PID, "ORC|RE|RX1", wrong), "MedicationAdministration")
    assert gone.operation == "delete"


@pytest.mark.parametrize(
    ("medicine", "codes"),
    [
        ("322236009^Paracetamol^dm+d", "SCT|322236009"),
        ("P5^Paracetamol^L^322236009^Paracetamol 500mg tablets^SCT", "L|P5 SCT|322236009"),
        ("P5^Paracetamol", "|P5"),
        ("3.22E+08^Paracetamol^SCT", ""),
        ("^Paracetamol", ""),
    ],
)
def test_every_code_of_a_medicine_is_kept_with_its_system(hl7, of, medicine, codes):
    order = RXE.replace("27658006^Amoxicillin 500 mg capsules^SCT", medicine)
    (change,) = prescribe(hl7, of, ORC, order)
    assert change.fields.get("codes", "") == codes


def test_the_code_of_a_base_is_not_that_of_the_mixture(hl7, of):
    mixture = (ORC, "RXE||322236009^Glucose^SCT|1||L", "RXC|A|^Potassium chloride|20|mmol")
    (change,) = prescribe(hl7, of, *mixture)
    assert "codes" not in change.fields


def test_each_dose_of_a_prescription_is_its_own(hl7, of):
    second = RXA.replace("|0|2|", "|0|3|").replace("202611021015", "202611021815")
    doses = of(hl7("RAS^O17", PID, "ORC|RE|RX1", RXA, second), "MedicationAdministration")
    assert len({dose.key for dose in doses}) == 2


def test_a_vaccine_is_an_immunization(hl7, of):
    rxa = "RXA|0|1|202611021015||08^Hep B^CVX|0.5|mL||||||||LOT9"
    (change,) = of(hl7("VXU^V04", PID, "ORC|RE||V1", rxa, "RXR|IM^Intramuscular"), "Immunization")
    assert (change.fields["display"], change.fields["lot_number"]) == ("Hep B", "LOT9")
    assert change.fields["status"] == "completed"


INFUSION = "RXE|^Q8H|^Heparin|25000||[IU]" + "|" * 18 + "1000|U/hr|25000|units"


def test_rate_strength_and_what_is_mixed_in_are_in_the_dose(hl7, of):
    (change,) = prescribe(hl7, of, ORC, INFUSION, "RXC|B|^Sodium chloride 0.9%|500|mL")
    for words in ("25000 [IU]", "rate 1000 U/hr", "strength 25000 units"):
        assert words in change.fields["dosage"]
    assert change.fields["medicine"] == "Heparin + Sodium chloride 0.9% 500 mL"


def test_hours_days_end_and_conditions_are_in_how_often(hl7, of):
    tq1 = "TQ1|1||QJ1~QJ5|0800~2000|||20261102|20261109||Mondays only|before food"
    (change,) = prescribe(hl7, of, ORC, tq1, "RXE||^Methotrexate|10||mg")
    assert change.fields["frequency"] == (
        "QJ1, QJ5, at 08:00, 20:00, from 2026-11-02, until 2026-11-09, Mondays only, before food"
    )


def test_the_end_of_a_course_in_the_older_timing_is_said_too(hl7, of):
    (change,) = prescribe(hl7, of, ORC, "RXE|^BD^^20261001^20261008|^Amoxicillin|500||mg")
    assert change.fields["frequency"] == "BD, from 2026-10-01, until 2026-10-08"


@pytest.mark.parametrize("control", ["DC", "CA", "XO", "HD", "RP"])
def test_a_control_that_changes_an_order_holds_whatever_time_it_names(hl7, of, control):
    (change,) = prescribe(hl7, of, ORC.replace("|NW|", f"|{control}|"), RXE)
    assert change.operation == "cancel"
    order = hl7("ORM^O01", PID, f"ORC|{control}|77", "OBR|1|77||FBC", app="EPR")
    assert of(order, "ServiceRequest")[0].operation == "cancel"


def test_a_prescription_is_stopped_by_its_number_alone(hl7, of):
    (change,) = prescribe(hl7, of, "ORC|DC|RX1")
    assert (change.key, change.fields, change.operation) == ("RX1", {"status": "stopped"}, "cancel")


def test_two_doses_of_one_medicine_under_one_number_are_two(hl7, of):
    evening = RXE.replace("|500|", "|1000|")
    assert len({c.key for c in prescribe(hl7, of, ORC, RXE, ORC, evening)}) == 2


# Documents


def test_a_document_of_mdm_is_kept_with_its_words(hl7, of):
    txa = "TXA|1|DS^Discharge summary|TX|202611021100|C1^Smith^John|||||||DOC1"
    message = hl7("MDM^T02", PID, txa, "OBX|1|TX|DS^Summary||Went home", "OBX|2|TX|DS||well")
    (document,) = of(message, "DocumentReference")
    assert document.key == "DOC1"
    assert document.fields["title"] == "Summary"
    assert document.fields["kind"] == "Discharge summary"
    assert document.fields["text"] == "Went home\nwell"
    assert document.fields["date"] == "2026-11-02T11:00:00Z"
    assert document.fields["author"] == "John Smith"


def test_a_document_that_is_cancelled_goes_and_one_that_is_replaced_is_superseded(hl7, of):
    txa = "TXA|1|DS|TX|||||||||DOC2|DOC1"
    assert of(hl7("MDM^T11", PID, txa), "DocumentReference")[0].operation == "delete"
    named = txa.replace("|DS|", "|DS^Discharge summary|")
    numbered = of(hl7("MDM^T02", PID, named, "OBX|1|TX|1||Went home"), "DocumentReference")
    assert numbered[0].fields["title"] == "Discharge summary"
    new, old = of(hl7("MDM^T10", PID, txa), "DocumentReference")
    assert (new.fields["status"], old.key, old.fields["status"]) == (
        "current",
        "DOC1",
        "superseded",
    )


@pytest.mark.parametrize("kind", ["ED", "CE"])
def test_a_result_that_is_a_document_is_one_of_the_patients(hl7, of, kind):
    obx = f"OBX|1|{kind}|PDF^Clinic letter||^IM^PDF^Base64^JVBERi0x||||||F|||202611021000"
    message = hl7("ORU^R01", PID, "OBR|1||F1|LET^Letter", obx, app="LIMS")
    (document,) = of(message, "DocumentReference")
    assert (document.fields["title"], document.fields["text"]) == ("Clinic letter", "")
    assert of(message, "Observation")[0].fields["note"] == "[document, not shown]"


def test_a_plain_text_document_is_read(hl7, of):
    data = base64.b64encode("Ärztlich".encode()).decode()
    obx = f"OBX|1|ED|TXT^Note||^TEXT^PLAIN^Base64^{data}||||||F"
    message = hl7("ORU^R01", PID, "OBR|1||F1|LET^Letter", obx, app="LIMS")
    assert of(message, "DocumentReference")[0].fields["text"] == "Ärztlich"


def test_a_form_that_comes_with_an_order_is_kept(hl7, of):
    obx = "OBX|1|ED|F^Request form||^IM^PDF^Base64^JVBERi0x||||||F"
    message = hl7("OML^O21", PID, "ORC|NW|P1", "OBR|1|P1||FBC^Count", obx)
    assert of(message, "DocumentReference")[0].fields["title"] == "Request form"


# Results and orders of other shapes


def test_results_by_specimen_keep_order_specimen_and_values_together(hl7, of):
    message = hl7(
        "OUL^R22", PID, "SPM|1|||BLD^Blood|||||||||||||202611020900", "OBR|1|P1|F1|FBC^Count",
        "ORC|RE|P1|F1||CM", "OBX|1|NM|HB^Hb||140|g/L|||||F", "SPM|2|||UR^Urine",
        "OBR|2|P2|F2|MCS^Culture", "OBX|1|ST|G^Growth||none||||||F", app="LIMS",
    )  # fmt: skip
    blood, urine = of(message, "ServiceRequest")
    assert (blood.key, blood.fields["specimen"]) == ("P1|FBC", "Blood")
    assert blood.fields["stage"] == "resulted"
    assert blood.fields["collected"] == "2026-11-02T09:00:00Z"
    assert (urine.key, urine.fields["specimen"]) == ("P2|MCS", "Urine")
    values = [(c.fields["report"], c.fields["value"]) for c in of(message, "Observation")]
    assert values == [("F1|FBC", "140"), ("F2|MCS", "none")]


def test_results_of_two_patients_in_one_message_never_cross(hl7, of):
    other = "PID|2||H2002^^^DEMO^MR||JONES^Mary"
    results = ("OBR|1||F1|FBC^Count", "OBX|1|NM|HB||70", other, "OBR|1||F2|FBC^Count")
    message = hl7("ORU^R01", PID, *results, "OBX|1|NM|HB||140", app="LIMS")
    values = [(c.patient[0].value, c.fields["value"]) for c in of(message, "Observation")]
    assert values == [("H1001", "70"), ("H2002", "140")]


def test_laboratories_that_share_numbers_are_told_apart(hl7, of):
    reports = [
        of(hl7("ORU^R01", PID, f"OBR|1||F1^{lab}|FBC", app="LIMS"), "DiagnosticReport")[0].key
        for lab in ("LABA", "LABB")
    ]
    assert len(set(reports)) == 2


def test_a_request_names_its_group_and_its_parent(hl7, of):
    obr = "OBR|1|P2|F2|NA^Sodium" + "|" * 25 + "P1&EPR^F1&LIMS"
    fields = of(hl7("ORU^R01", PID, "ORC|RE|P2|F2|G7", obr, app="LIMS"), "ServiceRequest")[0].fields
    assert (fields["group_number"], fields["parent_number"]) == ("G7", "P1")


def test_a_result_status_in_an_answer_to_an_order_counts(hl7, of):
    obr = "OBR|1|P1|F1|FBC" + "|" * 21 + "F"
    assert (
        of(hl7("ORR^O02", PID, "ORC|OK|P1|F1", obr), "ServiceRequest")[0].fields["stage"]
        == "resulted"
    )


def test_notes_about_a_patient_in_results_are_the_reports(hl7, of):
    note = "NTE|1||Seen at Tuberculosis Control"
    message = hl7("ORU^R01", PID, note, "OBR|1||F1|FBC", "OBX|1|NM|HB||7", app="LIMS")
    assert of(message, "Flag") == []
    assert of(message, "DiagnosticReport")[0].fields["conclusion"] == "Seen at Tuberculosis Control"


def test_answers_and_notes_of_an_order_are_its_reason(hl7, of):
    orders = (
        "ORC|NW|P1",
        "NTE|1||Urgent please",
        "OBR|1|P1||FBC",
        "OBX|1|ST|LMP^Last period:||June",
    )
    fields = of(hl7("ORM^O01", PID, *orders), "ServiceRequest")[0].fields
    assert fields["reason"] == "Last period: June; Urgent please"


# What became of a message


@pytest.mark.parametrize(
    ("kind", "segments", "reason"),
    [
        ("ACK^A01", ("MSA|AA|1",), "an acknowledgement says nothing of a patient"),
        ("DFT^P03", (PID,), "billing is not used"),
        ("XYZ^Z01", (PID,), "messages of this type are not used"),
        ("ADT^A29", (PID,), "a person is never deleted by a message"),
        ("SIU^S23", ("SCH|1|2",), "blocked time concerns no patient"),
        ("ORU^R01", (PID,), "it holds no report (OBR)"),
        ("MDM^T02", (PID,), "it holds no document (TXA)"),
    ],
)
def test_of_a_message_of_which_nothing_is_used_the_reason_is_said(hl7, kind, segments, reason):
    message = hl7(kind, *segments)
    assert (message.outcome, message.unused) == (Outcome.NOT_USED, reason)


def test_a_diet_is_no_order_that_is_read_and_said(hl7):
    message = hl7("OMD^O03", PID, "ORC|NW|D1", "ODS|D||^Soft")
    assert [f.kind for f in message.findings][0] is FindingKind.ORDER_UNMAPPED


def test_a_segment_that_is_not_read_makes_a_message_used_in_part(hl7):
    assert hl7("ADT^A08", PID, "PR1|1||X^Op").outcome is Outcome.USED_IN_PART
    assert hl7("ADT^A08", PID, "NK1|1|PATEL^Ben", "IN1|1").outcome is Outcome.USED


def test_a_reject_says_where_it_came_from_and_shows_no_value(read_hl7):
    data = (
        b"MSH|^~\\&|IPM|RXH|||202611021405||ADT^A08|42|P|2.4\rPID|1||H1001^^^DEMO^MR||A\r"
        b"MSH|^~\\&|IPM|RXH|||202611021406||ADT^A08|43|P|2.4\rPID|1||^^^^MR||PATEL^Asha||1962\r"
    )
    accepted, reject = read_hl7(data)
    assert accepted.origin[:3] == ("ADT^A08", "42", "IPM^RXH")
    assert isinstance(reject, Reject)
    assert reject.origin == ("ADT^A08", "43", "IPM^RXH", "2026-11-02T14:06:00Z", 3)
    assert reject.quote == "PID|9||^^^^xx||xxxxx^xxxx||9999"


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_the_line_of_the_file_is_known_whatever_ends_it(read_hl7, end):
    message = b"MSH|^~\\&|P|||||||1\rPID|1||H1||A\r".replace(b"\r", end)
    lines = [item.origin.line for item in read_hl7(b"FHS|^~\\&|P" + end + message * 3)]
    assert lines == [2, 4, 6]


def test_no_vaccine_is_none(hl7, of):
    rxa = "RXA|0|1|202611021015||998^No vaccine administered^CVX|999"
    assert not of(hl7("VXU^V04", PID, "ORC|RE||V1", rxa), "Immunization")


def test_two_doses_of_one_minute_are_two(hl7, of):
    second = RXA.replace("|500|", "|250|")
    doses = of(hl7("RAS^O17", PID, "ORC|RE|RX1", RXA, second), "MedicationAdministration")
    assert len({dose.key for dose in doses}) == 2
