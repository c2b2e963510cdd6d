"""The demonstration as it is served: one outage is being recovered when systems fail again.

Every list of the recovery holds something, and the wards record on the screen what happens.
"""

import io
from contextlib import closing
from datetime import timedelta

from downtime.clinical.courses import read_course
from downtime.clinical.model import AppointmentKind
from downtime.clock import to_text
from downtime.demo.context import Story
from downtime.demo.records_clerks import RecordsClerks
from downtime.demo.records_supervisors import RecordsSupervisors
from downtime.demo.staff import WHY
from downtime.outage import action_cards, outages
from downtime.outage.events.model import EventKind
from downtime.outage.events.record_event import EventDraft, EventRecorder
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.packs.ward_changes import WardChanges
from downtime.reconcile.compare import run_comparison as comparison
from downtime.reconcile.harm import review
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.returns import export_messages
from downtime.returns.channels import EXPORT_FORMATS
from downtime.snapshot import local_snapshots
from downtime.snapshot.courses_under_way import list_courses
from downtime.snapshot.model import PatientRow
from downtime.snapshot.store.opened_snapshot import Snapshot

FAILED_AGAIN = ("PAS", "LIMS")
LASTS = timedelta(minutes=55)
"""From the first comparison until the story ends."""
_FAILED_AFTER = timedelta(minutes=15)


def begin_recovery(story: Story) -> None:
    """Clerks key what came back; some of it waits at every step."""
    with story.step("key", "The paper comes back. Clerks key it; some of it still waits."):
        clerks = RecordsClerks(story.laptop, story.settings, story.staff)
        clerks.key_some()
        outage = str(story.facts["outage"]["id"])
        missing = len(ledger.list_missing(story.laptop, outage))
        story.report(
            f"{clerks.keyed} forms are keyed, {clerks.waiting_for_second} of them wait for a second"
            f" keying; {missing} are still out on the wards."
        )
    story.facts["forms"] = {"keyed": clerks.keyed, "filed": clerks.filed, "missing": missing}
    with story.step("compare", "What is keyed is compared; half of it is decided."):
        compared = _compare(story)
        supervisors = RecordsSupervisors(story.laptop, story.settings, story.staff)
        linked, proposed = supervisors.link_first_and_propose_next(find_latest_outage(story.laptop))
        compared = _compare(story)
        decided, second_waits = supervisors.decide_half(find_latest_outage(story.laptop))
        review.run_review(story.laptop, story.settings, story.staff.actors["records"], WHY)
        story.report(
            f"{decided} of {compared} items are decided, {second_waits} wait for a second person;"
            f" {linked} people linked, {proposed} proposed."
        )
    with story.step("return", "What is decided goes back to the systems."):
        records, folder = story.staff.actors["records"], story.folder / "returns"
        for name in EXPORT_FORMATS:
            export_messages.export_messages(story.laptop, story.settings, name, folder, records)
    story.facts["comparison"] = {"items": compared, "decided": decided}
    story.facts["returns"] = {"path": str(folder)}


def _compare(story: Story) -> int:
    records = story.staff.actors["records"]
    return comparison.run_comparison(story.laptop, story.settings, records, WHY).items


def fail_again(story: Story) -> None:
    """Systems fail while the first outage is being recovered: an outage of its own."""
    story.clock.now += _FAILED_AFTER
    since = to_text(story.clock.now)
    story.clock.now += timedelta(minutes=4)
    names, site = story.settings.systems.names, story.staff.actors["site"]
    with story.step(
        "fail_again", f"{' and '.join(FAILED_AGAIN)} fail once more: a new outage beside the first."
    ):
        declared = outages.declare_systems_down(
            story.laptop, FAILED_AGAIN, site, "A power supply burnt out", known=names, since=since
        )
        _tick_steps(story, declared)
    story.facts["second_outage"] = {"id": declared.id, "systems": list(FAILED_AGAIN)}


def _tick_steps(story: Story, outage: Outage) -> None:
    cards = action_cards.read_cards(story.home)
    first = next(card for card in cards if card.system == action_cards.ANY_SYSTEM)
    for number, username in ((0, "nurse"), (1, "site")):
        story.clock.now += timedelta(minutes=3)
        step, actor = first.get_key(first.steps[number]), story.staff.actors[username]
        action_cards.tick_step(story.laptop, outage.id, step, actor, done=True)


