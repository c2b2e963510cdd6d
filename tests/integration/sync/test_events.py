"""What laptops recorded on the screen, at the records station: in any order, any number of times, once."""

import itertools

import pytest

from downtime.clock import to_text
from downtime.errors import UntrustedError
from downtime.outage.events import store
from downtime.outage.events.correct_event import correct_event, withdraw_event
from downtime.outage.events.list_events import list_events
from downtime.outage.events.model import EventKind
from downtime.outage.events.record_event import EventDraft, EventRecorder
from tests.integration.sync.fleet import SETTINGS

ARRIVAL = {
    "identity": "known", "family": "Tester", "given": "Tom", "gender": "male", "ward": "A1",
    "stay": "emergency",
}  # fmt: skip


def record(machine, kind, patient="", **answers):
    recorder = EventRecorder(machine.vault, SETTINGS, None, machine.clerk)
    happened = to_text(machine.clock.now)
    draft = EventDraft(kind=kind, happened=happened, patient=patient, answers=answers)
    return recorder.record(draft)


def correct(machine, event, **answers):
    happened = to_text(machine.clock.now)
    return correct_event(
        machine.vault, SETTINGS, event.root, happened, dict(event.answers) | answers, machine.checker, "misread",
        snapshot=None, is_confirmed=True,
    )  # fmt: skip


def test_events_of_two_laptops_are_one_record_whatever_the_order(fleet, tmp_path):
    station, k7, m3 = fleet
    arrived = record(k7, EventKind.ARRIVAL, **ARRIVAL)
    record(k7, EventKind.MOVE, arrived.id, ward="B2", bed="4")
    first = k7.export(station)
    correct(k7, arrived, family="Taster")
    line = record(m3, EventKind.INCIDENT, what="Lights out")
    withdraw_event(m3.vault, SETTINGS, line.id, m3.checker, "never was", snapshot=None)
    bundles = [first, k7.export(station), m3.export(station)]
    station.backup(tmp_path / "before")
    seen = set()
    for order in itertools.permutations(bundles):
        station.restore(tmp_path / "before")
        for bundle in (*order, order[0]):
            station.merge(bundle)
        threads = list_events(station.vault)
        seen.add(tuple((t.root, len(t.versions), t.stands, t.latest.ward) for t in threads))
    (result,) = seen
    assert len(result) == 3
    (arrival,) = (t for t in list_events(station.vault) if t.latest.kind == EventKind.ARRIVAL)
    assert [v.answers["family"] for v in arrival.versions] == ["Tester", "Taster"]
    assert {event.origin[:3] for event in store.fetch_all(station.vault.db)} == {"K7:", "M3:"}


def test_an_event_is_counted_once_and_keeps_its_author(fleet):
    station, k7, _ = fleet
    record(k7, EventKind.INCIDENT, what="Lights out")
    assert station.merge(k7.export(station)).events == 1
    k7.issue_number()
    assert station.merge(k7.export(station)).events == 0
    (thread,) = list_events(station.vault)
    assert thread.latest.author_name == "Clerk K7"


@pytest.mark.parametrize("change", [{"kind": "rumour"}, {"subject": {}}])
def test_a_row_that_no_laptop_writes_is_refused_whole(fleet, monkeypatch, change):
    station, k7, _ = fleet
    record(k7, EventKind.INCIDENT, what="Lights out")
    event_row = store.event_row
    monkeypatch.setattr(store, "event_row", lambda event: event_row(event) | change)
    bundle = k7.export(station)
    with pytest.raises(UntrustedError, match="not what its header says"):
        station.merge(bundle)
    assert list_events(station.vault) == []
