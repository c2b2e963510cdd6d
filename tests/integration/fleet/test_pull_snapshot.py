"""A laptop pulls while nobody is signed in, and has the newest opened as soon as somebody may."""

from datetime import timedelta

import pytest
import sqlcipher3

from downtime.errors import ConflictError, InputError
from downtime.fleet import pull_snapshot as pull_snapshot_module
from downtime.fleet.model import Direction
from downtime.fleet.outbox import put_in_folder
from downtime.fleet.pull_snapshot import Opener, has_waiting, open_waiting, pull_snapshot
from downtime.fleet.run_state import hold_run, read_run_state
from downtime.snapshot import local_snapshots
from downtime.transport.pace import Pace
from downtime.vault.write_access import ReadOnlyError, ReadOnlyReason
from tests.integration.fleet.carrying import PEOPLE, RECORDS, STAYS, make_settings


@pytest.fixture
def settings(tmp_path):
    return make_settings({"a": {"kind": "folder", "path": str(tmp_path / "a")}})


@pytest.fixture
def put(publisher, tmp_path, settings):
    def publish(*bundles):
        put_in_folder(publisher.home, tmp_path / "a", settings, bundles)

    return publish


@pytest.fixture
def opener(laptop, actor):
    return Opener(laptop.vault, actor, {})


def pull(laptop, settings, opener=None, **options):
    return pull_snapshot(laptop.home, settings, lambda: laptop.now, Pace(), opener, **options)


def in_use(laptop) -> tuple[int, int]:
    with local_snapshots.open_current_snapshot(laptop.vault) as snapshot:
        return snapshot.header.sequence, len(list(snapshot.find_patients("hill")))


def test_what_is_pulled_while_locked_waits_and_is_opened_at_the_sign_in(
    publisher, laptop, put, settings, opener
):
    put(publisher.seal(1, laptop))
    state = pull(laptop, settings)
    assert (state.sequence, len(state.waiting), state.fault) == (1, 1, "")
    assert has_waiting(laptop.home)
    assert not local_snapshots.list_snapshots(laptop.vault)
    open_waiting(settings, opener)
    assert in_use(laptop) == (1, 3)
    assert not has_waiting(laptop.home)
    assert list(laptop.home.inbox_folder.iterdir()) == []


def test_with_an_open_vault_it_is_in_use_at_once(publisher, laptop, put, settings, opener):
    put(publisher.seal(1, laptop))
    pull(laptop, settings, opener)
    put(publisher.seal(2, laptop, records=(*PEOPLE[:2], *STAYS[:2])))
    state = pull(laptop, settings, opener)
    assert in_use(laptop) == (2, 2)
    assert state.last_success == state.last_run


def test_a_delta_that_does_not_fit_costs_a_full_one_in_the_same_run(
    publisher, laptop, put, settings, opener
):
    put(publisher.seal(1, laptop))
    pull(laptop, settings, opener)
    wrong = publisher.seal(2, laptop, base=1, records=RECORDS[:1], content="0" * 64)
    put(publisher.seal(2, laptop), wrong)
    state = pull(laptop, settings, opener)
    assert in_use(laptop) == (2, 3)
    assert (state.fault, state.waiting, state.needs_full) == ("", [], False)


def test_a_base_that_an_older_program_has_opened_costs_a_full_one(
    publisher, laptop, put, settings, opener, monkeypatch
):
    put(publisher.seal(1, laptop))
    pull(laptop, settings, opener)
    receive = pull_snapshot_module.receive_snapshot

    def broken(vault, settings, path, *rest, **options):
        if "-after-" in path.name:
            raise sqlcipher3.OperationalError("no such column: added")
        return receive(vault, settings, path, *rest, **options)

    monkeypatch.setattr(pull_snapshot_module, "receive_snapshot", broken)
    put(publisher.seal(2, laptop), publisher.seal(2, laptop, base=1, is_empty=True))
    put(publisher.seal(3, laptop), publisher.seal(3, laptop, base=2))
    assert pull(laptop, settings, opener).fault == ""
    assert in_use(laptop) == (3, 3)


