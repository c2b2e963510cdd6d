"""The backlog, courses under way and samples in counts: what a site has to know after days without systems."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from downtime.clinical.model import Appointment, Patient
from downtime.outage import outages
from downtime.outage.events.backlog import count_backlog, list_backlog
from downtime.outage.events.list_events import list_events
from downtime.outage.events.model import Event, EventKind, EventSubject
from downtime.outage.events.wording import describe_event
from downtime.snapshot.courses_under_way import list_courses
from downtime.snapshot.model import AppointmentRow
from downtime.web.views import appointments
from tests.conftest import NOW
from tests.integration.web.test_ward import words

ANN = EventSubject(
    patient="p1", family="Sample", given="Ann", birth_date="1960-01-02", mrn="1000001"
)


@pytest.fixture
def down(hospital, vault, actor):
    outages.declare_systems_down(vault, ["PAS"], actor, "said by IT", known=["PAS"])
    hospital.clock.go_on(minutes=10)
    return hospital


def outcome(slot, code, **answers):
    return Event(
        id=slot, root=slot, position=1, device="K7", outage="o", kind=EventKind.APPOINTMENT, subject=ANN,
        ward="", topic=f"a-{slot}", happened="2026-11-02T15:00:00Z", entered="2026-11-02T15:00:00Z",
        author="u-1", author_name="Amina", author_role="", is_withdrawn=False, reason="",
        answers={"outcome": code, "start": "2026-11-02T14:00:00Z", "location": "Clinic 3"} | answers,
    )  # fmt: skip


OUTCOMES = [
    outcome("routine", "cancelled", priority="routine"),
    outcome("late", "cancelled", priority="cancer", target="2026-12-24"),
    outcome("soon", "cancelled", priority="cancer", target="2026-11-20"),
    outcome("absent", "noshow"),
    outcome("done", "fulfilled"),
    outcome("again", "cancelled", priority="urgent", rebook_start="2026-11-09T09:00:00Z"),
]


def test_the_backlog_is_what_has_no_new_date_the_gravest_and_earliest_first():
    backlog = list_backlog(OUTCOMES)
    assert [event.root for event in backlog] == ["soon", "late", "routine", "absent"]
    assert count_backlog(backlog) == {
        "Suspected cancer": 2, "Urgent": 0, "Routine": 1, "Priority not recorded": 1
    }  # fmt: skip


def test_a_time_that_was_taken_from_a_booking_is_shown_as_people_read_it():
    text = describe_event(outcome("x", "cancelled"), ZoneInfo("Europe/London"))
    assert "was at 02-Nov-2026 14:00" in text
    assert "2026-11-02T" not in text


def test_the_backlog_is_counted_on_the_screen_and_exported(down, monkeypatch):
    browser = down.browser("ward")
    empty = words(browser.get("/appointments/backlog").text)
    assert "Backlog: 0 without a new date" in empty
    by_slot = {event.topic: event for event in OUTCOMES}
    monkeypatch.setattr(appointments, "find_appointment_events", lambda _: by_slot)
    page = words(browser.get("/appointments/backlog").text)
    assert "Backlog: 4 without a new date" in page
    assert "Suspected cancer: 2" in page
    assert page.index("20-Nov-2026") < page.index("24-Dec-2026")
    table = browser.get("/appointments/backlog.csv").data.decode("utf-8-sig").splitlines()
    assert len(table) == 5
    assert table[1].startswith('Suspected cancer,20-Nov-2026,"SAMPLE, Ann"')
    assert down.browser("administrator").get("/appointments/backlog.csv").status_code == 403


def booked(part, days, status="booked", patient="p1"):
    start = f"{(NOW + timedelta(days=days)):%Y-%m-%dT%H:%M:%SZ}"
    appointment = Appointment(
        id=f"{patient}-{part}", patient=patient, description=f"Chemotherapy cycle {part} of 6", start=start,
        status=status, source="PAS",
    )  # fmt: skip
    return AppointmentRow(appointment, Patient(id=patient))


def test_a_course_says_its_next_part_what_is_done_and_whether_it_is_due():
    rows = [
        booked(2, -14, "fulfilled"), booked(3, 3), booked(4, 24),
        booked(5, -1, patient="p2"), booked(6, -30, "fulfilled", "p3"), booked(1, 20, patient="p4"),
    ]  # fmt: skip
    courses = {row.patient.id: row for row in list_courses(rows, NOW)}
    assert list(courses) == ["p2", "p1", "p4", "p3"]
    said = {key: (row.part.part, row.done, row.is_due) for key, row in courses.items()}
    assert said == {
        "p1": (3, 2, True), "p2": (5, 0, True), "p3": (6, 6, False), "p4": (1, 0, False)
    }  # fmt: skip
    assert courses["p3"].next is None


def test_no_course_named_is_not_nobody_in_one(hospital):
    page = words(hospital.browser("ward").get("/appointments/courses").text)
    assert "This does not mean that nobody is in one." in page


def test_samples_are_counted_by_laboratory_and_the_unexplained_stands_out(down, vault):
    browser = down.browser("ward")
    assert "Count samples" in browser.get("/laboratory").text
    for laboratory, state, count in (
        ("Blood sciences", "sent", "40"), ("blood  sciences", "received", "30"),
        ("Blood sciences", "diverted", "6"), ("Blood sciences", "reported", "11"), ("Micro", "sent", "2"),
    ):  # fmt: skip
        fields = {"answer-laboratory": laboratory, "answer-state": state, "answer-count": count}
        answer = browser.post("/events/record", {"kind": "samples"} | fields)
        assert answer.status_code == 303, words(answer.text)
    page = words(browser.get("/laboratory").text)
    assert "Blood sciences 40 30 6 4 11 25" in page
    assert page.index("Blood sciences 40") < page.index("Micro 2 0 0 2 0 0")
    wrong = browser.post("/events/record", {"kind": "samples"} | fields | {"answer-count": "many"})
    assert "is no whole number" in words(wrong.text)
    assert len(list_events(vault, kinds=[EventKind.SAMPLES])) == 5
