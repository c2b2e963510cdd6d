"""The state follows the ledger: everything once, through cuts, days that leave, and a replay."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from downtime.errors import ConflictError, InputError, UntrustedError
from downtime.feeds.model import Outcome
from downtime.fleet.publish_snapshot import publish_snapshot
from downtime.fleet.quarantine_model import Door
from downtime.fleet.quarantine_snapshot import find_release
from downtime.fleet.receive_snapshot import receive_snapshot
from downtime.fleet_settings import ChurnSettings
from downtime.ingest.find_messages import find_messages, get_entry
from downtime.ingest.ledger import Ledger
from downtime.ingest.list_quality import list_quality
from downtime.ingest.model import MessageFilter
from downtime.ingest.release_list import release_list
from downtime.settings import FeedsSettings, IngestSettings, Settings
from downtime.snapshot import update_state
from downtime.snapshot.local_snapshots import open_current_snapshot
from downtime.snapshot.preview_release import count_wards, preview_release
from downtime.snapshot.replay_ledger import preview_replay, replay_ledger
from downtime.snapshot.state_files import hold_build, open_state
from downtime.snapshot.store import publisher_state
from downtime.vault import device, schema
from downtime.vault.key_rotation import list_databases
from downtime.vault.vault import Vault
from tests.integration import fork_server

from .received import MovingClock, admission, hl7, record, table

KILL_ROUNDS = int(os.environ.get("KILL_ROUNDS", "1"))
"""KILL_ROUNDS=100 is for a night."""
BUILDER = Path(__file__).with_name("killed_builder.py")
WARD_LIST = {
    "match": "ward*",
    "record": "Encounter",
    "full": True,
    "source": "PAS",
    "constants": {"status": "in-progress", "kind": "inpatient"},
    "columns": {
        "Ward": "ward",
        "Bed": "bed",
        "MRN": "patient.mrn",
        "Surname": "patient.family",
        "Visit": "visit_number",
    },
}
SMALL = ChurnSettings(ward_min_patients=100)
"""Lists alone are looked at here. Who releases a list has looked at that list alone: the snapshot in
which its ward of eight is empty is asked about as well (`tests/unit/fleet/test_churn.py`)."""
WARDS = Settings(feeds=FeedsSettings(tables={"ward": WARD_LIST}), churn=SMALL)
HEADER = "Ward,Bed,MRN,Surname,Visit\n"
FULL = HEADER + "".join(f"W1,{n},H{n},Quill,V{n}\n" for n in range(1, 9))
DAMAGED = HEADER + "W1,1,H1,Quill,V1\n"
AT_EIGHT, AT_NINE = "2026-11-02T08:00:00Z", "2026-11-02T09:00:00Z"
MENDED = Settings(
    feeds=FeedsSettings(profiles={"pas": {"mrn_types": ["HID"], "mrn_authorities": ["OLDPAS"]}})
)


@pytest.fixture
def clock():
    return MovingClock()


@pytest.fixture
def key():
    return os.urandom(32)


@pytest.fixture
def publisher(home, clock, key):
    device.create_device(home, key, "K7", "publisher")
    vault = Vault(home, key, clock)
    schema.create_schema(vault.db, clock)
    yield vault
    vault.close()


@pytest.fixture
def hospital(publisher, actor, tmp_path):
    return Publisher(publisher, actor, tmp_path / "share")


class Publisher:
    """Receives, builds, and says who lies where on the ward's screen."""

    def __init__(self, vault, actor, share):
        self.vault, self.actor, self.share = vault, actor, share

    def receive(self, *raws, settings=Settings()):  # noqa: B008 - settings are frozen
        with Ledger(self.vault, settings) as ledger:
            return record(ledger, *raws)

    def build(self, *paths, settings=Settings()):  # noqa: B008
        return publish_snapshot(self.vault, settings, paths, self.share, self.actor)

    def beds(self, **how):
        """Hospital number to ward and bed, in a snapshot of what the ledger has."""
        built = self.build(**how)
        receive_snapshot(self.vault, Settings(churn=SMALL), built.bundle, self.actor)
        with open_current_snapshot(self.vault) as snapshot:
            return {
                row.patient.mrn or row.patient.identifiers[0]: (
                    row.encounter.ward,
                    row.encounter.bed,
                )
                for ward in {"", *built.header.wards}
                for row in snapshot.list_inpatients(ward)
            }

    def ids(self):
        with open_current_snapshot(self.vault) as snapshot:
            return {row.patient.id for row in snapshot.list_inpatients("W1")}

    def audit(self):
        rows = self.vault.db.query("SELECT action, why FROM audit ORDER BY seq")
        return [(row["action"], row["why"]) for row in rows]

    def outcome(self, arrival):
        with Ledger(self.vault, Settings()) as ledger:
            return get_entry(ledger, arrival).outcome


