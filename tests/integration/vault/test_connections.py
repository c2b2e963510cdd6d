"""Many threads work on one vault, and closing it never pulls a connection from under one of them."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from downtime.errors import LockedError
from downtime.vault import audit
from downtime.vault.database import connect


def open_files(home) -> list[str]:
    links = (f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd"))
    return [os.readlink(p) for p in links if os.path.exists(p) and str(home.path) in os.readlink(p)]


def test_twenty_threads_change_it_and_no_link_breaks(vault, actor):
    def work(number):
        for turn in range(10):
            with vault.change(actor, "note.add", target=f"{number}-{turn}"):
                pass
        return vault.db["audit"].count

    with ThreadPoolExecutor(20) as pool:
        counts = list(pool.map(work, range(20)))
    assert max(counts) == 200
    assert audit.verify_chain(vault.db) == audit.ChainVerification(
        200, audit.verify_chain(vault.db).head, None
    )


def test_a_thread_that_ends_leaves_no_connection_behind(vault, home):
    assert vault.db["audit"].count == 0
    before = len(open_files(home))
    for _ in range(5):
        thread = threading.Thread(target=lambda: vault.db["audit"].count)
        thread.start()
        thread.join()
    assert len(open_files(home)) <= before + 1  # SQLite keeps one handle to use again


def test_closing_lets_go_of_every_thread_s_connection(vault, home):
    ready, leave = threading.Event(), threading.Event()

    def idle():
        assert vault.db["audit"].count == 0
        ready.set()
        leave.wait(10)

    thread = threading.Thread(target=idle)
    thread.start()
    assert ready.wait(10)
    vault.close()
    assert open_files(home) == []
    leave.set()
    thread.join()


def test_a_change_that_is_under_way_is_completed_after_closing(vault, home, actor):
    key = vault.derive_key("vault")
    with vault.change(actor, "note.add", target="last"):
        vault.close()
    assert connect(home.vault_file, key)["audit"].count == 1


def test_a_closed_vault_is_locked_for_good(vault):
    vault.close()
    vault.close()
    for use in (lambda: vault.db, lambda: vault.derive_key("state"), lambda: vault.data_key):
        with pytest.raises(LockedError, match="has been locked"):
            use()


def test_reading_goes_on_while_another_thread_writes(vault, actor):
    with vault.change(actor, "note.add"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: vault.db["audit"].count).result(5) == 0


def test_a_wrong_key_and_a_damaged_file_are_told_in_a_sentence(vault, home, tmp_path):
    assert vault.db["audit"].count == 0
    with pytest.raises(LockedError, match=r"vault\.db does not open with this key"):
        connect(home.vault_file, bytes(32))
    (tmp_path / "junk.db").write_bytes(b"junk" * 4096)
    with pytest.raises(LockedError, match=r"junk\.db does not open"):
        connect(tmp_path / "junk.db", bytes(32))


def test_a_folder_with_awkward_characters(tmp_path):
    folder = tmp_path / "St Mary's #2 100%? ward"
    folder.mkdir()
    connect(folder / "a.db", bytes(32))["note"].insert({"text": "x"})
    assert connect(folder / "a.db", bytes(32))["note"].count == 1
