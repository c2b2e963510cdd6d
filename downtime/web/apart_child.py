"""The child that does one job; run by `apart`, which says what on standard input."""

import json
import os
import threading
from contextlib import closing
from pathlib import Path

from downtime.clock import system_clock
from downtime.config import Home, load
from downtime.vault import jobs
from downtime.vault.vault import Vault
from downtime.web.run_job import run_job

INPUT = 0


def main() -> None:
    """Do the job; end at once when whoever asked for it is gone."""
    told = json.loads(_line())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    home = Home(Path(told["home"]))
    with closing(Vault(home, bytes.fromhex(told["key"]), system_clock)) as vault:
        run_job(vault, load(home.config), jobs.get_job(vault, told["job"]))


def _line() -> bytes:
    """Byte by byte, past Python's own buffer, which the waiting thread would hold at the end."""
    line = b""
    while not line.endswith(b"\n") and (more := os.read(INPUT, 1)):
        line += more
    return line


def _end_with_parent() -> None:
    while os.read(INPUT, 1):
        pass
    os._exit(1)  # as if killed: every transaction is whole or was never made


if __name__ == "__main__":
    main()
