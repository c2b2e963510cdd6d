"""`killed_builder.py HOME KEY FILE PART`: begins a build and kills itself in it, PART (0–1) of the way.

The moments are those between which a cut could fall: each batch that the ledger has kept, each
that the state has written, and the commit of the state.
"""

import os
import signal
import sys
from pathlib import Path

from downtime.clock import system_clock
from downtime.config import Home
from downtime.fleet.publish_snapshot import publish_snapshot
from downtime.ingest.store import day_file
from downtime.settings import Settings
from downtime.snapshot import apply_messages
from downtime.snapshot.store import publisher_state
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

home, key, path, part = sys.argv[1:]
apply_messages.BATCH = 1_000
steps = 0
LAST_STEP = 6


def counted(function):
    """The function, and a step; the process ends at the chosen one."""

    def call(*arguments, **named):
        global steps
        result = function(*arguments, **named)
        steps += 1
        if steps >= float(part) * LAST_STEP:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return call


day_file.save_progress = counted(day_file.save_progress)
publisher_state.save_states = counted(publisher_state.save_states)
publisher_state.save_applied_arrival = counted(publisher_state.save_applied_arrival)
vault = Vault(Home(Path(home)), bytes.fromhex(key), system_clock)
publish_snapshot(
    vault, Settings(), [Path(path)], Path(home) / "share", Actor("u-1", "A", "laptop-1")
)
