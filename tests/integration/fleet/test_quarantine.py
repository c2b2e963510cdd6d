"""A snapshot that changed implausibly waits for a person, at the publisher and on each laptop."""

import os
from array import array
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from downtime.clock import to_text
from downtime.errors import ConflictError, InputError
from downtime.fleet.decide_quarantine import reject_snapshot, release_snapshot
from downtime.fleet.footprint_history import make_row, remember_snapshot
from downtime.fleet.machine_state import read_machine_state
from downtime.fleet.publish_snapshot import publish_snapshot
from downtime.fleet.quarantine_model import Door, QuarantineState
from downtime.fleet.quarantine_snapshot import describe_difference, list_entries, list_open
from downtime.fleet.receive_snapshot import receive_snapshot
from downtime.fleet.store import footprints, quarantine_entries
from downtime.fleet_settings import ChurnSettings
from downtime.settings import Settings
from downtime.snapshot import local_snapshots
from downtime.snapshot.footprint import Footprint, RecordGroup
from downtime.vault import audit, device, schema
from downtime.vault.database import open_with_key, transaction
from downtime.vault.store import audit_chain
from downtime.vault.vault import Vault
from tests.conftest import NOW

SIZE = 12
SETTINGS = Settings()


class Clock:
    """A clock that a test moves on."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        self.now += timedelta(minutes=5)
        return self.now


def message(number, event="A01", ward="W1", family="Eze"):
    minute = f"2026110210{number % 60:02}00"
    ended = "|20261102120000" if event == "A03" else ""
    return (
        f"MSH|^~\\&|PAS|DEMO|||{minute}||ADT^{event}|{event}{number}{family}|P|2.4\r"
        f"EVN|{event}|{minute}\r"
        f"PID|1||H{number}^^^DEMO^MR||{family}{number}^Ada||19600102|F\r"
        f"PV1|1|I|{ward}^A^{number}||||||||||||||||V{number}|||||||||||||||||||||||||{minute}{ended}\r"
    )


@pytest.fixture
def me(home):
    """A machine that publishes to itself."""
    clock, key = Clock(), os.urandom(32)
    device.create_device(home, key, "K7", "publisher")
    vault = Vault(home, key, clock)
    schema.create_schema(vault.db, clock)
    yield vault
    vault.close()


@pytest.fixture
def share(tmp_path):
    return tmp_path / "share"


@pytest.fixture
def publish(me, actor, tmp_path, share):
    def from_messages(*messages, **keywords):
        feeds = []
        if messages:
            feeds = [tmp_path / f"{len(list(tmp_path.glob('*.hl7')))}.hl7"]
            feeds[0].write_text("".join(messages), encoding="utf-8")
        return publish_snapshot(me, SETTINGS, feeds, share, actor, "test", **keywords)

    return from_messages


@pytest.fixture
def lose_state(me):
    """The publisher forgets all that feeds have ever sent."""

    def lose():
        for part in ("", "-wal", "-shm"):
            (me.home.path / f"{me.home.state_file.name}{part}").unlink(missing_ok=True)
        for day in me.home.ingest_folder.iterdir():
            day.unlink()

    return lose


ADMITTED = [message(n) for n in range(SIZE)]


def test_a_deleted_state_is_not_published_and_the_last_good_one_stays(
    publish, lose_state, share, me
):
    good = publish(*ADMITTED)
    lose_state()
    bad = publish(message(1))
    assert good.bundle
    assert bad.bundle is None
    assert [p.name for p in share.glob("*.downtime")] == [good.bundle.name]
    (entry,) = list_open(me)
    assert (entry.door, entry.snapshot, entry.compared_with) == (
        Door.PUBLISHER, bad.header.id, good.header.id,
    )  # fmt: skip
    assert entry.sentences[0] == "11 of the 12 patients in hospital are gone."


def test_a_publisher_whose_clock_is_a_month_ahead_lets_nobody_go_for_that(publish, me):
    publish(*ADMITTED)
    me.clock.now += timedelta(days=30)
    bad = publish(*[message(n, "A03") for n in range(1, SIZE)])
    assert bad.bundle is None
    assert "11 of the 12 patients in hospital are gone." in bad.quarantine.sentences


def test_what_would_vanish_is_shown_by_ward_with_names(publish, lose_state, me):
    publish(*ADMITTED)
    lose_state()
    publish(message(1))
    (entry,) = list_open(me)
    (ward,) = describe_difference(me, entry).wards
    assert (ward.ward, ward.before, ward.after, len(ward.gone)) == ("W1", 12, 1, 11)
    assert ward.gone[0].name == "EZE0, Ada"


def test_a_named_person_releases_it_and_the_next_build_says_so(publish, lose_state, me, actor):
    publish(*ADMITTED)
    lose_state()
    publish(message(1))
    (entry,) = list_open(me)
    with pytest.raises(InputError):
        release_snapshot(me, SETTINGS, entry.number, actor, " ")
    released = release_snapshot(me, SETTINGS, entry.number, actor, "The ward is closed")
    assert released.entry.state is QuarantineState.RELEASED
    built = publish()
    assert built.bundle
    (said,) = built.header.released
    assert (said["name"], said["reason"]) == ("Amina Ward", "The ward is closed")
    with pytest.raises(ConflictError):
        reject_snapshot(me, entry.number, actor, "too late")


def test_what_was_released_is_published_although_its_newest_message_is_weeks_old(
    publish, lose_state, me, actor
):
    """It is dated by what systems sent, and still after the one before it: else that one came back."""
    good = publish(*ADMITTED)
    lose_state()
    built = publish(message(1).replace("20261102", "20261010"))
    (entry,) = list_open(me)
    assert good.header.created < entry.created <= built.header.created
    release_snapshot(me, SETTINGS, entry.number, actor, "The ward is closed")
    assert publish().bundle
    assert publish().bundle
    assert list_open(me) == []


def test_what_was_released_under_a_clock_that_was_ahead_is_not_the_measure_for_weeks(
    publish, me, actor
):
    """A release of that time would be later than each one after it, and none would count."""
    publish(*ADMITTED, *[message(n, ward="W2") for n in range(20, 20 + SIZE)])
    me.clock.now += timedelta(days=30)
    for first in (1, 21):
        assert publish(*[message(n, "A03") for n in range(first, first + SIZE - 1)]).bundle is None
        release_snapshot(me, SETTINGS, list_open(me)[0].number, actor, "The ward is closed")
        me.clock.now = NOW + timedelta(hours=first)
        assert publish().bundle


def test_builds_that_change_alike_are_one_entry(publish, lose_state, me):
    publish(*ADMITTED)
    lose_state()
    publish(message(1))
    publish(message(2))
    (entry,) = list_entries(me)
    assert (entry.times, entry.is_open) == (2, True)


@pytest.mark.parametrize("door", list(Door))
def test_a_release_with_a_date_in_the_future_does_not_let_all_later_ones_pass(
    publish, receive, lose_state, me, actor, door
):
    """What a wrong clock wrote into a snapshot would else be its only comparison for years."""
    publish(*ADMITTED)
    receive()
    lose_state()
    publish(message(1))
    if door is Door.LAPTOP:
        release_snapshot(me, SETTINGS, list_open(me)[0].number, actor, "The ward is closed")
        publish()
        receive()
    (entry,) = list_open(me)
    assert entry.door is door
    quarantine_entries.save_entry(
        me.db,
        replace(entry, created="2036-11-02T00:00:00Z"),
        quarantine_entries.get_footprint(me.db, entry.number),
    )
    release_snapshot(me, SETTINGS, entry.number, actor, "The ward is closed")
    rows = footprints.select_footprints(me.db, door, "")
    assert rows[-1].released
    assert rows[-1].created <= me.now()


def test_what_comes_back_by_itself_overtakes_the_entry(publish, lose_state, me):
    publish(*ADMITTED)
    lose_state()
    publish(message(1))
    assert publish(*ADMITTED).bundle
    assert [entry.state for entry in list_entries(me)] == [QuarantineState.OVERTAKEN]


def test_rejected_at_the_publisher_the_same_is_asked_again(publish, lose_state, me, actor):
    publish(*ADMITTED)
    lose_state()
    publish(message(1))
    reject_snapshot(me, list_open(me)[0].number, actor, "The state was lost")
    assert publish().bundle is None
    assert [entry.state for entry in list_entries(me)] == [
        QuarantineState.OPEN, QuarantineState.REJECTED,
    ]  # fmt: skip


def test_every_change_is_in_the_audit(publish, lose_state, me, actor):
    publish(*ADMITTED)
    lose_state()
    publish(message(1))
    release_snapshot(me, SETTINGS, list_open(me)[0].number, actor, "The ward is closed")
    noted = {entry[4]: entry[6] for entry in audit_chain.read_chain(me.db)}
    assert "are gone" in noted["snapshot.quarantine"]
    assert "EZE" not in noted["snapshot.quarantine"]
    assert noted["snapshot.release"] == "The ward is closed"


def test_who_decided_cannot_be_changed_unseen(publish, lose_state, me, actor):
    publish(*ADMITTED)
    lose_state()
    publish(message(1))
    release_snapshot(me, SETTINGS, list_open(me)[0].number, actor, "The ward is closed")
    assert audit.find_content_problems(me.db) == []
    with closing(open_with_key(me.home.vault_file, me.derive_key("vault"))) as db:
        db.execute("UPDATE snapshot_quarantine SET decided_by = 'Nobody'")
    assert any("'snapshot_quarantine'" in text for text in audit.find_content_problems(me.db))


# On a laptop


@pytest.fixture
def receive(me, actor, share):
    def from_share(settings=SETTINGS, **keywords):
        return receive_snapshot(me, settings, share, actor, "test", **keywords)

    return from_share


@pytest.fixture
def released(publish, receive, lose_state, me, actor):
    """What was released at the publisher lies in the share; the laptop has the one before."""
    publish(*ADMITTED)
    assert receive().info
    lose_state()
    publish(message(1))
    release_snapshot(me, SETTINGS, list_open(me)[0].number, actor, "The ward is closed")
    return publish()


def test_a_laptop_asks_for_itself_although_the_publisher_released_it(released, receive, me):
    received = receive()
    assert received.info is None
    assert local_snapshots.get_current_id(me) != released.header.id
    entry = received.quarantine
    assert (entry.door, entry.released_by_publisher["name"]) == (Door.LAPTOP, "Amina Ward")
    with local_snapshots.open_current_snapshot(me) as snapshot:
        assert len(snapshot.list_inpatients()) == SIZE  # nothing is blocked


def test_a_locked_laptop_knows_what_it_took_in_and_what_it_kept_back(released, receive, me):
    in_use = local_snapshots.list_snapshots(me)[0].header
    before = read_machine_state(me.home)
    assert (before.sequence, before.quarantine) == (in_use.sequence, 0)
    receive()
    after = read_machine_state(me.home)
    assert (after.sequence, after.quarantine) == (in_use.sequence, 1)


def test_a_bundle_in_quarantine_is_not_opened_at_every_pull(released, receive, me, monkeypatch):
    number = receive().quarantine.number
    monkeypatch.setattr("downtime.fleet.receive_snapshot.open_verified", None)
    assert receive().quarantine.number == number


def test_released_on_the_laptop_it_is_in_use(released, receive, me, actor):
    entry = receive().quarantine
    shown = release_snapshot(me, SETTINGS, entry.number, actor, "Seen on the ward")
    assert shown.info.id == local_snapshots.get_current_id(me) == released.header.id
    assert list_open(me) == []


def test_rejected_on_the_laptop_it_is_never_used(released, receive, me, actor):
    entry = receive().quarantine
    reject_snapshot(me, entry.number, actor, "They are all here")
    again = receive()
    assert (again.info, again.quarantine.state) == (None, QuarantineState.REJECTED)
    assert list_open(me) == []


def test_a_site_may_let_its_laptops_believe_a_release(released, receive):
    settings = replace(SETTINGS, churn=ChurnSettings(believe_publisher_release=True))
    assert receive(settings).info.id == released.header.id


def test_a_laptop_that_never_compared_compares_with_what_is_in_use(released, receive, me):
    me.db.execute("DELETE FROM snapshot_footprint WHERE door = 'laptop'")
    assert receive().quarantine.compared_with == local_snapshots.get_current_id(me)


def test_data_of_a_system_that_is_down_here_is_warned_of(publish, receive):
    publish(*ADMITTED)
    (warning,) = receive(down={"PAS": "2026-11-02T09:00:00Z"}).warnings
    assert warning.startswith("PAS is declared down here")


def test_the_publishers_outage_goes_with_the_snapshot(publish, receive):
    publish(*ADMITTED, down={"PAS": "2026-11-02T09:00:00Z"})
    received = receive(down={"PAS": "2026-11-02T09:00:00Z"})
    assert (received.warnings, received.info.header.held) == ((), {"PAS": "2026-11-02T09:00:00Z"})


# What is remembered


def test_days_of_snapshots_take_little(vault):
    footprint = Footprint({RecordGroup("PAS", "Patient"): 1}, {}, array("Q", [1]), ())
    for hours in range(0, 12 * 24, 3):
        created = to_text(NOW + timedelta(hours=hours))
        changed = replace(footprint, people=array("Q", [hours]))
        with transaction(vault.db) as db:
            row = make_row(f"s{hours}", created, changed)
            remember_snapshot(db, Door.PUBLISHER, "", row, SETTINGS.churn)
    rows = footprints.select_footprints(vault.db, Door.PUBLISHER, "")
    assert len(rows) <= 8 * 8 + 2
    assert [row.has_people for row in rows[-1:]] == [True]
    assert sum(row.has_people for row in rows) <= 6


def test_what_looks_the_same_is_kept_once_an_hour(vault):
    footprint = Footprint({RecordGroup("PAS", "Patient"): 1}, {}, array("Q", [1]), ())
    for minutes in range(0, 180, 5):
        with transaction(vault.db) as db:
            row = make_row(f"s{minutes}", to_text(NOW + timedelta(minutes=minutes)), footprint)
            remember_snapshot(db, Door.PUBLISHER, "", row, SETTINGS.churn)
    rows = footprints.select_footprints(vault.db, Door.PUBLISHER, "")
    assert rows[-1].snapshot == "s175"
    assert len(rows) <= 6
