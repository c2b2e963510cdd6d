"""Machines say how they do, locked or not; only what they signed is believed, the worst stands first."""

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from downtime.errors import UntrustedError
from downtime.fleet.declared_elsewhere import list_alarms, note_declared
from downtime.fleet.fleet_status import list_fleet, list_locked_alarms
from downtime.fleet.heartbeat import describe_own, sign_heartbeat, verify_heartbeat
from downtime.fleet.heartbeat_exchange import HeartbeatExchange, collect_heartbeats
from downtime.fleet.machine_alarms import MachineLevel
from downtime.fleet.machine_state import note_machine_state
from downtime.settings import Settings
from downtime.snapshot.open_bundle import open_aside, verify_bundle_file
from downtime.snapshot.put_in_use import put_in_use
from downtime.vault.machines import list_machines
from downtime.vault.model import Actor, MachineRole
from tests.conftest import NOW

CLERK = Actor("u-1", "Amina Ward", "WD")
SETTINGS = Settings()
SECRET = "O'Sullivan"


def load(publisher, laptop, sequence=1, **header):
    """A snapshot of the publisher in use on the laptop."""
    header = {"systems": {"PAS": "2026-11-02T14:25:00Z"}} | header
    data = publisher.seal(sequence, laptop, **header).data
    sealed = verify_bundle_file(laptop.home, SETTINGS, data)
    put_in_use(laptop.vault, SETTINGS, open_aside(laptop.vault, SETTINGS, sealed), CLERK)


def leave(machine, place):
    HeartbeatExchange(machine.home, SETTINGS, lambda: machine.now)(place)


def of_laptop(publisher):
    return next(machine for machine in list_machines(publisher.home) if machine.code == "WD")


def test_a_laptop_that_is_locked_says_how_it_does(publisher, laptop, place):
    load(publisher, laptop)
    note_machine_state(laptop.vault, SETTINGS, ())
    laptop.vault.close()
    leave(laptop, place)
    leave(publisher, place)
    status = {row.machine.code: row for row in list_fleet(publisher.home, SETTINGS, lambda: NOW)}
    assert status["WD"].health.level is MachineLevel.WELL
    assert status["WD"].health.oldest == timedelta(minutes=5)
    assert status["WD"].heartbeat.condition.free_mb > 0
    assert status["WD"].heartbeat.version


def test_before_anybody_signed_in_it_says_nothing(laptop, place):
    leave(laptop, place)
    assert not (place.folder / "heartbeats").exists()


def test_a_heartbeat_names_no_patient(publisher, laptop, place):
    load(publisher, laptop)
    note_machine_state(laptop.vault, SETTINGS, ())
    leave(laptop, place)
    content = (place.folder / "heartbeats/WD.json").read_text()
    for word in ("Hill", "Zoë", "H100"):
        assert word not in content
    assert len(content) < 4_000


@pytest.mark.parametrize(
    "field", ["created", "version", "last_pull", "certificate", "key", "number"]
)
def test_what_the_machine_did_not_sign_is_not_believed(publisher, laptop, field):
    note_machine_state(laptop.vault, SETTINGS, ())
    own = describe_own(laptop.home, lambda: NOW)
    data = sign_heartbeat(laptop.home, own)
    assert verify_heartbeat(of_laptop(publisher), data).state == own.state
    document = orjson.loads(data)
    document[field] = "2026-11-02T20:00:00Z" if field != "number" else document[field] + 1
    with pytest.raises(UntrustedError):
        verify_heartbeat(of_laptop(publisher), orjson.dumps(document))


def test_a_machine_cannot_speak_for_another(publisher, laptop, place):
    for machine in (publisher, laptop):
        note_machine_state(machine.vault, SETTINGS, ())
    data = sign_heartbeat(publisher.home, describe_own(publisher.home, lambda: NOW))
    place.replace_file("heartbeats/WD.json", data)
    leave(publisher, place)
    rows = {row.machine.code: row for row in list_fleet(publisher.home, SETTINGS, lambda: NOW)}
    assert rows["WD"].heartbeat is None


def test_an_older_heartbeat_does_not_come_back(publisher, laptop, place):
    load(publisher, laptop)
    note_machine_state(laptop.vault, SETTINGS, ())
    leave(laptop, place)
    older = (place.folder / "heartbeats/WD.json").read_bytes()
    own = describe_own(laptop.home, lambda: NOW + timedelta(hours=1))
    newer = sign_heartbeat(laptop.home, replace(own, number=own.number + 60))
    for content in (newer, older):
        place.replace_file("heartbeats/WD.json", content)
        collect_heartbeats(publisher.home, SETTINGS, place, NOW + timedelta(hours=1))
    rows = {row.machine.code: row for row in list_fleet(publisher.home, SETTINGS, lambda: NOW)}
    assert rows["WD"].heartbeat.created == "2026-11-02T15:30:00Z"


