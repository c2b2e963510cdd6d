"""What the state holds after ordinary and awkward feeds."""

import os
from datetime import UTC, datetime

import pytest

from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import Patient
from downtime.feeds.model import Change, FeedMessage, FindingKind, Operation, Position, Replacement
from downtime.settings import Settings
from downtime.snapshot import apply_messages
from downtime.snapshot.settle_records import settle_records
from downtime.snapshot.store import publisher_state
from downtime.vault.database import connect

NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
A, B = Identifier("MR", "DEMO", "A"), Identifier("MR", "DEMO", "B")
X = Identifier("NH", "NHS", "9990000018")


class Feeds:
    """A state to which tests say things."""

    def __init__(self, path):
        self.db = connect(path, os.urandom(32))

    def say(
        self, *content, source="PAS", sent="2026-11-02T10:00:00Z", arrival=0, released=frozenset()
    ):
        position = Position("f", 1, arrival)
        message = FeedMessage(
            position=position, kind="x", source=source, sent=sent, content=content
        )
        return apply_messages.apply_messages(self.db, [message], Settings(), NOW, released)

    def all(self, kind):
        records_of_type = settle_records(self.db, Settings())
        return [record for record in records_of_type if type(record).__name__ == kind]

    def only_record(self, kind):
        (record,) = self.all(kind)
        return record


@pytest.fixture
def feeds(tmp_path):
    opened = Feeds(tmp_path / "state.db")
    yield opened
    opened.db.conn.close()


def change(name, key="", when="10:00", who=(A,), source="PAS", **fields):
    moment = f"2026-11-02T{when}:00Z" if when else ""
    operation = Operation(fields.pop("operation", "set"))
    defaults = {"operation": operation, "merged": fields.pop("merged", ())}
    return Change(
        type=name, key=key, source=source, patient=who, event=moment, sent=moment, fields=fields,
        position=Position("f", 1), **defaults,
    )  # fmt: skip


def extract(when, *rows, types=("Appointment",), source="Theatres"):
    return Replacement(
        types=types, source=source, sent=f"2026-11-02T{when}:00Z", changes=rows,
        position=Position("list.xlsx", 1),
    )  # fmt: skip


def test_a_late_message_does_not_undo_a_newer_one(feeds):
    feeds.say(change("Encounter", "V1", "12:00", ward="W2", bed=""))
    feeds.say(change("Encounter", "V1", "11:00", ward="W1", bed="4", consultant="DR A"))
    patient = feeds.only_record("Encounter")
    assert (patient.ward, patient.bed, patient.consultant) == ("W2", "", "DR A")
    assert patient.updated == "2026-11-02T12:00:00Z"


def test_what_was_deleted_comes_back_only_by_a_later_message(feeds):
    feeds.say(change("Flag", "F1", "10:00", text="Falls"))
    feeds.say(change("Flag", "F1", "11:00", operation="delete"))
    feeds.say(change("Flag", "F1", "10:30", text="Late"))
    assert feeds.all("Flag") == []
    feeds.say(change("Flag", "F1", "12:00", category="risk"))
    assert (feeds.only_record("Flag").text, feeds.only_record("Flag").category) == ("", "risk")


def test_without_a_time_the_later_delivery_is_newer(feeds):
    for text in ("one", "two", "one"):
        feeds.say(change("Flag", "F1", "", text=text))
        assert feeds.only_record("Flag").text == text


def test_an_order_says_nothing_of_how_new_the_system_is_that_answers_it(feeds):
    feeds.say(change("ServiceRequest", "P1|FBC", "14:00", source="LIMS"), source="")
    assert publisher_state.select_newest_times(feeds.db).get("LIMS", "") == ""
    feeds.say(change("DiagnosticReport", "F1|FBC", "09:00", source="LIMS"), source="", sent="")
    assert publisher_state.select_newest_times(feeds.db)["LIMS"] == "2026-11-02T09:00:00Z"


def test_a_time_in_the_future_does_not_shut_out_what_follows(feeds):
    wrong = change("Encounter", "V1", "10:00", ward="W1")
    feeds.say(wrong._replace(event="2062-01-01T00:00:00Z"))
    feeds.say(change("Encounter", "V1", "10:05", ward="W2"))
    assert feeds.only_record("Encounter").ward == "W2"


def test_a_full_extract_replaces_its_own_data_set_only(feeds):
    feeds.say(change("Appointment", "C1", kind="clinic"))
    feeds.say(change("Appointment", "old", source="Theatres", kind="theatre"), source="Theatres")
    row = change("Appointment", "T1", "11:00", source="Theatres", note="first", location="1")
    feeds.say(extract("11:00", row), source="Theatres")
    assert {a.kind or a.note for a in feeds.all("Appointment")} == {"clinic", "first"}
    row = change("Appointment", "T1", "12:00", source="Theatres", location="2")
    feeds.say(extract("12:00", row), source="Theatres")
    (appointment,) = (a for a in feeds.all("Appointment") if a.source == "Theatres")
    assert (appointment.location, appointment.note) == ("2", "")


