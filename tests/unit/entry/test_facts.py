"""What a form's answers say happened: one fact a test, a value, a row or a form."""

from zoneinfo import ZoneInfo

from downtime.entry.fact_reader import find_facts
from downtime.entry.facts import MAX_NUMBER, Fact, PaperPerson
from downtime.paper.forms.load_form import load_form

NOBODY = PaperPerson()
LONDON = ZoneInfo("Europe/London")
BASE = Fact(
    key="K7000042X",
    type="",
    system="",
    form="f",
    serial="K7000042X",
    event="2026-07-02T14:00:00Z",
    author="Sam Okoro",
)


def of(form: str, person: PaperPerson = NOBODY, **answers: str) -> list[Fact]:
    given = {key.replace("__", ":").replace("_", "-"): text for key, text in answers.items()}
    return find_facts(load_form(form), given, BASE._replace(person=person), LONDON)


def test_each_ticked_test_is_a_request_and_an_empty_box_is_none():
    ticked = {"test.fbc": "true", "test.ue": "", "test.other": "Ammonia", "priority": "urgent"}
    more = {"collected": "2026-07-02T13:50", "contact": "2214", "fasting": "true"}
    found = find_facts(load_form("blood-sciences-request"), ticked | more, BASE, LONDON)
    assert [(f.type, f.system, f.fields["code"], f.title) for f in found] == [
        ("ServiceRequest", "LIMS", "FBC", "Full blood count"),
        ("ServiceRequest", "LIMS", "OTHER", "Ammonia"),
    ]
    assert found[0].key == "K7000042X-test.fbc"
    assert found[0].fields["collected"] == "2026-07-02T12:50:00Z"
    assert found[0].fields["priority"] == "urgent"
    assert found[0].notes == (
        ("Bleep or extension for results", "2214"),
        ("Fasting sample", "yes"),
    )


def test_each_value_of_each_row_is_an_observation_at_its_own_time():
    found = of(
        "observations",
        taken__1="2026-07-02T13:00",
        pulse__1="88",
        taken__2="2026-07-02T14:30",
        pulse__2="92",
        consciousness__2="C",
    )
    said = [(f.key, f.fields["value"], f.fields["units"], f.event) for f in found]
    assert said == [
        ("K7000042X-pulse-1", "88", "/min", "2026-07-02T12:00:00Z"),
        ("K7000042X-pulse-2", "92", "/min", "2026-07-02T13:30:00Z"),
        ("K7000042X-consciousness-2", "New confusion", "", "2026-07-02T13:30:00Z"),
    ]


def test_a_phoned_result_keeps_who_called_and_that_it_was_read_back():
    (found,) = of(
        "phoned-result",
        test__2="Potassium",
        value__2="6.10",
        units__2="mmol/L",
        read_back__2="true",
        caller="Jo Lab",
        collected="2026-07-02T13:10",
    )
    assert (found.type, found.key) == ("Observation", "K7000042X-result-2")
    assert found.fields == {
        "display": "Potassium",
        "value": "6.10",
        "units": "mmol/L",
        "effective": "2026-07-02T12:10:00Z",
    }
    assert found.event == BASE.event  # the call, not the sample
    assert dict(found.notes) == {"Caller's full name": "Jo Lab", "Read back": "yes"}


def test_an_admission_carries_the_stay_and_who_the_patient_is():
    found, *rest = of(
        "admission",
        PaperPerson(downtime_number="DK700042X"),
        family="Novak",
        given="Petra",
        birth_date="1985-03-01",
        nhs="9990000026",
        ward="A1",
        admitted="2026-07-02T13:30",
    )
    assert (found.type, found.system) == ("Encounter", "PAS")
    assert found.fields == {"event": "admit", "ward": "A1", "started": "2026-07-02T12:30:00Z"}
    assert [(f.type, f.fields["family"]) for f in rest] == [("Patient", "Novak")]
    assert found.person == PaperPerson(
        downtime_number="DK700042X",
        family="Novak",
        given="Petra",
        birth_date="1985-03-01",
        nhs_number="9990000026",
    )


