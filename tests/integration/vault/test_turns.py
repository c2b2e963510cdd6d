"""Many who write at once: each in turn, all on the disk before they go on, few flushes."""

import threading
import time

import pytest

from downtime.vault import flush


def _at_once(count, work):
    threads = [threading.Thread(target=work, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_those_who_write_at_once_share_a_flush(vault, actor, monkeypatch):
    flushed = []

    def slow(handle) -> None:
        time.sleep(0.05)
        flushed.append(handle)

    monkeypatch.setattr(flush, "_sync", slow)

    def write(number: int) -> None:
        with vault.change(actor, "test.write", target=str(number)):
            pass

    _at_once(20, write)
    assert 1 <= len(flushed) < 10
    targets = {row["target"] for row in vault.db.query("SELECT target FROM audit")}
    assert {str(n) for n in range(20)} <= targets


def test_who_writes_while_a_slow_flush_runs_does_not_wait_for_it_first(vault, actor, monkeypatch):
    began, stuck = threading.Event(), threading.Event()

    def write() -> None:
        with vault.change(actor, "test.slow"):
            pass

    def block(handle) -> None:
        began.set()
        assert stuck.wait(60)

    monkeypatch.setattr(flush, "_sync", block)
    slow = threading.Thread(target=write)
    slow.start()
    try:
        assert began.wait(60)
        flushed = []
        monkeypatch.setattr(flush, "_sync", flushed.append)
        with vault.change(actor, "test.quick"):
            pass
        assert flushed
        assert slow.is_alive()
    finally:
        stuck.set()
        slow.join()


def test_when_one_of_two_flushes_fails_neither_is_acknowledged(vault, actor, monkeypatch):
    began, failed, said = threading.Event(), threading.Event(), []

    def fail(handle) -> None:
        began.set()
        assert failed.wait(60)
        raise OSError(5, "Input/output error")

    def write() -> None:
        try:
            with vault.change(actor, "test.first"):
                pass
        except OSError as error:
            said.append(error.strerror)

    monkeypatch.setattr(flush, "_sync", fail)
    first = threading.Thread(target=write)
    first.start()
    assert began.wait(60)

    def after_the_other(handle) -> None:
        failed.set()
        first.join()

    monkeypatch.setattr(flush, "_sync", after_the_other)
    with pytest.raises(OSError, match="failed to keep"), vault.change(actor, "test.second"):
        pass
    assert said == ["Input/output error"]


def test_nobody_goes_on_before_the_disk_has_it(vault, actor, monkeypatch):
    order = []
    monkeypatch.setattr(flush, "_sync", lambda handle: order.append("disk"))
    with vault.change(actor, "test.write"):
        order.append("written")
    order.append("on")
    assert order == ["written", "disk", "on"]


def test_after_a_disk_has_failed_nothing_is_acknowledged_any_more(vault, actor, monkeypatch):
    def fail(handle) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(flush, "_sync", fail)
    with pytest.raises(OSError, match="Input/output"), vault.change(actor, "test.write"):
        pass
    monkeypatch.setattr(flush, "_sync", lambda handle: None)  # as systems do that forgot the page
    with pytest.raises(OSError, match="failed to keep"), vault.change(actor, "test.write"):
        pass


def test_a_writer_without_pause_lets_the_others_in(vault, actor):
    stop, waited = threading.Event(), []

    def greedy() -> None:
        while not stop.is_set():
            with vault.change(actor, "test.greedy"):
                time.sleep(0.02)

    busy = threading.Thread(target=greedy)
    busy.start()
    try:
        for _ in range(10):
            started = time.monotonic()
            with vault.change(actor, "test.polite"):
                waited.append(time.monotonic() - started)
    finally:
        stop.set()
        busy.join()
    assert max(waited) < 1