def test_an_older_extract_never_replaces_a_newer_one(feeds):
    new = change("Appointment", "T2", "12:00", source="Theatres")
    feeds.say(extract("12:00", new))
    before = feeds.only_record("Appointment")
    feeds.say(extract("11:00", change("Appointment", "T1", "11:00", source="Theatres")))
    assert feeds.only_record("Appointment") == before


def test_an_event_after_the_extract_counts_and_one_before_does_not(feeds):
    row = change("Appointment", "T1", "12:00", source="Theatres", status="booked")
    feeds.say(extract("12:00", row))
    feeds.say(change("Appointment", "T1", "11:00", source="Theatres", status="arrived"))
    assert feeds.only_record("Appointment").status == "booked"
    feeds.say(change("Appointment", "T1", "13:00", source="Theatres", status="cancelled"))
    assert feeds.only_record("Appointment").status == "cancelled"


def test_a_removal_after_the_extract_outlives_its_repetition(feeds):
    listed = extract("10:00", change("Appointment", "T1", "10:00", source="Theatres"))
    feeds.say(listed, change("Appointment", "T1", "11:00", source="Theatres", operation="delete"))
    feeds.say(listed)
    assert feeds.all("Appointment") == []


def test_what_a_ward_is_called_is_no_list_of_beds(feeds):
    feeds.say(change("Location", "W1||", who=(), ward="W1", ward_name="Ash ward"))
    assert feeds.only_record("Location").ward_name == "Ash ward"
    assert "Location" not in publisher_state.select_delivered_types(feeds.db)
    feeds.say(change("Location", "W1||1", who=(), ward="W1", bed="1"))
    assert "Location" in publisher_state.select_delivered_types(feeds.db)


def test_an_empty_extract_empties_its_data_set_once_it_is_released_and_is_a_delivery(feeds):
    feeds.say(change("Appointment", "T1", "10:00", source="Theatres"))
    (quarantined,) = feeds.say(extract("11:00"), arrival=7).quarantined
    assert (quarantined.arrival, quarantined.finding.kind) == (7, FindingKind.LIST_IMPLAUSIBLE)
    assert len(feeds.all("Appointment")) == 1
    assert feeds.say(extract("11:00"), arrival=7, released={7}).quarantined == ()
    assert feeds.all("Appointment") == []
    assert "Appointment" in publisher_state.select_delivered_types(feeds.db)


def test_who_came_after_a_list_was_made_is_not_missed_in_it(feeds):
    listed = extract(
        "10:00", change("Encounter", "V0", "10:00"), types=("Encounter",), source="PAS"
    )
    feeds.say(listed)
    feeds.say(*(change("Encounter", f"V{n}", "11:00", who=(B,)) for n in range(1, 5)))
    assert feeds.say(listed).quarantined == ()
    late = extract("10:30", change("Encounter", "V0", "10:30"), types=("Encounter",), source="PAS")
    assert feeds.say(late).quarantined == ()
    assert len(feeds.all("Encounter")) == 5


def test_people_are_never_removed_by_an_extract(feeds):
    feeds.say(change("Patient", family="ONE"))
    feeds.say(extract("11:00", types=("Patient", "Encounter"), source="PAS"))
    assert feeds.only_record("Patient").family == "ONE"


def test_references_become_record_ids(feeds):
    feeds.say(
        change("Encounter", "V1"), change("ServiceRequest", "R1", source="LIMS", encounter="V1")
    )
    feeds.say(change("DiagnosticReport", "D1", source="LIMS", based_on="R1"), source="LIMS")
    feeds.say(change("Observation", "O1", source="LIMS", report="D1", value="1.50"), source="LIMS")
    request, report = feeds.only_record("ServiceRequest"), feeds.only_record("DiagnosticReport")
    assert report.based_on == request.id
    assert request.encounter == feeds.only_record("Encounter").id
    assert feeds.only_record("Observation").report == report.id
    assert feeds.only_record("Observation").value == "1.50"
    assert {request.patient, report.patient} == {feeds.only_record("Patient").id}


def test_a_reference_that_could_mean_two_records_means_none(feeds):
    stays = (change("Encounter", "V1", source=name, status="finished") for name in ("PAS", "EPR"))
    feeds.say(*stays)
    feeds.say(change("ServiceRequest", "R1", source="LIMS", encounter="V1"))
    assert feeds.only_record("ServiceRequest").encounter == ""


def test_the_register_is_believed_before_the_laboratory(feeds):
    feeds.say(change("Patient", when="10:00", family="SMITH", given="John", mrn="A"))
    feeds.say(
        change("Patient", when="12:00", source="LIMS", family="SMYTH", phone="1"), source="LIMS"
    )
    encounter = feeds.only_record("Patient")
    assert (encounter.family, encounter.given, encounter.phone, encounter.source) == (
        "SMITH",
        "John",
        "1",
        "PAS",
    )