def test_a_build_without_files_is_what_listeners_received(hospital):
    hospital.receive(hl7(admission(1)), hl7(admission(2)))
    assert set(hospital.beds()) == {"H1", "H2"}
    hospital.receive(hl7(admission(2, ward="W9", at="20261102143000")))
    assert hospital.beds()["H2"][0] == "W9"
    assert hospital.build().messages == 0


def test_what_comes_while_files_are_read_stands_in_its_place(hospital, tmp_path, monkeypatch):
    path = tmp_path / "adt.hl7"
    path.write_bytes(b"".join(admission(number) for number in range(1, 1_300)))
    batches = update_state.record_batches
    same_minute = "202611021410"

    def interrupted(ledger, *what):
        for number, batch in enumerate(batches(ledger, *what)):
            yield batch
            if number == 0:
                hospital.receive(
                    hl7(admission(5_000)), hl7(admission(5, ward="W7", at=same_minute))
                )

    monkeypatch.setattr(update_state, "record_batches", interrupted)
    built = hospital.build(path)
    assert (built.messages, built.intake.repeated) == (1_301, 0)
    monkeypatch.undo()
    beds = hospital.beds()
    assert len(beds) == 1_300
    assert "H5000" in beds
    assert hospital.build().messages == 0


@pytest.mark.parametrize("turn", range(KILL_ROUNDS))
def test_a_build_that_is_killed_loses_nothing_and_applies_nothing_twice(
    hospital, key, tmp_path, turn
):
    path = tmp_path / "adt.hl7"
    path.write_bytes(b"".join(admission(number) for number in range(1, 1_600)))
    killed_at = (turn + 1) / (KILL_ROUNDS + 1)
    command = [sys.executable, str(BUILDER), str(hospital.vault.home.path), key.hex(), str(path)]
    ended = fork_server.run([*command, str(killed_at)])
    assert ended.returncode == -signal.SIGKILL
    hospital.receive(hl7(admission(5_000)))
    hospital.build(path)
    with Ledger(hospital.vault, Settings()) as ledger:
        entries = find_messages(ledger, MessageFilter(), 10_000)
    assert len({entry.control_id or entry.number for entry in entries}) == len(entries) == 1_600
    assert len(hospital.beds()) == 1_600


def test_what_cannot_be_used_is_named_by_one_build_and_not_counted_as_used(hospital):
    unused = admission(2).replace(b"ADT^A01", b"ZZZ^Z01")
    hospital.receive(hl7(admission(1)), hl7(unused), hl7(b"MSH|^~\\&|PAS|DEMO||"))
    first, second = hospital.build(), hospital.build()
    assert (first.messages, first.accepted, len(first.rejected)) == (3, 1, 1)
    assert (second.messages, second.rejected) == (0, [])
    replay_ledger(hospital.vault, Settings(), hospital.actor, "why")
    assert hospital.build().rejected == []


def test_a_damaged_day_is_named_and_once_it_is_moved_building_goes_on(hospital, tmp_path):
    hospital.receive(*(hl7(admission(number)) for number in range(1, 400)))
    beds = hospital.beds()
    (day,) = (path for path in hospital.vault.home.ingest_folder.glob("*.db"))
    content = bytearray(day.read_bytes())
    content[8_192:] = os.urandom(len(content) - 8_192)
    for path in day.parent.glob("*.db*"):
        path.unlink()
    day.write_bytes(content)
    for attempt in (
        lambda: preview_replay(hospital.vault, Settings()),
        lambda: hospital.receive(hl7(admission(900))),
    ):
        with pytest.raises(UntrustedError, match=f"{day.name} is damaged"):
            attempt()
    day.rename(tmp_path / "aside")
    assert hospital.beds() == beds
    hospital.receive(hl7(admission(900)))
    assert set(hospital.beds()) == {*beds, "H900"}


