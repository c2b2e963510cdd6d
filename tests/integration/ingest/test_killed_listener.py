"""Kill -9 while messages come: nothing acknowledged is lost, and nothing is there twice."""

import os
import threading
import time
from collections import Counter

from downtime.ingest.ledger import Ledger
from downtime.ingest.read_ledger import read_after

from .listening import Sender, codes, framed, message
from .service import service

ROUNDS = int(os.environ.get("KILL_ROUNDS", "3"))
"""KILL_ROUNDS=100 is for a night."""
SENDERS = 8


class Clerk(threading.Thread):
    """Sends messages of its own until the line breaks; sends the last again, as engines do."""

    def __init__(self, name: int) -> None:
        super().__init__(daemon=True)
        self.label = name
        self.next = 1
        self.acknowledged: set[str] = set()
        self.port = 0

    def send_all(self, port: int) -> None:
        self.port = port
        self.thread = threading.Thread(target=self._send, daemon=True)
        self.thread.start()

    def _send(self) -> None:
        try:
            with Sender(self.port) as line:
                while True:
                    number = f"{self.label}-{self.next}"
                    line.write(framed(message(number)))
                    code, answered = codes(line.answer())
                    if code != "AA":
                        return
                    assert answered == number
                    self.acknowledged.add(number)
                    self.next += 1
        except OSError:
            return


def test_nothing_acknowledged_is_lost_and_nothing_is_there_twice(vault, settings):
    clerks = [Clerk(number) for number in range(SENDERS)]
    for turn in range(ROUNDS):
        with service(vault, engine={"kind": "mllp", "port": 0}) as running:
            before = sum(len(clerk.acknowledged) for clerk in clerks)
            for clerk in clerks:
                clerk.send_all(running.ports["engine"])
            end = time.monotonic() + 20
            while sum(len(c.acknowledged) for c in clerks) < before + 60 + 37 * (turn % 7):
                assert time.monotonic() < end
                time.sleep(0.003)
            running.kill()
        for clerk in clerks:
            clerk.thread.join(10)
    with Ledger(vault, settings) as ledger:
        kept = Counter(
            recorded.item.content[0].patient[0].value for recorded in read_after(ledger, 0)
        )
    acknowledged = set().union(*(clerk.acknowledged for clerk in clerks))
    assert len(acknowledged) > 60 * ROUNDS
    assert acknowledged <= set(kept)
    assert max(kept.values()) == 1
    assert len(kept) <= len(acknowledged) + SENDERS  # what was on the way when it died
