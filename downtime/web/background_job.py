"""Do a job in a process of its own, so that a long computation keeps no request waiting.

The process writes progress and end into the job table itself.
"""

import threading
from contextlib import closing
from pathlib import Path

from downtime.clock import system_clock
from downtime.config import Home, load_settings
from downtime.processes.background import BackgroundProcess, read_arguments
from downtime.vault import jobs
from downtime.vault.database import checkpoint_log
from downtime.vault.model import Job, JobState
from downtime.vault.vault import Vault
from downtime.web.job_kinds import JOB_KINDS
from downtime.web.run_job import run_job

POLL_SECONDS = 1
"""How soon a job that was cancelled, or a server that stops, ends the process."""
DIED = (
    "The process that did this was ended from outside, or ran out of memory. Nothing half done was"
    " kept. Start it again; if it happens again, report the job "
)


def run_in_background(vault: Vault, job: Job, stopping: threading.Event) -> None:
    """Wait until the process has done the job; a job that outlives its process has failed.

    When the server stops, the process ends with it and the job waits for the next start.
    """
    with BackgroundProcess(__name__, make_arguments(vault, job)) as process:
        while not (
            process.has_ended(POLL_SECONDS) or stopping.is_set() or _is_cancelled(vault, job)
        ):
            checkpoint_log(vault.db)
    state = jobs.get_job(vault, job.id).state
    if state is JobState.RUNNING and not stopping.is_set():
        jobs.fail_job(vault, job.id, DIED + job.id)
    if state is not JobState.DONE:
        JOB_KINDS[job.kind].undo(vault, job)


def make_arguments(vault: Vault, job: Job) -> dict[str, str]:
    """What the process has to know."""
    return {"home": str(vault.home.path), "key": vault.data_key.hex(), "job": job.id}


def _is_cancelled(vault: Vault, job: Job) -> bool:
    return jobs.get_job(vault, job.id).state is JobState.CANCELLED


def main() -> None:
    """What the process does; it ends at once when whoever asked for the job is gone."""
    arguments = read_arguments()
    home = Home(Path(arguments["home"]))
    with closing(Vault(home, bytes.fromhex(arguments["key"]), system_clock)) as vault:
        run_job(vault, load_settings(home.config), jobs.get_job(vault, arguments["job"]))


if __name__ == "__main__":
    main()
