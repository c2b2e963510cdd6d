"""The child that does one job; run by `apart`, which says what on standard input."""

import json
import os
import sys
import threading
from contextlib import closing
from pathlib import Path

from downtime.clock import system_clock
from downtime.config import Home, load
from downtime.vault import jobs
from downtime.vault.vault import Vault
from downtime.web.doing import do

NICE = 10
"""People who wait for a page come first."""


def main() -> None:
    """Do the job; end at once when whoever asked for it is gone."""
    told = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(NICE)
    home = Home(Path(told["home"]))
    with closing(Vault(home, bytes.fromhex(told["key"]), system_clock)) as vault:
        do(vault, load(home.config), jobs.get(vault, told["job"]))


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(1)  # as if killed: every transaction is whole or was never made


if __name__ == "__main__":
    main()
