"""Live records are changed by what paper says, once, and never where they have moved on since."""

import base64
import json
from dataclasses import replace

import pytest

from downtime.clinical.model import Appointment, Encounter, Patient
from downtime.returns.fhir import bundles, conditional_patches
from tests.integration.returns import fhir_peers
from tests.unit.returns.fhir_cases import NAMES, PERSON, SETTINGS, fact, form, row

CONTEXT = bundles.make_context(SETTINGS, NAMES)
STAY = Encounter(id="e-1", visit_number="V1", status="in-progress", ward="A1", patient="p-1")
BOOKING = Appointment(
    id="a-1", number="A-1", status="booked", start="2026-11-02T13:00:00Z", location="Clinic 3",
    minutes=20, patient="p-1",
)  # fmt: skip
PERSONAL = Patient(
    id="p-1", mrn=PERSON.mrn, family="Obrien", given="Zoe Ann", birth_date="1960-02-01",
    phone="020 7946 0001", postcode="ZZ99 1AA",
)  # fmt: skip

TRANSFER = fact("Encounter", "PAS", fields={"event": "transfer", "ward": "B2", "bed": "4"})
DISCHARGE = fact("Encounter", "PAS", fields={"event": "discharge", "ended": "2026-11-02T15:00:00Z"})
CANCELLED = fact(
    "Appointment", "PAS",
    fields={"status": "cancelled", "reason": "No power", "start": BOOKING.start, "number": "A-1"},
)  # fmt: skip
REBOOKED = CANCELLED._replace(fields={**CANCELLED.fields, "rebook_start": "2026-11-20T09:00:00Z"})
CORRECTED = fact(
    "Patient", "PAS",
    fields={"family": "O'Brien", "given": "Zoë", "birth_date": "1960-01-02", "gender": "female",
            "postcode": "ZZ99 3AA"},
)  # fmt: skip


def made(one, live, number="DT-1") -> bytes:
    told = conditional_patches.build_patch(one, live, CONTEXT)
    assert told is not None
    matched = row(one)
    matched = replace(matched, item=replace(matched.item, matched_ids=(live.id,)))
    return bundles.write_patch_bundle(
        matched, told, form(), number, bundles.make_context(SETTINGS, NAMES)
    )


@pytest.fixture
def server():
    with fhir_peers.server() as running:
        running.add_patient(NAMES.hospital_number, PERSON.mrn)
        (patient,) = running.held("Patient")
        (running.patient,) = (f"Patient/{patient['id']}",)
        yield running


def put(server, kind: str, system: str, number: str, **more) -> None:
    resource = {"resourceType": kind, "identifier": [{"system": system, "value": number}], **more}
    answer = server.post(json.dumps(resource), f"/{kind}")
    assert answer.status_code == 201, answer.text


def stay(server, **more) -> None:
    put(
        server, "Encounter", NAMES.visit, "V1",
        **{
            "status": "in-progress", "class": {"code": "IMP"},
            "period": {"start": "2026-11-01T08:00:00Z"},
            "subject": {"reference": server.patient},
            "location": [{"location": {"display": "A1"}, "status": "active"}],
            "reasonCode": [{"text": "Hip pain"}],
            **more,
        },
    )  # fmt: skip


def booking(server, **more) -> None:
    put(
        server, "Appointment", NAMES.appointment, "A-1",
        **{
            "status": "booked", "start": "2026-11-02T13:00:00+00:00",
            "end": "2026-11-02T13:20:00+00:00", "description": "Follow-up",
            "participant": [{"actor": {"reference": server.patient}, "status": "accepted"}],
            **more,
        },
    )  # fmt: skip


def test_a_transfer_adds_the_new_place_and_keeps_the_stay(server):
    stay(server)
    assert server.post(made(TRANSFER, STAY)).status_code == 200
    (held,) = server.held("Encounter")
    assert [one["location"]["display"] for one in held["location"]] == ["A1", "B2, bed 4"]
    assert held["location"][1]["period"] == {"start": "2026-11-02T14:00:00+00:00"}
    assert held["status"] == "in-progress"
    assert held["reasonCode"] == [{"text": "Hip pain"}]


def test_a_discharge_ends_the_stay_and_touches_nothing_else(server):
    stay(server)
    assert server.post(made(DISCHARGE, STAY)).status_code == 200
    (held,) = server.held("Encounter")
    assert held["status"] == "finished"
    assert held["period"] == {"start": "2026-11-01T08:00:00Z", "end": "2026-11-02T15:00:00+00:00"}
    assert held["location"][0]["location"]["display"] == "A1"


def test_a_stay_that_was_ended_there_since_is_left_as_it_is(server):
    stay(server, status="finished", period={"start": "2026-11-01", "end": "2026-11-02T16:30:00Z"})
    for content in (made(DISCHARGE, STAY), made(TRANSFER, STAY, "DT-2")):
        assert 400 <= server.post(content).status_code < 500
    (held,) = server.held("Encounter")
    assert held["period"]["end"] == "2026-11-02T16:30:00Z"
    assert len(held["location"]) == 1