def test_a_replay_refuses_to_forget_what_a_lost_day_said(hospital, clock):
    hospital.receive(hl7(admission(1)))
    clock.move(days=1)
    hospital.receive(hl7(admission(2, at="20261103080000")))
    beds = hospital.beds()
    first, *_ = sorted(hospital.vault.home.ingest_folder.glob("*.db"))
    first.unlink()
    with pytest.raises(ConflictError, match="lost messages 1 to 1"):
        preview_replay(hospital.vault, Settings())
    with pytest.raises(ConflictError, match="lost"):
        replay_ledger(hospital.vault, Settings(), hospital.actor, "oops")
    for path in hospital.vault.home.ingest_folder.glob("*.db*"):
        path.unlink()
    assert hospital.beds() == beds
    with pytest.raises(ConflictError, match="lost messages 1 to 2"):
        replay_ledger(hospital.vault, Settings(), hospital.actor, "oops")


def test_while_the_clock_is_put_back_what_comes_is_still_news(hospital, clock):
    hospital.receive(hl7(admission(1)), hl7(admission(2)))
    hospital.build()
    clock.move(days=-2)
    hospital.receive(hl7(admission(2, ward="W7", at="20261102143000")))
    hospital.build()
    clock.move(days=2)
    assert hospital.beds()["H2"][0] == "W7"


def test_two_builds_at_once_take_turns(hospital, monkeypatch):
    monkeypatch.setattr("downtime.snapshot.state_files.BUILD_WAIT_SECONDS", 0.05)
    with hold_build(hospital.vault.home), pytest.raises(ConflictError, match="running"):
        hospital.build()


def test_a_day_that_leaves_stays_in_the_state_and_in_every_replay(hospital, clock):
    short = Settings(ingest=IngestSettings(retention_days=3))
    hospital.receive(hl7(admission(1)), hl7(admission(2)))
    assert set(hospital.beds(settings=short)) == {"H1", "H2"}
    clock.move(days=2)
    hospital.receive(hl7(admission(3)))
    hospital.build(settings=short)
    clock.move(days=3)
    before = hospital.beds(settings=short)
    with Ledger(hospital.vault, short) as ledger:
        assert [entry.arrival for entry in find_messages(ledger, MessageFilter())] == [3]
    assert set(before) == {"H1", "H2", "H3"}
    clock.move(days=30)
    hospital.build(settings=short)
    with Ledger(hospital.vault, short) as ledger:
        assert find_messages(ledger, MessageFilter()) == []
    replay_ledger(hospital.vault, short, hospital.actor, "profile")
    assert hospital.beds(settings=short) == before
    assert hospital.receive(hl7(admission(4))) == [4]


def test_a_clock_that_jumps_ahead_empties_no_ledger(hospital, clock):
    hospital.receive(hl7(admission(1)))
    hospital.build()
    clock.move(days=40)
    hospital.build()
    with Ledger(hospital.vault, Settings()) as ledger:
        assert [entry.arrival for entry in find_messages(ledger, MessageFilter())] == [1]


def test_a_state_that_was_lost_is_made_again_with_what_has_left_the_ledger(hospital, clock):
    short = Settings(ingest=IngestSettings(retention_days=3))
    hospital.receive(hl7(admission(1)))
    hospital.build(settings=short)
    clock.move(days=5)
    hospital.receive(hl7(admission(2, at="20261107080000")))
    before = hospital.beds(settings=short), hospital.ids()
    hospital.vault.home.state_file.unlink()
    assert (hospital.beds(settings=short), hospital.ids()) == before
    assert set(before[0]) == {"H1", "H2"}


def test_a_replay_gives_what_the_right_profile_would_have_given(hospital, clock):
    hospital.receive(
        hl7(admission(1, number_of="OLDPAS^HID")),
        hl7(admission(2, number_of="OLDPAS^HID")),
        hl7(admission(3)),
    )
    assert "H1" not in hospital.beds()
    preview = preview_replay(hospital.vault, MENDED)
    assert {patient.mrn for patient in preview.patients} - {""} == {"H1", "H2"}
    assert "H1" not in hospital.beds()
    with pytest.raises(InputError, match="reason"):
        replay_ledger(hospital.vault, MENDED, hospital.actor, " ")
    report = replay_ledger(hospital.vault, MENDED, hospital.actor, "OLDPAS is ours")
    assert report.records == preview.records
    assert set(hospital.beds(settings=MENDED)) == {"H1", "H2", "H3"}
    again = preview_replay(hospital.vault, MENDED)
    assert (again.records, again.patients) == ({}, [])
    assert ("ingest.replay", "OLDPAS is ours") in hospital.audit()


