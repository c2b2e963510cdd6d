"""Events on the screen are facts of the recovery as keyed paper is: compared, returned, counted."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from downtime.clinical.model import Appointment
from downtime.entry.event_facts import list_outage_threads, read_event_facts
from downtime.entry.events_on_paper import event_stamps
from downtime.entry.fact_reader import find_facts
from downtime.entry.facts import Fact
from downtime.errors import ConflictError
from downtime.outage.events.correct_event import correct_event, withdraw_event
from downtime.outage.events.list_events import find_appointment_events
from downtime.outage.events.model import EventKind
from downtime.outage.events.record_event import EventDraft, EventRecorder
from downtime.paper.forms.load_form import load_form
from downtime.paper.model import Subject
from downtime.reconcile import find_items
from downtime.reconcile.model import Decision, ItemState
from downtime.returns.export_messages import export_messages
from downtime.returns.statement.completeness_statement import gather_statement
from downtime.snapshot import local_snapshots
from downtime.vault import device
from downtime.vault.model import Actor
from tests.integration.recovery.conftest import ADMITTED, BOB, HOSPITAL, LIMS_SAYS, PHONED, SIGNED

NURSE = Actor("u-5", "Sam Okoro", "laptop-1")
SECOND = Actor("u-6", "Bo Night", "laptop-1")
AT = "2026-11-02T14:00:00Z"
ARRIVAL = {
    "identity": "known", "family": "Novak", "given": "Petra", "birth_date": "1985-03-01",
    "gender": "female", "ward": "A1", "stay": "emergency", "reason": "Abdominal pain",
}  # fmt: skip
RESULT = {"test": "Potassium", "value": "6.10", "units": "mmol/L", "caller": "Jo Lab"}


@pytest.fixture
def record(vault, settings, outage):
    """Record an event on the screen, over the snapshot of T0."""
    device.create_device(vault.home, vault.data_key, "K7", "laptop K7")

    def save(kind, patient="", actor=NURSE, topic="", at=AT, **answers):
        snapshot = local_snapshots.open_snapshot(vault, outage.snapshot)
        recorder = EventRecorder(vault, settings, snapshot, actor, "Staff nurse")
        draft = EventDraft(kind=kind, happened=at, patient=patient, topic=topic, answers=answers)
        return recorder.record(draft, is_confirmed=True)

    return save


@pytest.fixture
def send(vault, settings, actor, tmp_path, return_all):
    """Decide that everything is returned, and export what may go; the messages as text."""
    count = 0

    def export() -> list[str]:
        nonlocal count
        count += 1
        return_all()
        folder = tmp_path / f"out{count}"
        export_messages(vault, settings, "hl7v2", folder, actor)
        return [path.read_text() for path in sorted(folder.rglob("*.hl7"))]

    return export


@pytest.fixture
def zone():
    return ZoneInfo("Europe/London")


def facts_of(vault, settings, outage):
    found = read_event_facts(vault, settings, event_stamps(vault, settings, outage))
    return [fact for _, facts in found for fact in facts]


def paper_facts(form, answers, zone):
    base = Fact(
        key="K7000001X", type="", system="", form=form, serial="K7000001X", ward="A1", event=AT
    )
    return find_facts(load_form(form), answers, base, zone)


def by_type(facts, kind):
    return next(fact for fact in facts if fact.type == kind)


@pytest.mark.parametrize(
    ("kind", "answers", "form", "paper", "record_type"),
    [
        (EventKind.ARRIVAL, ARRIVAL, "admission", ADMITTED, "Encounter"),
        (EventKind.ARRIVAL, ARRIVAL, "admission", ADMITTED, "Patient"),
        (EventKind.RESULT, RESULT, "phoned-result", PHONED, "Observation"),
        (
            EventKind.MOVE, {"ward": "B2", "bed": "4"}, "transfer",
            SIGNED | {"kind": "ward", "left": "2026-11-02T14:00", "from-ward": "A1", "to-ward": "B2", "to-bed": "4"},
            "Encounter",
        ),
        (
            EventKind.DISCHARGE, {"outcome": "advised", "destination": "home"}, "discharge",
            SIGNED | {"left": "2026-11-02T14:00", "outcome": "advised", "ward": "A1", "destination": "home"},
            "Encounter",
        ),
        (
            EventKind.DEATH, {"verified_by": "Dr Cole"}, "discharge",
            SIGNED | {"left": "2026-11-02T14:00", "outcome": "died", "ward": "A1"}, "Encounter",
        ),
    ],
)  # fmt: skip
def test_an_event_says_what_its_paper_form_would_say(
    record, vault, settings, outage, zone, kind, answers, form, paper, record_type
):
    record(
        kind,
        "" if kind == EventKind.ARRIVAL else "p-ann",
        at="2026-11-02T13:30:00Z" if kind == EventKind.ARRIVAL else AT,
        **answers,
    )
    screen = by_type(facts_of(vault, settings, outage), record_type)
    written = by_type(paper_facts(form, paper, zone), record_type)
    assert dict(screen.fields) == dict(written.fields)
    assert (screen.system, screen.ward) == (written.system, written.ward)


def test_events_are_compared_decided_and_returned_as_paper_is(record, vault, outage, compare, send):
    record(EventKind.MOVE, "p-ann", ward="B2", bed="4")
    arrived = record(EventKind.ARRIVAL, **ARRIVAL)
    compare(HOSPITAL)
    items = find_items.list_items(vault, outage.id)
    rows = {row.item.fact.form: row for row in items}
    assert rows["screen-move"].item.state == ItemState.NEW
    assert rows["screen-move"].item.patient == "p-ann"
    assert rows["screen-arrival"].item.fact.person.downtime_number
    assert any(row.item.state == ItemState.UNMATCHED for row in items)
    text = "".join(send())
    assert "ADT^A02" in text
    assert arrived.answers["downtime_number"] in text
    keys = {r.key for r in find_items.list_items(vault, outage.id, decision=Decision.RETURNED)}
    assert f"{arrived.id}-form" in keys
    assert rows["screen-move"].key in keys


def test_a_phoned_result_is_not_returned_before_it_is_read_back(
    record, vault, outage, compare, send
):
    result = record(EventKind.RESULT, "p-ann", **RESULT)
    compare(HOSPITAL)
    send()
    assert find_items.list_items(vault, outage.id, decision=Decision.RETURNED) == []
    record(EventKind.READ_BACK, "p-ann", SECOND, result.id, value="6.10")
    compare(HOSPITAL, 3)
    send()
    (row,) = find_items.list_items(vault, outage.id, decision=Decision.RETURNED)
    assert row.item.fact.fields["value"] == "6.10"


def test_a_result_that_was_misheard_conflicts_with_the_laboratory_as_one_on_paper_does(
    record, vault, outage, compare
):
    record(EventKind.RESULT, "p-ann", **RESULT)
    compare((*HOSPITAL, *LIMS_SAYS))
    (row,) = find_items.list_items(vault, outage.id)
    assert row.item.state == ItemState.CONFLICT


def test_what_was_corrected_after_its_return_is_put_before_a_person(
    record, vault, settings, outage, compare, send
):
    move = record(EventKind.MOVE, "p-ann", ward="B2", bed="4")
    compare(HOSPITAL)
    send()
    place = {"ward": "C3", "bed": "1"}
    correct_event(vault, settings, move.id, AT, place, SECOND, "wrong ward", snapshot=None)
    compare(HOSPITAL, 3)
    (row,) = find_items.list_items(vault, outage.id)
    assert row.item.state == ItemState.CONFLICT
    assert row.item.fact.fields["ward"] == "C3"


def test_what_was_withdrawn_is_no_item(record, vault, settings, outage, compare):
    move = record(EventKind.MOVE, "p-ann", ward="B2", bed="4")
    compare(HOSPITAL)
    withdraw_event(vault, settings, move.id, SECOND, "never was", snapshot=None)
    compare(HOSPITAL, 3)
    assert find_items.list_items(vault, outage.id) == []


def test_who_recorded_it_does_not_decide_about_it(record, vault, outage, compare):
    record(EventKind.MOVE, "p-ann", ward="B2", bed="4")
    compare(HOSPITAL)
    (row,) = find_items.list_items(vault, outage.id)
    assert row.item.fact.transcriber == NURSE.id


def test_the_statement_counts_events_and_names_what_is_unfinished(
    record, vault, settings, outage, compare
):
    record(EventKind.RESULT, "p-ann", **RESULT)
    unit = {"donation": "G123456", "group": "O-neg", "why": "Bleeding", "authorised": "Dr Cole"}
    issued = record(EventKind.BLOOD_ISSUE, "p-ann", **unit)
    line = record(EventKind.INCIDENT, what="Lights out")
    withdraw_event(vault, settings, line.id, SECOND, "never was", snapshot=None)
    facts = gather_statement(vault, settings).facts
    assert facts["events"] == {
        "recorded": 3, "corrected": 0, "withdrawn": 1,
        "kinds": {"Emergency group O unit taken": 1, "Incident log line": 1, "Phoned result": 1},
    }  # fmt: skip
    kinds = {item["kind"]: item["names"] for item in facts["open"]}
    assert set(kinds) >= {"event-not-compared", "result-not-read-back", "unit-without-fate"}
    record(EventKind.BLOOD_FATE, "p-ann", topic=issued.id, fate="transfused")
    compare(HOSPITAL)
    kinds = {item["kind"] for item in gather_statement(vault, settings).facts["open"]}
    assert "unit-without-fate" not in kinds
    assert "result-not-read-back" in kinds


def test_the_same_admission_on_the_screen_and_on_paper_is_one(
    record, vault, outage, compare, keyed
):
    arrived = record(EventKind.ARRIVAL, at="2026-11-02T13:30:00Z", **ARRIVAL)
    compare(HOSPITAL)
    assert len(find_items.list_items(vault, outage.id)) == 2
    number = arrived.answers["downtime_number"]
    serial = keyed("admission", ADMITTED, Subject(downtime_number=number))
    compare(HOSPITAL, 3)
    rows = find_items.list_items(vault, outage.id)
    assert {row.item.fact.serial for row in rows} == {serial}


def test_what_paper_says_otherwise_stays_beside_it(record, vault, outage, compare, keyed):
    arrived = record(EventKind.ARRIVAL, at="2026-11-02T13:30:00Z", **ARRIVAL)
    number = arrived.answers["downtime_number"]
    keyed("admission", ADMITTED | {"ward": "B2"}, Subject(downtime_number=number))
    compare(HOSPITAL)
    rows = find_items.list_items(vault, outage.id)
    stays = {row.item.fact.fields["ward"] for row in rows if row.item.fact.type == "Encounter"}
    assert stays == {"A1", "B2"}


def test_the_outcome_of_an_appointment_names_the_appointment_and_its_new_date(
    vault, settings, outage, record, hold
):
    slot = Appointment(
        id="a-1", patient="p-ann", kind="clinic", status="booked", number="N77",
        location="Clinic 4", start="2026-11-02T09:00:00Z", description="Review",
    )  # fmt: skip
    snapshot = local_snapshots.open_snapshot(vault, hold(5, (*HOSPITAL, BOB, slot)))
    new_date = "2026-12-01T09:00:00Z"
    draft = EventDraft(
        kind=EventKind.APPOINTMENT, happened=AT, patient="p-ann", topic="a-1",
        answers={"outcome": "booked", "rebook_start": new_date, "reason": "LIMS down"},
    )  # fmt: skip
    EventRecorder(vault, settings, snapshot, NURSE).record(draft)
    (fact,) = facts_of(vault, settings, outage)
    assert (fact.type, fact.fields["number"], fact.fields["start"]) == (
        "Appointment",
        "N77",
        slot.start,
    )
    assert (fact.fields["status"], fact.fields["rebook_start"]) == ("booked", new_date)
    assert find_appointment_events(vault)["a-1"].answers["reason"] == "LIMS down"
    with pytest.raises(ConflictError, match="another patient"):
        EventRecorder(vault, settings, snapshot, NURSE).record(replace(draft, patient="p-bob"))


def test_a_result_that_came_twice_and_was_written_once_is_not_lost(
    record, vault, settings, outage, keyed
):
    for at in ("2026-11-02T13:30:00Z", "2026-11-02T14:10:00Z"):
        record(EventKind.RESULT, "p-ann", at=at, **RESULT)
    assert len(event_stamps(vault, settings, outage)) == 2
    written = {"test:1": RESULT["test"], "value:1": RESULT["value"], "event.time": "14:05"}
    keyed("phoned-result", PHONED | written)
    (left,) = event_stamps(vault, settings, outage)
    (thread,) = [t for t in list_outage_threads(vault, outage) if t.root == left]
    assert thread.latest.happened == "2026-11-02T13:30:00Z"
