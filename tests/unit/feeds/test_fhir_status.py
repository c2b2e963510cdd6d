"""FHIR R4 and R5: status words and shapes, and what is not used and why."""

import pytest

from downtime.feeds.context import feed_context
from downtime.settings import FeedsSettings, Settings

SUBJECT = {"reference": "Patient/p1"}


def resource(kind, **more):
    subject = "patient" if kind in ("AllergyIntolerance", "Immunization") else "subject"
    return {"resourceType": kind, "id": "x1", subject: SUBJECT, **more}


def concept(text, code=""):
    return {"text": text, "coding": [{"code": code}] if code else []}


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("in-progress", "in-progress"),
        ("onleave", "in-progress"),
        ("on-hold", "in-progress"),
        ("discharged", "finished"),
        ("completed", "finished"),
        ("discontinued", "finished"),
        ("cancelled", "cancelled"),
    ],
)
def test_the_status_of_a_stay_in_r4_and_r5(read_one, word, status):
    message = read_one(resource("Encounter", status=word))
    assert message.content[0].fields["status"] == status
    assert message.findings == ()


@pytest.mark.parametrize(
    ("kind", "more", "element"),
    [
        ("Encounter", {"status": "asleep"}, "Encounter.status"),
        ("Appointment", {"status": "asleep"}, "Appointment.status"),
        ("MedicationRequest", {"status": "asleep", "medicationCodeableConcept": concept("x")},
         "MedicationRequest.status"),
        ("Observation", {"status": "asleep"}, "Observation.status"),
        ("AllergyIntolerance", {"clinicalStatus": concept("", "asleep"), "code": concept("x")},
         "AllergyIntolerance.clinicalStatus"),
        ("Condition", {"clinicalStatus": concept("", "asleep")}, "Condition.clinicalStatus"),
        ("ServiceRequest", {"status": "asleep", "code": concept("FBC")}, "ServiceRequest.status"),
    ],
)  # fmt: skip
def test_an_unknown_status_is_said_and_hides_nothing(read_one, kind, more, element):
    body = resource(kind, **more)
    if kind == "Appointment":
        body["participant"] = [{"actor": SUBJECT}]
    message = read_one(body)
    assert [(f.kind, f.segment) for f in message.findings] == [("unknown-status", element)]
    assert "asleep" not in message.findings[0].text
    name = "stage" if kind == "ServiceRequest" else "status"
    assert message.content[0].fields.get(name, "") in ("", "active")


def test_the_class_of_a_stay_in_r4_and_r5(fields_of, read_one):
    emergency = {"code": "EMER"}
    assert fields_of(resource("Encounter", **{"class": emergency}))["kind"] == "emergency"
    r5 = resource("Encounter", **{"class": [{"coding": [emergency]}]})
    assert fields_of(r5)["kind"] == "emergency"
    message = read_one(resource("Encounter", **{"class": {"code": "LODGER"}}))
    assert [f.kind for f in message.findings] == ["unknown-code"]
    profiles = {"epr": {"codes": {"patient_class": {"LODGER": "inpatient"}}}}
    own = feed_context(Settings(feeds=FeedsSettings(profiles=profiles)))
    assert (
        fields_of(resource("Encounter", **{"class": {"code": "LODGER"}}), ctx=own)["kind"]
        == "inpatient"
    )


def test_an_encounter_in_r5(fields_of):
    fields = fields_of(
        resource(
            "Encounter",
            status="in-progress",
            actualPeriod={"start": "2026-11-01"},
            reason=[{"value": [{"concept": concept("Chest pain")}]}],
            serviceType=[{"concept": concept("Cardiology")}],
            participant=[
                {"type": [concept("", "ATND")], "actor": {"display": "Dr Lee"}},
            ],
        )
    )
    names = ("started", "reason", "specialty", "consultant")
    assert [fields[n] for n in names] == ["2026-11-01", "Chest pain", "Cardiology", "Dr Lee"]


def test_an_allergy_with_how_sure_and_how_harmful_it_is(fields_of):
    fields = fields_of(
        resource(
            "AllergyIntolerance",
            code=concept("Penicillin"),
            criticality="high",
            verificationStatus=concept("", "unconfirmed"),
            note=[{"text": "As told by the daughter"}],
            reaction=[
                {"manifestation": [{"concept": concept("Rash")}], "note": [{"text": "in 1990"}]}
            ],
        )
    )
    assert (fields["criticality"], fields["verification"]) == ("high", "unconfirmed")
    assert fields["note"] == "As told by the daughter\nin 1990"
    assert (fields["reaction"], fields["status"]) == ("Rash", "active")