def test_a_clock_that_ran_ahead_is_not_believed_later_either(hospital, clock):
    ahead = admission(1, ward="WRONG", at="20261105080000")
    hospital.receive(hl7(ahead), hl7(admission(2)))
    assert hospital.build().header.quality["PAS"] == {"time-in-future": 2}
    clock.move(days=1)
    hospital.receive(hl7(ahead), hl7(admission(1, ward="W2", at="20261103142000")))
    before = hospital.beds()
    assert before["H1"][0] == "W2"
    clock.move(days=7)
    report = replay_ledger(hospital.vault, Settings(), hospital.actor, "why")
    assert (report.records, report.outcomes) == ({}, {})
    assert hospital.beds() == before
    assert hospital.build().header.quality["PAS"] == {"time-in-future": 2}
    with Ledger(hospital.vault, Settings()) as ledger:
        assert [row[1:] for row in list_quality(ledger)] == [("PAS", "time-in-future", 2)]
    clock.move(days=2)
    assert "PAS" not in hospital.build().header.quality  # it is long past


@pytest.mark.parametrize("sent", ["20261105080000", "yesterday"])
@pytest.mark.parametrize("builds", ["one build", "a build for each message"])
def test_what_no_time_can_be_believed_of_counts_with_what_came_before_it(hospital, builds, sent):
    unknown = admission(1, ward="W2", at="20261102100000").replace(b"20261102100000", sent.encode())
    later = admission(1, ward="W3", at="20261102110000")
    for message, ward in (
        (admission(1, at="20261102090000"), "W1"),
        (unknown, "W2"),
        (later, "W3"),
    ):
        hospital.receive(hl7(message))
        if builds != "one build":
            assert hospital.beds()["H1"][0] == ward
    assert hospital.beds()["H1"][0] == "W3"
    replay_ledger(hospital.vault, Settings(), hospital.actor, "why")
    assert hospital.beds()["H1"][0] == "W3"


def test_a_replay_reads_a_table_that_had_no_mapping(hospital):
    hospital.receive(hl7(admission(1)), table(FULL, modified=AT_EIGHT), hl7(admission(2)))
    assert set(hospital.beds()) == {"H1", "H2"}
    report = replay_ledger(hospital.vault, WARDS, hospital.actor, "mapped")
    assert report.outcomes == {(Outcome.REJECTED, Outcome.USED): 1}
    assert len(hospital.beds(settings=WARDS)) == 8
    with Ledger(hospital.vault, WARDS) as ledger:
        entries = find_messages(ledger, MessageFilter())
        (found,) = find_messages(ledger, MessageFilter(kind="table"))
        assert [entry.outcome for entry in entries] == [Outcome.USED] * 3
        assert get_entry(ledger, found.arrival).name == "ward-list.csv"


