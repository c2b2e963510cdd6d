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


def test_those_who_write_at_once_share_a_flush(vault, who, monkeypatch):
    flushed = []

    def slow(handle) -> None:
        time.sleep(0.05)
        flushed.append(handle)

    monkeypatch.setattr(flush, "_sync", slow)

    def write(number: int) -> None:
        with vault.change(who, "test.write", target=str(number)):
            pass

    _at_once(20, write)
    assert 1 <= len(flushed) < 10
    targets = {row["target"] for row in vault.db.query("SELECT target FROM audit")}
    assert {str(n) for n in range(20)} <= targets


def test_nobody_goes_on_before_the_disk_has_it(vault, who, monkeypatch):
    order = []
    monkeypatch.setattr(flush, "_sync", lambda handle: order.append("disk"))
    with vault.change(who, "test.write"):
        order.append("written")
    order.append("on")
    assert order == ["written", "disk", "on"]


def test_after_a_disk_has_failed_nothing_is_acknowledged_any_more(vault, who, monkeypatch):
    def fail(handle) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(flush, "_sync", fail)
    with pytest.raises(OSError, match="Input/output"), vault.change(who, "test.write"):
        pass
    monkeypatch.setattr(flush, "_sync", lambda handle: None)  # as systems do that forgot the page
    with pytest.raises(OSError, match="failed to keep"), vault.change(who, "test.write"):
        pass


def test_a_writer_without_pause_lets_the_others_in(vault, who):
    stop, waited = threading.Event(), []

    def greedy() -> None:
        while not stop.is_set():
            with vault.change(who, "test.greedy"):
                time.sleep(0.02)

    busy = threading.Thread(target=greedy)
    busy.start()
    try:
        for _ in range(10):
            started = time.monotonic()
            with vault.change(who, "test.polite"):
                waited.append(time.monotonic() - started)
    finally:
        stop.set()
        busy.join()
    assert max(waited) < 1
