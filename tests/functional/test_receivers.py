"""Messages received by three MLLP receivers that are not ours, each with its own acknowledgement."""

import json
import os
import socket
import subprocess
from pathlib import Path
from types import MappingProxyType

import pytest

from downtime.entry.facts import PaperPerson
from downtime.returns import outbox, queue_messages, send_messages
from downtime.returns.store import outbox_messages
from downtime.settings import ReturnsSettings, Settings
from tests.integration.returns.conftest import decide, fact  # noqa: F401 - a fixture

PEERS = Path(__file__).parents[1] / "peers"
RECEIVERS = ("node-hl7-server", "simple-hl7", "hl7v2-net")
PATIENTS = 8


@pytest.fixture
def start():
    """`start(name, …)`: a receiver's process and its port, once it listens."""
    running = []

    def run(name: str, *arguments: str):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        process = subprocess.Popen(
            ["node", "mllp-receiver.mjs", name, str(port), *arguments],
            cwd=PEERS, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={"PATH": os.environ["PATH"]},
        )  # fmt: skip
        running.append(process)
        line = process.stdout.readline()
        assert line == "ready\n", f"run scripts/peers: {process.stderr.read()[-500:]}"
        return process, port

    yield run
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def decided(decide):  # noqa: F811
    """A request, two values and an admission for each of some patients, all decided `return`."""
    decide(*(one for number in range(PATIENTS) for one in facts(number)))


def facts(number: int):
    person = PaperPerson(mrn=f"H{number}", family=f"O'Brien|{number}", given="Zoë", gender="female")
    serial = f"K70000{number:02}A"
    given = (
        ("Encounter", "form", {"ward": "A1", "reason": "Fell & hurt her hip\nat home"}),
        ("ServiceRequest", "fbc", {"code": "FBC", "display": "Full blood count"}),
        ("Observation", "k", {"display": "Potassium", "value": "6.1", "units": "mmol/L"}),
        ("Observation", "na", {"display": "Sodium", "value": "138", "units": "mmol/L"}),
    )
    for kind, part, fields in given:
        yield fact(kind, serial, person, fields, part=part)


def reached(name: str, port: int) -> Settings:
    """node-hl7-server 2.5.0 takes in, with each message, all those before it on one connection."""
    target = {
        "channel": "mllp", "host": "127.0.0.1", "port": port, "answer_seconds": 5.0,
        "keep_open": name != "node-hl7-server",
    }  # fmt: skip
    returns = ReturnsSettings(targets=MappingProxyType({"LIMS": target}), retry_cap_seconds=0.1)
    return Settings(returns=returns)


def send(vault, settings, actor):
    return send_messages.send_messages(vault, settings, "LIMS", actor, pause=lambda seconds: False)


def heard(process, count: int) -> list[dict]:
    return [json.loads(process.stdout.readline()) for _ in range(count)]


@pytest.mark.parametrize("name", RECEIVERS)
def test_each_message_is_understood_acknowledged_and_sent_once(name, start, vault, decided, actor):
    process, port = start(name)
    done = send(vault, reached(name, port), actor)
    assert (done.acknowledged, done.refused, done.waiting, done.fault) == (PATIENTS * 3, 0, 0, "")
    said = heard(process, PATIENTS * 3)
    messages = list(outbox_messages.list_messages(vault.db))
    assert [one["number"] for one in said] == [one.control_id for one in messages]
    assert {one.state for one in messages} == {"acknowledged"}
    assert {one["family"].replace("\\F\\", "|") for one in said} >= {"O'Brien|0", "O'Brien|7"}
    assert send(vault, reached(name, port), actor).attempts == 0


@pytest.mark.parametrize("name", RECEIVERS)
def test_its_own_way_to_refuse_comes_back_to_a_person(name, start, vault, decided, actor):
    process, port = start(name, "refuse")
    done = send(vault, reached(name, port), actor)
    assert (done.acknowledged, done.refused, done.waiting) == ((PATIENTS - 1) * 3, 1, 2)
    first = heard(process, 1)[0]["number"]
    refused = outbox.require_message(vault.db, first)
    assert refused.state == "refused"
    assert refused.reason.startswith(("AE", "AR"))
    queue_messages.resend_message(
        vault, reached(name, port), first, actor, "the system has been set up"
    )
    assert send(vault, reached(name, port), actor).acknowledged == 3


@pytest.mark.parametrize("name", RECEIVERS)
def test_a_receiver_that_dies_loses_nothing(name, start, vault, decided, actor):
    process, port = start(name)
    process.kill()
    process.communicate()
    down = send(vault, reached(name, port), actor)
    assert (down.acknowledged, down.waiting) == (0, PATIENTS * 3)
    process, port = start(name)
    assert send(vault, reached(name, port), actor).acknowledged == PATIENTS * 3
    assert len({one["number"] for one in heard(process, PATIENTS * 3)}) == PATIENTS * 3
