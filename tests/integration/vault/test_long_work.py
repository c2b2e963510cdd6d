"""Long work in several processes: a person's save waits for one of its changes, never for several in a row."""

import threading
from contextlib import closing

from downtime.vault import long_work
from downtime.vault.long_work import LongWork


def test_a_person_saves_before_the_next_piece_of_long_work_begins(vault, actor, monkeypatch):
    happened, waits = [], threading.Event()

    def save_while_the_next_one_waits() -> None:
        waits.wait(10)
        if "saved" not in happened:
            with vault.change(actor, "test.save"):
                happened.append("saved")

    monkeypatch.setattr(long_work, "let_others_write", save_while_the_next_one_waits)

    def go_on() -> None:
        waits.set()
        with second.change(actor, "test.piece", target="2", reason=""):
            happened.append("second piece")

    with closing(LongWork(vault)) as first, closing(LongWork(vault)) as second:
        other = threading.Thread(target=go_on)
        with first.change(actor, "test.piece", target="1", reason=""):
            happened.append("first piece")
            other.start()
        other.join(10)
    assert happened == ["first piece", "saved", "second piece"]