def test_a_blank_takes_the_identity_block_and_a_printed_form_never_does():
    block = {"patient.name": "NOVAK, Petra", "patient.mrn": "H7", "test.fbc": "true"}
    (blank,) = find_facts(load_form("blood-sciences-request"), block, BASE, LONDON)
    assert (blank.person.family, blank.person.given, blank.person.mrn) == ("NOVAK", "Petra", "H7")
    (printed,) = of("blood-sciences-request", PaperPerson(id="p", mrn="H1"), **{"test.fbc": "true"})
    assert printed.person.mrn == "H1"


def test_progress_notes_stay_a_document():
    (found,) = of("progress-notes", words__1="Seen on the round")
    assert (found.type, found.title) == ("Document", "Progress notes")


def test_a_long_key_becomes_an_order_number_that_fits_hl7():
    found = of("observations", taken__1="2026-07-02T13:00", consciousness__1="A", pulse__1="88")
    numbers = {f.fields["display"]: f.number for f in found}
    assert numbers["Pulse"] == "K7000042X-pulse-1"
    assert numbers["Consciousness"].startswith("K7000042X-")
    assert len(numbers["Consciousness"]) == MAX_NUMBER


LEFT = "2026-07-02T12:30:00Z"


def test_an_admission_says_the_allergies_the_alerts_and_the_demographics_too():
    found = of(
        "admission", family="Novak", ward="A1", allergy_status="none", isolation="true",
        address="1 High Street",
    )  # fmt: skip
    assert [(f.key, f.type, f.system) for f in found] == [
        ("K7000042X-form", "Encounter", "PAS"),
        ("K7000042X-person", "Patient", "PAS"),
        ("K7000042X-safety", "AllergyIntolerance", "EPR"),
        ("K7000042X-isolation", "Flag", "EPR"),
    ]
    assert found[1].fields == {"family": "Novak", "address": "1 High Street"}
    assert found[2].fields["none_known"] == "1"
    assert (found[3].fields["category"], found[3].title) == ("isolation", "Needs isolation")


def test_nobody_could_be_asked_is_no_statement_about_allergies():
    found = of("admission", family="Novak", allergy_status="not-recorded")
    assert "AllergyIntolerance" not in {f.type for f in found}
    assert ("Allergies", "Not able to ask") in found[0].notes


def test_a_transfer_to_a_ward_names_the_new_place_and_the_old_one():
    (found,) = of(
        "transfer", left="2026-07-02T13:30", kind="ward", from_ward="A1", to_ward="B2", to_bed="4",
        papers="true",
    )  # fmt: skip
    assert (found.type, found.title, found.event) == ("Encounter", "Transfer", LEFT)
    assert found.fields == {"event": "transfer", "prior_ward": "A1", "ward": "B2", "bed": "4"}
    assert found.notes == (("All downtime forms", "yes"),)


def test_a_transfer_to_another_hospital_is_a_discharge_there():
    (found,) = of("transfer", left="2026-07-02T13:30", kind="hospital", to_ward="St Elsewhere, ICU")
    assert found.title == "Discharge"
    assert found.fields == {"event": "discharge", "ended": LEFT, "destination": "St Elsewhere, ICU"}


def test_a_discharge_says_when_how_and_where_to():
    (found,) = of("discharge", left="2026-07-02T13:30", outcome="died", ward="A1")
    assert (found.event, found.fields["ended"], found.fields["outcome"]) == (LEFT, LEFT, "died")