def test_nothing_of_a_replay_that_fails_is_left(hospital, monkeypatch):
    hospital.receive(hl7(admission(1)))
    before = hospital.beds()
    files = set(os.listdir(hospital.vault.home.path))

    def fail(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("downtime.snapshot.replay_ledger.put_in_place", fail)
        with pytest.raises(OSError, match="space"):
            replay_ledger(hospital.vault, Settings(), hospital.actor, "why")
    assert set(os.listdir(hospital.vault.home.path)) == files
    assert "ingest.replay" not in dict(hospital.audit())
    assert hospital.beds() == before


def test_a_list_lies_in_quarantine_until_a_person_releases_it(hospital):
    hospital.receive(table(FULL, modified=AT_EIGHT), settings=WARDS)
    assert len(hospital.beds(settings=WARDS)) == 8
    (arrival, *_) = hospital.receive(table(DAMAGED, modified=AT_NINE), settings=WARDS)
    built = hospital.build(settings=WARDS)
    assert list(built.intake.quarantined) == [arrival]
    assert built.header.quality["PAS"]["list-implausible"] == 1
    assert built.accepted == 0
    assert hospital.outcome(arrival) is Outcome.QUARANTINED
    assert len(hospital.beds(settings=WARDS)) == 8
    replay_ledger(hospital.vault, WARDS, hospital.actor, "still in quarantine")
    assert len(hospital.beds(settings=WARDS)) == 8
    with Ledger(hospital.vault, WARDS) as ledger:
        preview = preview_release(hospital.vault, ledger, arrival)
        assert count_wards(preview.leaving) == {"W1": 7}
        assert preview.leaving[0].who == "Quill H2"
        assert preview.coming == ()
        with pytest.raises(InputError, match="reason"):
            release_list(hospital.vault, ledger, arrival, hospital.actor, "")
        released = release_list(hospital.vault, ledger, arrival, hospital.actor, "ward moved")
        with pytest.raises(ConflictError, match="quarantine"):
            release_list(hospital.vault, ledger, arrival, hospital.actor, "again")
        assert get_entry(ledger, arrival).released_as == released
    assert set(hospital.beds(settings=WARDS)) == {"H1"}
    header = hospital.build(settings=WARDS).header
    (release,) = header.released  # every bundle says so, on the publisher's word
    assert (release["snapshot"], release["reason"]) == ("", "ward moved")
    assert (
        find_release(hospital.vault, Door.LAPTOP, header) == {}
    )  # of that list, not of this snapshot
    whole = {**release, "snapshot": header.id, "time": "2026-11-02T18:00:00Z"}
    released = replace(header, released=(*header.released, whole))
    assert find_release(hospital.vault, Door.LAPTOP, released) == whole
    replay_ledger(hospital.vault, WARDS, hospital.actor, "released stays released")
    assert set(hospital.beds(settings=WARDS)) == {"H1"}


def test_rows_that_share_a_number_are_each_kept_by_builds_and_replays_alike(hospital):
    shared = HEADER + "W1,1,H1,Quill,V1\nW1,2,H1,Quill,V1\nW2,1,H2,Reed,V1\nW2,1,H2,Reed,V1\n"
    hospital.receive(table(shared, modified=AT_EIGHT), settings=WARDS)
    built = hospital.build(settings=WARDS)
    assert built.header.counts["Encounter"] == 3
    assert built.header.quality["PAS"]["number-reused"] >= 1
    with Ledger(hospital.vault, WARDS) as ledger:
        (row,) = (row for row in list_quality(ledger) if row.kind == "number-reused")
        assert (row.source, row.times) == ("PAS", 1)
    for turn in range(2):
        report = replay_ledger(hospital.vault, WARDS, hospital.actor, f"turn {turn}")
        assert (report.records, report.outcomes) == ({}, {})
    (again,) = hospital.receive(table(shared, modified=AT_NINE), settings=WARDS)
    assert hospital.build(settings=WARDS).header.counts["Encounter"] == 3
    assert hospital.outcome(again) is Outcome.USED


def test_a_cut_between_state_and_ledger_forgets_no_quarantine(hospital, monkeypatch):
    hospital.receive(table(FULL, modified=AT_EIGHT), settings=WARDS)
    hospital.build(settings=WARDS)
    (arrival, *_) = hospital.receive(table(DAMAGED, modified=AT_NINE), settings=WARDS)

    def cut(_ledger, reasons):
        if reasons:
            raise KeyboardInterrupt

    with monkeypatch.context() as power:
        power.setattr(update_state, "mark_quarantined", cut)
        with pytest.raises(KeyboardInterrupt):
            hospital.build(settings=WARDS)
    assert hospital.outcome(arrival) is Outcome.USED
    hospital.build(settings=WARDS)
    assert hospital.outcome(arrival) is Outcome.QUARANTINED


def test_the_keys_of_ledger_and_base_are_renewed_with_the_home(hospital, clock):
    hospital.receive(hl7(admission(1)))
    hospital.build()
    clock.move(days=60)
    hospital.build(settings=Settings(ingest=IngestSettings(retention_days=3)))
    names = {path.name for path, _ in list_databases(hospital.vault.home)}
    assert {"state.db", "base.db", "2027-01-01.db"} <= names


def test_a_state_from_before_the_ledger_is_the_base_of_every_replay(hospital):
    hospital.receive(hl7(admission(1)))
    hospital.build()
    for path in hospital.vault.home.ingest_folder.iterdir():
        path.unlink()
    with_state_only(hospital)
    hospital.receive(hl7(admission(2)))
    hospital.build()
    replay_ledger(hospital.vault, Settings(), hospital.actor, "why")
    assert set(hospital.beds()) == {"H1", "H2"}


def with_state_only(hospital):
    """As the program left it before there was a ledger: a state that knows no arrival number."""
    with open_state(hospital.vault, hospital.vault.home.state_file) as db:
        publisher_state.save_applied_arrival(db, 0)
