"""A sender that kills itself, as `kill -9` does, at the nth call of a named step."""

import json
import os
import signal
import sys
from pathlib import Path
from types import MappingProxyType

from downtime.clock import system_clock
from downtime.config import Home
from downtime.returns import outbox, queue_messages, send_messages
from downtime.returns.fhir import rest_client
from downtime.returns.hl7 import mllp
from downtime.settings import ReturnsSettings, Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

home, key, target, step, after, nth = sys.argv[1:]
STEPS = {
    "claim": (outbox.Sender, "claim_next"),
    "read": (outbox.Sender, "read_content"),
    "connect": (mllp.MllpClient, "_connect"),
    "send": (mllp.MllpClient, "send"),
    "answer": (mllp.MllpClient, "receive"),
    "post": (rest_client.FhirClient, "post"),
    "holds": (rest_client.FhirClient, "has_bundle"),
    "record": (outbox.Sender, "acknowledge"),
    "queue": (queue_messages, "queue_items"),
}
calls = 0


def dying(function):
    def run(*arguments, **named):
        global calls
        calls += 1
        if after == "before" and calls == int(nth):
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*arguments, **named)
        if after == "after" and calls == int(nth):
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return run


if step in STEPS:
    owner, name = STEPS[step]
    setattr(owner, name, dying(getattr(owner, name)))
table = json.loads(target)
settings = Settings(returns=ReturnsSettings(targets=MappingProxyType(table)))
vault = Vault(Home(Path(home)), bytes.fromhex(key), system_clock)
who = Actor("u-1", "Amina Ward", "laptop-1")
for system in table:
    send_messages.send_messages(vault, settings, system, who, pause=lambda seconds: False)
