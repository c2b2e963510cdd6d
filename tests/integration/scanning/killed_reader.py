"""Who reads a box and kills itself, as `kill -9` does, before or after the nth call of a named step."""

import os
import signal
import sys
from pathlib import Path

from downtime.clock import system_clock
from downtime.config import Home
from downtime.entry import take_in_batch
from downtime.scanning import store
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

home, key, box, step, after, nth = sys.argv[1:]
STEPS = {
    "start": (store, "save_batch"),
    "note": (take_in_batch, "_note_file"),
    "keep": (store, "save_page"),
    "page": (take_in_batch, "_take_in_page"),
    "read": (store, "set_file_read"),
    "end": (take_in_batch, "_end_batch"),
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
vault = Vault(Home(Path(home)), bytes.fromhex(key), system_clock)
files = take_in_batch.list_scan_files([Path(box)])
actor = Actor("u-1", "Amina Ward", "laptop-1")
take_in_batch.take_in_files(vault, Settings(), files, "Ward A1", actor)
