"""Do a job in a process of its own, so that a long computation keeps no request waiting.

The process writes progress and end into the job table itself.
"""

import threading

from downtime.processes.background import BackgroundProcess
from downtime.vault import jobs
from downtime.vault.database import checkpoint_log
from downtime.vault.model import Job, JobState
from downtime.vault.vault import Vault
from downtime.web.job_kinds import JOB_KINDS

CHILD = "downtime.web.background_job_child"
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
    with BackgroundProcess(CHILD, make_arguments(vault, job)) as process:
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
    return {**make_vault_arguments(vault), "job": job.id}


def make_vault_arguments(vault: Vault) -> dict[str, str]:
    """What a process has to know to open the vault."""
    return {"home": str(vault.home.path), "key": vault.data_key.hex()}


def _is_cancelled(vault: Vault, job: Job) -> bool:
    return jobs.get_job(vault, job.id).state is JobState.CANCELLED