def work_on_wards(story: Story) -> None:
    """The wards print what changed, and record on the screen what happens."""
    with (
        story.step(
            "events", "The wards print what changed, and record on the screen what happens."
        ),
        closing(local_snapshots.open_current_snapshot(story.laptop)) as snapshot,
    ):
        nurse, wards = story.staff.actors["nurse"], [row.code for row in snapshot.list_wards()]
        for ward in wards[:2]:
            print_pack(
                story.laptop, story.settings, WardChanges(ward=ward), nurse, WHY, io.BytesIO(),
                snapshot=snapshot,
            )  # fmt: skip
        recorder = EventRecorder(story.laptop, story.settings, snapshot, nurse, "Staff nurse")
        drafts = _list_events(story, wards, snapshot.list_inpatients(wards[0]))
        drafts += _cancel_bookings(story, snapshot)
        for draft in drafts:
            recorder.record(draft, is_confirmed=True)
            story.clock.now += timedelta(minutes=3)
        story.report(
            f"{len(drafts)} events: arrivals, moves, results by telephone, visits cancelled, log lines."
        )
    story.facts["events"] = len(drafts)


def _list_events(story: Story, wards: list[str], rows: list[PatientRow]) -> list[EventDraft]:
    """What happens in the first hour; everybody in it is invented."""
    ill, moving, leaving, away = (row.patient.id for row in rows[:4])
    return [
        _event(story, EventKind.ARRIVAL, identity="known", family="Abara", given="Chidi",
               birth_date="1987-06-14", gender="male", ward=wards[0], bed="Trolley 1",
               stay="emergency", reason="Chest pain"),
        _event(story, EventKind.ARRIVAL, identity="unknown", gender="female", ward=wards[0],
               bed="Trolley 2", stay="emergency", looks="About 60, grey coat, found at the bus stop"),
        _event(story, EventKind.RESULT, ill, test="Potassium", value="6.4", units="mmol/L",
               caller="Duty scientist, laboratory", contact="3001", told="Dr Okafor"),
        _event(story, EventKind.MOVE, moving, ward=wards[1], bed="Chair 3"),
        _event(story, EventKind.DISCHARGE, leaving, outcome="advised", destination="Home"),
        _event(story, EventKind.ABSENCE, away, where="CT scanner", escort="Porter"),
        _event(story, EventKind.DIVERT, service="Emergency department", state="limited",
               capacity="3 trolleys", agreed="Ambulance control"),
        _event(story, EventKind.INCIDENT, what="Group O negative: 6 units left; review at each meeting.",
               by="Site manager"),
        _event(story, EventKind.RUNNER, runner="Porter 4", what="Samples", **{"from": wards[0], "to": "Laboratory"}),
        _event(story, EventKind.TELEPHONE, caller="Ward clerk", message="Next of kin of bed 4 called",
               **{"for": "Nurse in charge"}),
    ]  # fmt: skip


def _cancel_bookings(story: Story, snapshot: Snapshot) -> list[EventDraft]:
    """A part of a course and a visit to a clinic do not take place, and have no new date yet."""
    soon = to_text(story.clock.now)
    part = next(c.next for c in list_courses(snapshot.list_numbered_appointments(), story.clock.now)
                if c.next and c.next.start > soon)  # fmt: skip
    days = snapshot.list_appointment_days(AppointmentKind.CLINIC)
    day = next((day for day in days if day > soon[:10]), days[-1])
    (visit, patient), *_ = (
        row
        for session in snapshot.list_sessions(day, AppointmentKind.CLINIC)
        for row in snapshot.list_session_appointments(day, session.location, AppointmentKind.CLINIC)
        if read_course(row.appointment.description) is None
    )
    target = [(story.clock.now + timedelta(days=days)).date().isoformat() for days in (3, 42)]
    return [
        _event(story, EventKind.APPOINTMENT, part.patient, topic=part.id, outcome="cancelled",
               priority="cancer", target=target[0], reason="Blood results not available"),
        _event(story, EventKind.APPOINTMENT, patient.id, topic=visit.id, outcome="cancelled",
               priority="routine", target=target[1], reason="Clinic cancelled"),
    ]  # fmt: skip


def _event(
    story: Story, kind: EventKind, patient: str = "", topic: str = "", **answers: str
) -> EventDraft:
    happened = to_text(story.clock.now - timedelta(minutes=1))
    return EventDraft(kind=kind, happened=happened, patient=patient, topic=topic, answers=answers)