@pytest.mark.parametrize(
    "medication",
    [
        {"medicationCodeableConcept": concept("Warfarin 3 mg")},
        {"medication": {"concept": concept("Warfarin 3 mg")}},
        {"medication": {"reference": {"display": "Warfarin 3 mg"}}},
        {"medicationReference": {"reference": "Medication/m", "display": "Warfarin 3 mg"}},
        {
            "contained": [
                {"resourceType": "Medication", "id": "m", "code": concept("Warfarin 3 mg")}
            ],
            "medication": {"reference": {"reference": "#m"}},
        },
    ],
)
@pytest.mark.parametrize("kind", ["MedicationRequest", "MedicationAdministration"])
def test_a_medicine_in_r4_and_r5(fields_of, kind, medication):
    assert fields_of(resource(kind, status="active", **medication))["medicine"] == "Warfarin 3 mg"


def test_a_dose_in_r5(fields_of):
    fields = fields_of(
        resource(
            "MedicationAdministration",
            status="not-done",
            medication={"concept": concept("Warfarin")},
            occurenceDateTime="2026-11-02T08:00:00Z",
            statusReason=[concept("INR high")],
        )
    )
    names = ("given", "status", "reason")
    assert [fields[n] for n in names] == ["2026-11-02T08:00:00Z", "not-given", "INR high"]


def test_a_medicine_of_its_ingredients(fields_of):
    strength = {
        "numerator": {"value": 500, "unit": "mg"},
        "denominator": {"value": 1, "unit": "tablet"},
    }
    medication = {
        "resourceType": "Medication",
        "id": "m",
        "ingredient": [
            {"itemCodeableConcept": concept("Paracetamol"), "strength": strength},
            {"item": {"concept": concept("Codeine")}},
        ],
    }
    body = resource(
        "MedicationRequest", contained=[medication], medicationReference={"reference": "#m"}
    )
    assert fields_of(body)["medicine"] == "Paracetamol 500 mg/tablet + Codeine"


def test_a_medicine_without_a_name_is_said(read_one):
    message = read_one(resource("MedicationRequest", status="active"))
    assert [finding.kind for finding in message.findings] == ["medicine-unnamed"]


@pytest.mark.parametrize(
    "more",
    [{"doNotPerform": True}, {"intent": "proposal"}, {"intent": "plan"}, {"intent": "option"}],
)
@pytest.mark.parametrize("kind", ["MedicationRequest", "ServiceRequest"])
def test_what_is_no_prescription_and_no_request_is_not_used_and_said(read_one, kind, more):
    medicine = {"medicationCodeableConcept": concept("x"), "code": concept("x")}
    message = read_one(resource(kind, status="active", **medicine, **more))
    assert (message.content, message.outcome) == ((), "not-used")
    assert message.unused


@pytest.mark.parametrize(
    "code", [concept("Not for attempted CPR: DNACPR"), concept("x", "304253006")]
)
def test_a_resuscitation_status_sent_as_an_order_is_an_alert(read_one, code):
    (change,) = read_one(resource("ServiceRequest", status="active", code=code)).content
    assert (change.type, change.fields["status"]) == ("Flag", "active")


def test_an_order_that_is_no_test_is_never_outstanding(read_one):
    category = [concept("Surgical procedure", "387713003")]
    body = resource(
        "ServiceRequest", status="active", code=concept("Appendicectomy"), category=category
    )
    message = read_one(body)
    assert (message.content, [f.kind for f in message.findings]) == ((), ["order-unmapped"])


def test_a_problem(fields_of):
    fields = fields_of(
        resource(
            "Condition",
            clinicalStatus=concept("", "active"),
            verificationStatus=concept("", "confirmed"),
            code=concept("Asthma", "195967001"),
            severity=concept("Moderate"),
            onsetDateTime="2010-05",
            recordedDate="2011-01-02",
            note=[{"text": "since school"}],
        )
    )
    names = ("display", "code", "status", "onset", "recorded", "note", "severity", "verification")
    assert [fields[n] for n in names] == [
        "Asthma", "195967001", "active", "2010-05", "2011-01-02", "since school", "Moderate", "confirmed",
    ]  # fmt: skip


def test_a_problem_entered_in_error_is_taken_away(read_one):
    body = resource(
        "Condition", code=concept("x"), verificationStatus=concept("", "entered-in-error")
    )
    assert read_one(body).content[0].operation == "delete"


