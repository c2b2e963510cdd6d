"""SIU: appointments booked, moved, cancelled, missed."""

import pytest

from downtime.feeds.model import Reject

PID = "PID|1||H1001^^^DEMO^MR||PATEL^Asha"
SCH = "SCH|R1|A77|||||^Follow-up||30|min|^^30^202611090930^202611091000||||||||||||||{status}"
AIL = "AIL|1||CARD1^^^DEMO"


def appointment(hl7, of, event, status="Booked", *more, sch=SCH, **named):
    message = hl7(f"SIU^{event}", sch.format(status=status), PID, "RGS|1", *more, AIL, **named)
    return of(message, "Appointment")[0]


def test_a_booking(hl7, of):
    message = appointment(
        hl7, of, "S12", "Booked", "AIS|1||CARD^Cardiology review|202611090945", "AIP|1||C1^Lee^Ann"
    )
    assert message.key == "A77"
    assert message.fields == {
        "status": "booked",
        "number": "A77",
        "kind": "clinic",
        "location": "CARD1",
        "practitioner": "Ann Lee",
        "description": "Cardiology review",
        "start": "2026-11-09T09:45:00Z",
        "start_text": "202611090945",
        "minutes": 30,
        "requested_as": "R1",
    }


def test_everybody_and_every_place_of_an_appointment_is_named(hl7, of):
    fields = appointment(
        hl7, of, "S12", "Booked",
        "AIP|1||C1^Lee^Ann", AIL, "RGS|2", "AIP|1||C2^Gas^Bob", "AIL|2||XR2^Room 1", "RGS|3",
        "AIP|1||C1^Lee^Ann", "AIL|3||XR2^Room 1",
    ).fields  # fmt: skip
    assert fields["practitioner"] == "Ann Lee, Bob Gas"
    assert (fields["location"], fields["note"]) == ("CARD1", "Also at: XR2 Room 1")


def test_the_old_timing_and_the_new(hl7, of):
    assert appointment(hl7, of, "S12").fields["start"] == "2026-11-09T09:30:00Z"
    tq1 = "TQ1|1||||||202611101000|202611101020"
    newer = appointment(hl7, of, "S13", "Booked", tq1, sch="SCH||A77|||||^Review")
    assert (newer.fields["start"], newer.fields["minutes"]) == ("2026-11-10T10:00:00Z", 20)


@pytest.mark.parametrize(
    ("event", "status", "meant"),
    [
        ("S12", "", "booked"),
        ("S14", "Arrived", "arrived"),
        ("S14", "Complete", "fulfilled"),
        ("S15", "", "cancelled"),
        ("S16", "Booked", "cancelled"),
        ("S26", "Booked", "noshow"),
        ("S14", "No show", "noshow"),
    ],
)
def test_states(hl7, of, event, status, meant):
    assert appointment(hl7, of, event, status).fields["status"] == meant


def test_a_deleted_appointment_is_taken_away(hl7, of):
    assert appointment(hl7, of, "S17").operation == "delete"


def test_a_length_in_hours(hl7, of):
    message = appointment(hl7, of, "S12", "Booked", "AIS|1||X|202611090945|||2|hr")
    assert message.fields["minutes"] == 120


def test_a_place_on_a_theatre_list(hl7, of):
    assert appointment(hl7, of, "S12", app="Theatres").fields["kind"] == "theatre"


def test_blocked_time_is_nobodys(hl7):
    assert hl7("SIU^S23", SCH.format(status="Blocked")).content == ()


def test_an_appointment_without_a_number_is_a_reject(read_hl7):
    reject = read_hl7(f"MSH|^~\\&|PAS||||||SIU^S12|1\rSCH||\r{PID}\r".encode())[0]
    assert isinstance(reject, Reject)
    assert reject.segment == "SCH"
