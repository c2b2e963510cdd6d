"""Many who write at once: each in turn, whoever has waited longest first."""

import threading
import time


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
    assert max(waited) < 10
