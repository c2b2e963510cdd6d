"""Kill -9 at every step of sending: nothing is lost, and every message has its effect once."""

import json
import sys
from pathlib import Path

import pytest

from downtime.returns.model import Message
from downtime.returns.store import outbox_messages
from tests.integration import fork_server

from .conftest import MARY, OLU, request
from .receiver import receiver

SENDER = Path(__file__).parent / "killed_sender.py"
KILLED = -9
STEPS = [
    (step, after)
    for step in ("queue", "claim", "read", "connect", "send", "answer", "record")
    for after in ("before", "after")
]


def run(vault, targets: dict, step: str = "", after: str = "", nth: int = 1) -> int:
    """A sender in a process of its own, to each of these targets; its return code."""
    words = (vault.data_key.hex(), json.dumps(targets), step, after, str(nth))
    done = fork_server.run(
        [sys.executable, SENDER, vault.home.path, *words],
        capture_output=True, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert done.returncode in (0, KILLED), done.stderr.decode()[-800:]
    return done.returncode


def kill(vault, lims, step: str, after: str) -> None:
    """A sender to that receiver dies at a step: the only one of its kind, or the second."""
    nth = 1 if step in ("queue", "connect") else 2
    assert run(vault, _there(lims), step, after, nth) == KILLED


def sent_once(vault, lims) -> list[Message]:
    """All messages, after a sender that was let alone: each had its effect once."""
    assert run(vault, _there(lims)) == 0
    messages = list(outbox_messages.list_messages(vault.db))
    assert {one.state for one in messages} == {"acknowledged"}
    assert sorted(lims.effects) == sorted(one.control_id for one in messages)
    return messages


def _there(lims) -> dict:
    return {"LIMS": {"channel": "mllp", "host": "127.0.0.1", "port": lims.port}}


@pytest.mark.parametrize(("step", "after"), STEPS, ids=lambda word: word)
def test_a_killed_sender_loses_and_doubles_nothing(step, after, vault, decide):
    serials = ("K7000001A", "K7000002B", "K7000003C")
    decide(*(request(serial, MARY) for serial in serials), request("K7000004D", OLU))
    with receiver() as lims:
        kill(vault, lims, step, after)
        messages = sent_once(vault, lims)
    assert len(messages) == 4
    order = [number for number in lims.effects if number in _of(messages, "p-H100")]
    assert order == _of(messages, "p-H100")
    assert len(lims.got) <= len(messages) + 1  # at most what was in its hand went twice


def _of(messages, patient: str) -> list[str]:
    return [one.control_id for one in messages if one.order_key == patient]