def test_a_cancelled_slot_is_cancelled_there_and_not_made_a_second_time(server):
    booking(server)
    assert server.post(made(CANCELLED, BOOKING)).status_code == 200
    (held,) = server.held("Appointment")
    assert held["status"] == "cancelled"
    assert held["cancelationReason"] == {"text": "No power"}
    assert held["description"] == "Follow-up"


def test_a_new_date_moves_the_booking(server):
    booking(server)
    assert server.post(made(REBOOKED, BOOKING)).status_code == 200
    (held,) = server.held("Appointment")
    assert (held["status"], held["start"], held["end"]) == (
        "booked", "2026-11-20T09:00:00+00:00", "2026-11-20T09:20:00+00:00",
    )  # fmt: skip


@pytest.mark.parametrize(
    "since",
    [{"status": "arrived"}, {"start": "2026-11-09T13:00:00Z", "end": "2026-11-09T14:00:00Z"}],
)
def test_a_booking_that_was_changed_there_since_is_left_as_it_is(server, since):
    booking(server, **since)
    (before,) = server.held("Appointment")
    for content in (made(CANCELLED, BOOKING), made(REBOOKED, BOOKING, "DT-2")):
        assert 400 <= server.post(content).status_code < 500
    assert server.held("Appointment") == [before]


def personal(server, **more):
    held = {
        "name": [{"family": "Obrien", "given": ["Zoe", "Ann"]}],
        "birthDate": "1960-02-01",
        "address": [{"line": ["1 High Street"], "postalCode": "ZZ99 1AA"}],
        **more,
    }
    put(server, "Patient", NAMES.hospital_number, "H777", **held)


LIVE = replace(PERSONAL, mrn="H777")


def test_corrected_details_change_what_was_compared_and_nothing_else(server):
    personal(server)
    answer = server.post(made(CORRECTED, LIVE))
    assert answer.status_code == 200, answer.text
    (held,) = (p for p in server.held("Patient") if p["identifier"][0]["value"] == "H777")
    assert held["name"] == [{"family": "O'Brien", "given": ["Zoë"]}]
    assert (held["birthDate"], held["gender"]) == ("1960-01-02", "female")
    assert held["address"] == [{"line": ["1 High Street"], "postalCode": "ZZ99 3AA"}]


@pytest.mark.parametrize("since", [{"gender": "unknown"}, {"birthDate": "1961-01-01"}])
def test_details_that_were_corrected_there_since_are_left_as_they_are(server, since):
    personal(server, **since)
    before = server.held("Patient")
    assert 400 <= server.post(made(CORRECTED, LIVE)).status_code < 500
    assert server.held("Patient") == before


@pytest.mark.parametrize(
    ("one", "live"),
    [
        (TRANSFER, None),
        (TRANSFER, replace(STAY, visit_number="")),
        (DISCHARGE._replace(fields={**DISCHARGE.fields, "outcome": "died"}), STAY),
        (CANCELLED, replace(BOOKING, number="")),
        (
            REBOOKED._replace(fields={**REBOOKED.fields, "rebook_location": "Clinic 9"}),
            BOOKING,
        ),
        (CORRECTED._replace(fields={"nhs_number": "9990000026"}), PERSONAL),
        (CORRECTED._replace(fields={"phone": "1"}), replace(PERSONAL, phone="")),
    ],
    ids=["unknown", "no-visit", "died", "no-number", "other-place", "identifier", "no-telephone"],
)
def test_what_would_touch_more_than_paper_says_is_left_to_people(one, live):
    assert conditional_patches.build_patch(one, live, CONTEXT) is None


def test_a_site_may_leave_all_changes_to_people():
    names = replace(NAMES, updates=False)
    assert (
        conditional_patches.build_patch(DISCHARGE, STAY, bundles.make_context(SETTINGS, names))
        is None
    )


def test_every_change_of_a_code_is_guarded_by_what_was_compared():
    for one, live in ((TRANSFER, STAY), (DISCHARGE, STAY), (CANCELLED, BOOKING)):
        (entry,) = (
            e for e in json.loads(made(one, live))["entry"] if e["request"]["method"] == "PATCH"
        )
        operations = json.loads(base64.b64decode(entry["resource"]["data"]))
        assert operations[0] == {"op": "test", "path": "/status", "value": live.status}


def test_changes_pass_the_npm_validator():
    cases = ((TRANSFER, STAY), (DISCHARGE, STAY), (CANCELLED, BOOKING), (REBOOKED, BOOKING),
             (CORRECTED, PERSONAL))  # fmt: skip
    assert fhir_peers.wrong([made(*case) for case in cases]) == [[]] * len(cases)