def test_a_clock_that_was_ahead_does_not_silence_a_machine_for_long(publisher, laptop, place):
    note_machine_state(laptop.vault, SETTINGS, ())
    laptop.now = NOW + timedelta(days=365)
    own = describe_own(laptop.home, lambda: laptop.now)
    ahead = sign_heartbeat(laptop.home, replace(own, number=own.number + 31_536_000))
    place.replace_file("heartbeats/WD.json", ahead)
    collect_heartbeats(publisher.home, SETTINGS, place, NOW)
    (row,) = (r for r in list_fleet(publisher.home, SETTINGS, lambda: NOW) if not r.is_own)
    assert row.is_clock_ahead
    laptop.now = NOW
    leave(laptop, place)
    collect_heartbeats(publisher.home, SETTINGS, place, NOW)
    (row,) = (r for r in list_fleet(publisher.home, SETTINGS, lambda: NOW) if not r.is_own)
    assert not row.is_clock_ahead


def test_a_ward_laptop_collects_nothing_and_a_revoked_one_is_gone(publisher, laptop, place):
    laptop.site.enrol(laptop.vault, MachineRole.WARD_LAPTOP, wards=("W1",))
    for machine in (publisher, laptop):
        note_machine_state(machine.vault, SETTINGS, ())
        leave(machine, place)
    assert not laptop.home.heartbeats_folder.exists()
    assert [row.machine.code for row in list_fleet(laptop.home, SETTINGS, lambda: NOW)] == ["WD"]
    leave(publisher, place)
    assert len(list_fleet(publisher.home, SETTINGS, lambda: NOW)) == 2
    laptop.site.revoke("WD")
    assert [row.machine.code for row in list_fleet(publisher.home, SETTINGS, lambda: NOW)] == ["PB"]


def test_the_stale_one_stands_first_then_the_silent_one(publisher, laptop, place):
    load(publisher, publisher)
    load(publisher, laptop)
    for machine in (publisher, laptop):
        note_machine_state(machine.vault, SETTINGS, ())
    leave(laptop, place)
    leave(publisher, place)
    later = NOW + timedelta(hours=3)
    load(publisher, publisher, 2, systems={"PAS": "2026-11-02T17:29:00Z"})
    publisher.now = later
    note_machine_state(publisher.vault, SETTINGS, ())
    rows = list_fleet(publisher.home, SETTINGS, lambda: later)
    assert [(r.machine.code, r.health.level) for r in rows] == [("WD", "silent"), ("PB", "well")]
    assert rows[0].health.reasons == ("Not heard from for 3 h 00 min",)
    rows = list_fleet(publisher.home, SETTINGS, lambda: NOW + timedelta(hours=5))
    assert (rows[0].machine.code, rows[0].health.level) == ("WD", "stale")
    assert "PAS 5 h 05 min old" in rows[0].health.reasons


def test_a_locked_laptop_says_loudly_that_it_is_stale_unless_the_system_is_down(publisher, laptop):
    load(publisher, laptop)
    note_machine_state(laptop.vault, SETTINGS, ())
    later = lambda: NOW + timedelta(hours=5)  # noqa: E731
    assert list_locked_alarms(laptop.home, SETTINGS, lambda: NOW) == []
    (alarm,) = list_locked_alarms(laptop.home, SETTINGS, later)
    assert alarm.startswith("STALE: the hospital data on this laptop is of")
    assert "PAS 5 h 05 min old" in alarm
    note_machine_state(laptop.vault, SETTINGS, ("PAS",))
    assert list_locked_alarms(laptop.home, SETTINGS, later) == []


def test_a_clock_that_was_set_back_makes_nothing_look_new(publisher, laptop):
    load(publisher, laptop)
    laptop.now = NOW + timedelta(hours=5)
    note_machine_state(laptop.vault, SETTINGS, ())
    clock, stale = list_locked_alarms(laptop.home, SETTINGS, lambda: NOW - timedelta(days=1))
    assert "clock shows" in clock
    assert "STALE" in stale


def test_a_publisher_asks_about_what_laptops_have_declared_down(publisher, laptop, place):
    def hear(down=(), now=NOW):
        note_machine_state(laptop.vault, SETTINGS, down)
        laptop.now = now
        leave(laptop, place)
        collect_heartbeats(publisher.home, SETTINGS, place, now)
        note_declared(publisher.home, SETTINGS, now)

    laptop.site.enrol(laptop.vault, MachineRole.WARD_LAPTOP)
    hear(("LIMS",))
    (alarm,) = list_alarms(publisher.home, ())
    assert alarm.startswith("LIMS is declared down on WD and not on this publisher")
    assert "downtime outage declare LIMS" in alarm
    assert list(list_alarms(publisher.home, ("LIMS",))) == []
    assert list(list_alarms(laptop.home, ())) == []
    note_declared(publisher.home, SETTINGS, NOW + timedelta(hours=3))
    assert list(list_alarms(publisher.home, ())) == []  # silent since: nobody knows any more
    hear(("LIMS",), NOW + timedelta(hours=3))
    assert list(list_alarms(publisher.home, ()))
    hear((), NOW + timedelta(hours=4))
    assert list(list_alarms(publisher.home, ())) == []