def test_ids_stay_the_same_and_say_nothing(feeds):
    feeds.say(change("Patient", family="ONE"), change("Encounter", "V1"))
    before = feeds.only_record("Patient").id, feeds.only_record("Encounter").id
    feeds.say(change("Patient", when="12:00", family="TWO"), change("Encounter", "V1", "12:00"))
    assert (feeds.only_record("Patient").id, feeds.only_record("Encounter").id) == before
    assert all(len(text) == 16 for text in before)


def test_a_merge_moves_everything_and_keeps_the_old_record(feeds):
    feeds.say(change("Patient", family="ONE"), change("Patient", who=(B,), family="TWO"))
    feeds.say(change("Encounter", "V2", who=(B,)))
    feeds.say(change("Patient", when="11:00", operation="merge", merged=(B,)))
    feeds.say(change("Flag", "F1", "12:00", who=(B,), text="late, under the old number"))
    survivor, gone = sorted(feeds.all("Patient"), key=lambda p: p.mrn)
    assert (survivor.mrn, gone.mrn, gone.replaced_by) == ("A", "B", survivor.id)
    assert (
        feeds.only_record("Encounter").patient == feeds.only_record("Flag").patient == survivor.id
    )
    assert survivor.family == "ONE"


def test_a_person_known_late_keeps_the_old_id_as_an_alias(feeds):
    fhir = Identifier("FHIR", "EPR", "Patient/1")
    feeds.say(change("Flag", "F1", who=(fhir,), text="Falls"))
    first = feeds.only_record("Patient").id
    feeds.say(change("Patient", who=(A, fhir), family="ONE"))
    patients = {patient.id: patient for patient in feeds.all("Patient")}
    assert patients[first].replaced_by == feeds.only_record("Flag").patient
    assert patients[feeds.only_record("Flag").patient].mrn == "A"


def test_one_nhs_number_on_two_hospital_numbers_is_said_loudly(feeds):
    feeds.say(change("Patient", who=(A, X), family="ONE", nhs_number=X.value))
    assert feeds.all("Flag") == []
    feeds.say(change("Patient", who=(B, X), family="TWO", nhs_number=X.value))
    feeds.say(change("Encounter", "V9", who=(X,)))
    patients = {patient.id: patient for patient in feeds.all("Patient")}
    flags = {patients[flag.patient].mrn: flag for flag in feeds.all("Flag")}
    assert set(flags) == {"A", "B", ""}
    assert (flags["A"].category, flags["A"].source, flags["A"].status) == (
        "identity", "Downtime", "active",
    )  # fmt: skip
    assert "B" in flags["A"].text
    assert patients[feeds.only_record("Encounter").patient].mrn == ""
    assert [p.nhs_number for p in patients.values()] == [X.value] * 3


def test_systems_are_as_new_as_what_they_sent(feeds):
    feeds.say(
        change("ServiceRequest", "R1", source="LIMS"), source="EPR", sent="2026-11-02T09:00:00Z"
    )
    feeds.say(change("Flag", "F1", "08:00"), source="EPR", sent="2026-11-02T08:00:00Z")
    feeds.say(change("Flag", "F1", "08:00"), source="LIMS", sent="2062-11-02T08:00:00Z")
    assert publisher_state.select_newest_times(feeds.db) == {
        "EPR": "2026-11-02T09:00:00Z",
        "LIMS": "2026-11-02T08:00:00Z",
    }


def test_a_message_without_a_sender_dates_each_system_whose_records_it_holds(feeds):
    both = (change("Patient", who=(A,)), change("Flag", "F1", "08:00", source="EPR"))
    message = FeedMessage(
        position=Position("f", 1),
        kind="Bundle",
        source="",
        sent="2026-11-02T09:00:00Z",
        content=both,
    )
    apply_messages.apply_messages(feeds.db, [message], Settings(), NOW)
    assert publisher_state.select_newest_times(feeds.db) == dict.fromkeys(
        ("PAS", "EPR"), "2026-11-02T09:00:00Z"
    )


def test_a_failure_in_the_middle_leaves_the_state_as_it_was(feeds):
    feeds.say(change("Flag", "F1", text="one"))

    def broken():
        yield from ()
        item = change("Flag", "F1", "12:00", text="two")
        yield FeedMessage(
            position=Position("f", 1), kind="x", source="PAS", sent="", content=(item,)
        )
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        apply_messages.apply_messages(feeds.db, broken(), Settings(), NOW)
    assert feeds.only_record("Flag").text == "one"


def test_a_person_without_any_number_is_nobody_else(feeds):
    feeds.say(change("Patient", family="ONE"), change("Encounter", "V1", who=()))
    assert feeds.only_record("Encounter").patient == ""
    assert [type(p) for p in feeds.all("Patient")] == [Patient]
