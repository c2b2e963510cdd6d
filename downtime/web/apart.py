"""Do a job in a process of its own, so that a long computation keeps no request waiting.

The child learns the home, the data key and the job through its standard input: arguments and
environment can be read by others on the machine. It writes progress and end into the job table
itself. Its input stays open meanwhile, so that it ends by itself when this process does.
"""

import contextlib
import json
import subprocess
import sys
import threading
from typing import IO, cast

from downtime.vault import jobs
from downtime.vault.database import checkpoint_log
from downtime.vault.jobs import Job
from downtime.vault.vault import Vault
from downtime.web.job_kinds import JOB_KINDS

LOOK_SECONDS = 1
"""How soon a job that was cancelled, or a server that stops, ends the child."""
DIED = (
    "The process that did this was ended from outside, or ran out of memory. Nothing half done was"
    " kept. Start it again; if it happens again, report the job "
)


def do(vault: Vault, job: Job, stopping: threading.Event) -> None:
    """Wait until the child has done the job; a job that outlives its child has failed.

    When the server stops, the child ends with it and the job waits for the next start.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", "downtime.web.apart_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for the server, which ends its child in its own way
    )
    try:
        _tell(cast(IO[bytes], child.stdin), vault, job)
        while not _ended(child) and not stopping.is_set() and not _cancelled(vault, job):
            checkpoint_log(vault.db)
    finally:
        child.kill()
        child.communicate()
    state = jobs.get_job(vault, job.id).state
    if state == "running" and not stopping.is_set():
        jobs.fail_job(vault, job.id, DIED + job.id)
    if state != "done":
        JOB_KINDS[job.kind].undo(vault, job)


def _tell(pipe: IO[bytes], vault: Vault, job: Job) -> None:
    said = {"home": str(vault.home.path), "key": vault.data_key.hex(), "job": job.id}
    with contextlib.suppress(BrokenPipeError):  # a child that died says so by how it ends
        pipe.write(json.dumps(said).encode() + b"\n")
        pipe.flush()


def _cancelled(vault: Vault, job: Job) -> bool:
    return jobs.get_job(vault, job.id).state == "cancelled"


def _ended(child: subprocess.Popen[bytes]) -> bool:
    try:
        child.wait(LOOK_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return True
