"""What a form's answers say happened: one fact a test, a value, a row or a form."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from downtime.entry.facts import MAX_NUMBER, Fact, Person, facts
from downtime.paper.definitions.definition import definition

NOBODY = Person()
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


def of(form: str, person: Person = NOBODY, **answers: str) -> list[Fact]:
    given = {key.replace("__", ":").replace("_", "-"): text for key, text in answers.items()}
    return facts(definition(form), given, replace(BASE, person=person), LONDON)


def test_each_ticked_test_is_a_request_and_an_empty_box_is_none():
    ticked = {"test.fbc": "true", "test.ue": "", "test.other": "Ammonia", "priority": "urgent"}
    more = {"collected": "2026-07-02T13:50", "contact": "2214", "fasting": "true"}
    found = facts(definition("blood-sciences-request"), ticked | more, BASE, LONDON)
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
    (found,) = of(
        "admission",
        Person(downtime_number="DK700042X"),
        family="Novak",
        given="Petra",
        birth_date="1985-03-01",
        nhs="9990000026",
        ward="A1",
        admitted="2026-07-02T13:30",
    )
    assert (found.type, found.system) == ("Encounter", "PAS")
    assert found.fields == {"ward": "A1", "started": "2026-07-02T12:30:00Z"}
    assert found.person == Person(
        downtime_number="DK700042X",
        family="Novak",
        given="Petra",
        birth_date="1985-03-01",
        nhs_number="9990000026",
    )


def test_a_blank_takes_the_identity_block_and_a_printed_form_never_does():
    block = {"patient.name": "NOVAK, Petra", "patient.mrn": "H7", "test.fbc": "true"}
    (blank,) = facts(definition("blood-sciences-request"), block, BASE, LONDON)
    assert (blank.person.family, blank.person.given, blank.person.mrn) == ("NOVAK", "Petra", "H7")
    (printed,) = of("blood-sciences-request", Person(id="p", mrn="H1"), **{"test.fbc": "true"})
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