def test_each_allergy_is_a_fact_and_so_is_one_that_paper_calls_wrong():
    found = of(
        "allergies", standing_now="known", substance__1="Penicillin", reaction__1="Rash",
        severity__1="severe", corrections="Latex: it was never true",
    )  # fmt: skip
    assert [(f.type, f.title, f.fields["status"]) for f in found] == [
        ("AllergyIntolerance", "Penicillin", "active"),
        ("AllergyIntolerance", "Latex: it was never true", "entered-in-error"),
    ]
    assert found[0].notes[0] == ("Asked today, the answer is", "Known allergies (below)")


def test_allergies_asked_and_confirmed_as_printed_stay_a_document_with_what_was_written():
    (found,) = of("allergies", standing_now="printed", source="gp")
    assert (found.type, found.key) == ("Document", "K7000042X-form")
    assert ("Who or what said so (tick the best source)", "GP record") in found.notes


def test_an_operation_that_was_cancelled_carries_the_new_date_only_if_it_was_accepted():
    said = {"planned_start": "2026-07-02T13:30", "why": "systems", "new_start": "2026-08-02T08:00"}
    (yes,) = of("elective-cancellation", accepted="accepted", **said)
    (no,) = of("elective-cancellation", accepted="declined", **said)
    assert yes.fields["rebook_start"] == "2026-08-02T07:00:00Z"
    assert "rebook_start" not in no.fields
    assert (no.fields["kind"], no.fields["status"], no.fields["start"]) == (
        "theatre", "cancelled", LEFT,
    )  # fmt: skip


def test_a_row_of_the_insulin_chart_is_a_glucose_and_a_dose():
    glucose, dose = of(
        "insulin", taken__1="2026-07-02T13:30", glucose__1="11.2", given__1="NovoRapid", dose__1="8"
    )
    assert (glucose.type, glucose.fields["value"], glucose.fields["effective"]) == (
        "Observation", "11.2", LEFT,
    )  # fmt: skip
    assert (dose.type, dose.title, dose.fields["dosage"], dose.fields["given"]) == (
        "MedicationAdministration", "NovoRapid", "8 units", LEFT,
    )  # fmt: skip


def test_every_unit_of_blood_has_its_number_its_fate_and_its_person():
    (found,) = of(
        "emergency-blood-log", taken__1="2026-07-02T13:30", donation__1="G123", group__1="O-neg",
        patient__1="dk7 00042x".replace("00042x", "00042X"), fate__1="returned",
    )  # fmt: skip
    assert found.fields == {
        "medicine": "Emergency red cells, O D-negative", "batch": "G123", "given": LEFT,
        "status": "not-given", "reason": "returned",
    }  # fmt: skip


def test_a_register_row_links_a_downtime_number_to_a_hospital_number():
    (found,) = of(
        "number-register", downtime__1="DK700042X", given__1="2026-07-02T13:30",
        patient__1="Unknown male", mrn__1="H100",
    )  # fmt: skip
    assert (found.type, found.person.downtime_number, found.person.mrn) == (
        "Patient", "DK700042X", "H100",
    )  # fmt: skip
    assert found.person.family == "Unknown male"


def test_what_no_record_carries_is_kept_as_a_document():
    glucose, rest = of(
        "insulin", taken__1="2026-07-02T13:30", glucose__1="11.2",
        taken__2="2026-07-02T14:30", ketones__2="1.4",
    )  # fmt: skip
    assert glucose.type == "Observation"
    assert (rest.type, rest.key) == ("Document", "K7000042X-rest")
    assert ("Ketones", "1.4 mmol/L") in rest.notes


def test_what_cannot_be_read_is_said_beside_the_rest_and_is_no_value():
    (found,) = of(
        "observations", taken__1="2026-07-02T13:00", pulse__1="88", temperature__1="?illegible"
    )
    assert (found.title, found.notes) == ("Pulse", (("Temperature", "Illegible"),))
    (admitted, *_) = of("admission", family="Novak", nhs="?not-written", ward="A1")
    assert (admitted.person.family, admitted.person.nhs_number) == ("Novak", "")