def test_a_document_and_its_words(fields_of):
    attachment = {
        "contentType": "text/plain; charset=utf-8",
        "data": "R29vZCBtb3JuaW5n",
        "title": "Letter",
    }
    fields = fields_of(
        resource(
            "DocumentReference",
            status="current",
            type=concept("Discharge letter"),
            date="2026-11-01T10:00:00Z",
            author=[{"display": "Dr Lee"}],
            content=[{"attachment": attachment}],
        )
    )
    names = ("title", "kind", "status", "date", "author", "text")
    assert [fields[n] for n in names] == [
        "Letter", "Discharge letter", "current", "2026-11-01T10:00:00Z", "Dr Lee", "Good morning",
    ]  # fmt: skip


def test_a_composition_is_a_document(read_one):
    body = resource(
        "Composition", status="final", title="Summary", date="2026-11-01", type=concept("x")
    )
    (change,) = read_one(body).content
    assert (change.type, change.fields["title"]) == ("DocumentReference", "Summary")


def test_a_report_whose_words_are_attached(fields_of):
    form = {"contentType": "text/plain", "data": "Tm8gZnJhY3R1cmU="}
    body = resource("DiagnosticReport", status="final", code=concept("XR"), presentedForm=[form])
    assert fields_of(body)["conclusion"] == "No fracture"


def test_a_value_and_its_parts(fields_of):
    part = {"code": concept("Breathing"), "valueInteger": 2}
    fields = fields_of(resource("Observation", status="final", valueInteger=9, component=[part]))
    assert (fields["value"], fields["note"]) == ("9", "Breathing 2")


def test_results_inside_their_report(read_one, of):
    inner = {**resource("Observation", status="final", valueString="12"), "id": "o1"}
    report = resource(
        "DiagnosticReport", status="final", contained=[inner], result=[{"reference": "#o1"}]
    )
    values = of(read_one(report), "Observation")
    assert {change.key for change in values} == {"x1#o1"}
    fields = {name: value for change in values for name, value in change.fields.items()}
    assert (fields["value"], fields["report"]) == ("12", "x1")


def test_a_request_is_as_far_as_its_specimen(fields_of):
    specimen = {"resourceType": "Specimen", "id": "s", "type": concept("Blood")}
    body = resource(
        "ServiceRequest", status="active", code=concept("FBC"), specimen=[{"reference": "#s"}]
    )
    stages = []
    for more in (
        {},
        {"collection": {"collectedDateTime": "2026-11-02T08:00:00Z"}},
        {"receivedTime": "2026-11-02T09:00:00Z"},
    ):
        fields = fields_of({**body, "contained": [{**specimen, **more}]})
        stages.append(fields["stage"])
    assert stages == ["requested", "collected", "received"]
    assert fields["specimen"] == "Blood"


def test_numbers_by_which_orders_are_linked(fields_of):
    body = resource(
        "ServiceRequest",
        status="active",
        code=concept("FBC", "FBC"),
        requisition={"value": "G7"},
        identifier=[
            {"type": concept("", "PLAC"), "value": "P1"},
            {"type": concept("", "FILL"), "value": "F1"},
        ],
    )
    fields = fields_of(body)
    assert [fields[n] for n in ("placer", "filler", "group_number")] == ["P1", "F1", "G7"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"resourceType": "Coverage", "id": "c"}, "no use for this type of resource: Coverage"),
        ({"resourceType": "Observation", "id": "o"}, "names no patient"),
        ({"resourceType": "Observation", "id": "o", "subject": {"reference": "Group/1"}}, "names no patient"),
        ({"resourceType": "MedicationStatement", "id": "m", "subject": SUBJECT}, "no prescription"),
        ({"resourceType": "Patient"}, "neither an identifier"),
        ({"resourceType": "OperationOutcome"}, "nothing that Downtime keeps"),
    ],
)  # fmt: skip
def test_what_is_not_used_says_why(read_one, body, reason):
    message = read_one(body)
    assert (message.outcome, message.content) == ("not-used", ())
    assert reason in message.unused


def test_what_a_profile_leaves_out(read_one):
    profiles = {"epr": {"applications": ["EPR"], "not_used": ["Flag"]}}
    own = feed_context(Settings(feeds=FeedsSettings(profiles=profiles)))
    body = resource("Flag", status="active", code=concept("x"), meta={"source": "EPR"})
    assert "profile" in read_one(body, ctx=own).unused
    assert read_one({**body, "meta": {"source": "PAS"}}, ctx=own).content
