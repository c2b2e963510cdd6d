"""Taking a slot away renews the data key: everything is re-encrypted, and a cut anywhere is mended."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading

import pytest

from downtime.config import Home
from downtime.errors import LockedError
from downtime.vault import device, key_rotation, keys
from downtime.vault.database import connect
from downtime.vault.slots import derive_key
from downtime.vault.vault import Vault
from tests.integration.fork_server import Process

from .conftest import SECRETS


@pytest.fixture
def filled(keyed, actor):
    """With a state database and two snapshots, one of them a read-only one without a log."""
    with keyed.change(actor, "note.add", target="n-1"):
        pass
    for path, purpose in (
        (keyed.home.state_file, "state"),
        (keyed.home.snapshots_folder / "s1.db", "snapshot:s1"),
        (keyed.home.snapshots_folder / "s2.db", "snapshot:s2"),
    ):
        db = keyed.open_database(path, purpose)
        db.execute("CREATE TABLE note (text TEXT)")
        db.conn.executemany("INSERT INTO note VALUES (?)", [(f"{purpose} {n}",) for n in range(9)])
        if purpose == "snapshot:s2":
            db.execute("PRAGMA journal_mode = DELETE")
        db.close()
    return keyed


def opened_by(home: Home, data_key: bytes) -> list[str]:
    """The databases that a data key opens, and whose content is there."""
    found = []
    for path, purpose in key_rotation.list_databases(home):
        try:
            db = connect(path, derive_key(data_key, purpose), read_only=True)
        except LockedError:
            continue
        table = "audit" if purpose == "vault" else "note"
        assert db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] in (1, 9)
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        found.append(purpose)
        db.close()
    return found


ALL = ["vault", "state", "snapshot:s1", "snapshot:s2"]


def test_all_is_re_encrypted_and_who_left_stays_out(filled, home, actor):
    before = filled.data_key
    following = keys.remove_slot(home, before, "bob")
    with pytest.raises(LockedError):
        keys.open_slot(home, "bob", SECRETS["bob"])
    assert keys.renew_data_key(filled, following)
    assert filled.data_key == following == keys.open_slot(home, "ann", SECRETS["ann"])
    assert opened_by(home, following) == ALL
    assert opened_by(home, before) == []
    assert keys.load_slot_file(home).next is None
    with filled.change(actor, "note.add", target="n-2"):
        pass
    assert filled.db["audit"].count == 2


def test_the_device_keeps_its_identity(filled, home):
    before = device.load_device(filled)
    keys.renew_data_key(filled, keys.remove_slot(home, filled.data_key, "bob"))
    after = device.load_device(filled)
    assert after.card == before.card
    assert str(after.age_identity) == str(before.age_identity)
    assert after.sign(b"x") == before.sign(b"x")


def test_the_journal_of_each_database_is_as_before(filled, home):
    keys.renew_data_key(filled, keys.remove_slot(home, filled.data_key, "bob"))
    modes = {}
    for path, purpose in key_rotation.list_databases(home):
        db = connect(path, filled.derive_key(purpose), read_only=True)
        modes[purpose] = db.execute("PRAGMA journal_mode").fetchone()[0]
        db.close()
    assert modes == {"vault": "wal", "state": "wal", "snapshot:s1": "wal", "snapshot:s2": "delete"}


def test_while_another_program_has_it_open_it_waits_and_the_next_opening_does_it(
    filled, home, clock, actor
):
    other = Vault(home, filled.data_key, clock)
    before = filled.data_key
    with other.change(actor, "note.add"):
        pass
    following = keys.remove_slot(home, before, "bob")
    assert not keys.renew_data_key(filled, following)
    assert filled.data_key == before
    with pytest.raises(LockedError):
        keys.open_slot(home, "bob", SECRETS["bob"])
    assert keys.open_slot(home, "ann", SECRETS["ann"]) == before  # still in use: nothing changed
    filled.close()
    other.close()
    assert keys.open_slot(home, "ann", SECRETS["ann"]) == following
    assert keys.load_slot_file(home).next is None


def test_somebody_added_while_it_waits_opens_it_afterwards(filled, home, clock, settings):
    other = Vault(home, filled.data_key, clock)
    assert other.db["audit"].count == 1
    keys.renew_data_key(filled, keys.remove_slot(home, filled.data_key, "bob"))
    keys.add_slot(home, filled.data_key, "cat", "person", "a third password", settings.accounts)
    filled.close()
    other.close()
    data_key = keys.open_slot(home, "cat", "a third password")
    assert data_key == keys.open_slot(home, "ann", SECRETS["ann"])
    assert keys.load_slot_file(home).next is None


def test_a_thread_that_works_meanwhile_is_not_cut_off(filled, home, actor):
    """Its transaction holds a connection: the renewal waits and the change is there."""
    inside, go_on, results = threading.Event(), threading.Event(), []

    def work():
        with filled.change(actor, "note.add", target="slow"):
            inside.set()
            go_on.wait(10)
        results.append("done")

    thread = threading.Thread(target=work)
    thread.start()
    assert inside.wait(10)
    following = keys.remove_slot(home, filled.data_key, "bob")
    assert not keys.renew_data_key(filled, following)
    go_on.set()
    thread.join()
    assert results == ["done"]
    assert filled.db["audit"].count == 2


@pytest.mark.parametrize("done", range(5))
def test_a_cut_between_two_databases_is_mended_at_the_next_opening(filled, home, monkeypatch, done):
    before = filled.data_key
    following = keys.remove_slot(home, before, "bob")
    count = 0
    real = key_rotation._restore_journal_mode

    def cut(held):
        nonlocal count
        real(held)
        count += 1
        if count > done:
            raise KeyboardInterrupt

    if done < 4:
        monkeypatch.setattr(key_rotation, "_restore_journal_mode", cut)
    else:
        monkeypatch.setattr(keys, "write_atomic", lambda *_: (_ for _ in ()).throw(OSError))
    with pytest.raises((KeyboardInterrupt, OSError)):
        keys.renew_data_key(filled, following)
    monkeypatch.undo()
    assert len(opened_by(home, following)) == min(done + 1, 4)
    assert keys.open_slot(home, "ann", SECRETS["ann"]) == following
    assert opened_by(home, following) == ALL
    device_of = Vault(home, following, filled.clock)
    assert device.load_device(device_of).code == "K7"


def test_a_damaged_snapshot_does_not_keep_anybody_out(filled, home):
    (home.snapshots_folder / "s1.db").write_bytes(os.urandom(8192))
    following = keys.remove_slot(home, filled.data_key, "bob")
    assert keys.renew_data_key(filled, following)
    assert opened_by(home, following) == ["vault", "state", "snapshot:s2"]


KILLED = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from downtime.clock import system_clock
    from downtime.config import Home
    from downtime.vault import keys
    from downtime.vault.vault import Vault
    home = Home(Path(sys.argv[1]))
    vault = Vault(home, bytes.fromhex(sys.argv[2]), system_clock)
    following = keys.remove_slot(home, vault.data_key, "bob")
    print("begun", flush=True)
    keys.renew(vault, following)
    print("done", flush=True)
    """
)


def test_kill_nine_at_any_moment_loses_nothing(filled, home, tmp_path):
    """A real process, really killed, at moments spread over a renewal of some megabytes."""
    db = filled.open_database(home.state_file, "state")
    db.execute("CREATE TABLE bulk (content BLOB)")
    db.conn.executemany("INSERT INTO bulk VALUES (?)", [(os.urandom(4000),) for _ in range(2500)])
    db.close()
    before = filled.data_key
    filled.close()
    killed = 0
    for number in range(8):
        copy = Home(tmp_path / f"copy{number}")
        shutil.copytree(home.path, copy.path)
        command = [sys.executable, "-c", KILLED, str(copy.path), before.hex()]
        with Process(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "begun\n"
            try:
                process.wait(0.005 + number * 0.025)
            except subprocess.TimeoutExpired:
                killed += 1
                process.send_signal(signal.SIGKILL)
        data_key = keys.open_slot(copy, "ann", SECRETS["ann"])
        assert data_key != before
        assert opened_by(copy, data_key) == ALL
        state = connect(copy.state_file, derive_key(data_key, "state"))
        assert state["bulk"].count == 2500
        state.close()
        assert keys.load_slot_file(copy).next is None
    assert killed