@pytest.mark.parametrize(
    "error",
    [
        sqlcipher3.OperationalError("database or disk is full"),
        ReadOnlyError(ReadOnlyReason.DISK_FULL),
    ],
)
def test_a_full_disk_loses_nothing_of_what_was_fetched(
    publisher, laptop, put, settings, opener, monkeypatch, error
):
    put(publisher.seal(1, laptop))

    def full(*arguments, **options):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(pull_snapshot_module, "receive_snapshot", full)
        state = pull(laptop, settings, opener)
    assert "is full" in state.fault
    assert state.waiting
    assert pull(laptop, settings, opener).fault == ""
    assert in_use(laptop) == (1, 3)


def test_one_that_cannot_be_opened_is_said_and_not_fetched_again_and_again(
    publisher, laptop, put, settings, opener
):
    put(publisher.seal(1, laptop))
    pull(laptop, settings, opener)
    put(publisher.seal(2))  # sealed for the publisher alone
    state = pull(laptop, settings, opener)
    assert "not sealed for this machine" in state.fault
    assert in_use(laptop) == (1, 3)
    laptop.now += timedelta(minutes=5)
    assert pull(laptop, settings, opener).places["a"].requests["bytes_in"] < 1000
    put(publisher.seal(3, laptop))
    assert pull(laptop, settings, opener).fault == ""
    assert in_use(laptop) == (3, 3)


def test_one_that_came_by_another_door_is_not_fetched_again(
    publisher, laptop, put, settings, opener, actor, tmp_path
):
    from downtime.fleet.receive_snapshot import receive_snapshot

    bundle = publisher.seal(1, laptop)
    put(bundle)
    (tmp_path / "by-hand.downtime").write_bytes(bundle.data)
    receive_snapshot(laptop.vault, settings, tmp_path / "by-hand.downtime", actor)
    assert pull(laptop, settings, opener).places["a"].requests["bytes_in"] < 1000


def test_a_place_that_failed_is_left_alone_until_its_time_also_when_the_clock_went_back(
    publisher, laptop, put, settings
):
    first = pull(laptop, settings, every_seconds=300.0).places["a"]
    assert first.failures == 1
    put(publisher.seal(1, laptop))
    assert pull(laptop, settings, every_seconds=300.0).places["a"].failures == 1
    laptop.now -= timedelta(days=365)
    assert pull(laptop, settings, every_seconds=300.0).sequence == 1


def test_who_asks_by_hand_waits_for_no_next_try(publisher, laptop, put, settings):
    assert pull(laptop, settings).places["a"].failures == 1
    put(publisher.seal(1, laptop))
    assert pull(laptop, settings).sequence == 1


def test_two_at_once_do_not_disturb_each_other(laptop, settings, monkeypatch):
    monkeypatch.setattr("downtime.fleet.run_state.LOCK_WAIT_SECONDS", 0.05)
    with hold_run(laptop.home, Direction.PULL), pytest.raises(ConflictError, match="under way"):
        pull(laptop, settings)


def test_a_damaged_state_file_costs_a_full_snapshot_only(publisher, laptop, put, settings, opener):
    put(publisher.seal(1, laptop))
    pull(laptop, settings, opener)
    for content in (b"", b"\x00" * 50, b"[]", b'{"places": 3}'):
        (laptop.home.runs_folder / "pull.json").write_bytes(content)
        assert read_run_state(laptop.home, Direction.PULL).sequence == 0
        assert pull(laptop, settings, opener).fault == ""
    assert in_use(laptop) == (1, 3)


def test_no_place_is_said(laptop):
    with pytest.raises(InputError, match="no place to pull"):
        pull(laptop, make_settings({}))


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"kind": "ftp"}, "kind' in config.toml must be one of folder, smb, sftp, s3"),
        ({"kind": "folder"}, "path' in config.toml is missing"),
        ({"kind": "smb", "path": "x", "host": "h", "user": "u"}, "password_file"),
        ({"kind": "s3", "path": "b", "endpoint": "http://s3.example"}, "has no TLS"),
        ({"kind": "folder", "path": "x", "colour": "red"}, "unknown setting"),
    ],
)
def test_a_mistake_in_a_place_is_named(laptop, table, sentence):
    with pytest.raises(InputError, match="fleet.places.a") as fault:
        pull(laptop, make_settings({"a": table}))
    assert sentence in fault.value.sentence
