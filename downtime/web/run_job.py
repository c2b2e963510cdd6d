"""Do one job and write down how it ended: the same in the worker's thread and in a child."""

import logging
import time
import traceback

from downtime.errors import UserError
from downtime.settings import Settings
from downtime.vault import jobs
from downtime.vault.model import Job
from downtime.vault.vault import Vault
from downtime.web.job_kinds import JOB_KINDS, Progress

log = logging.getLogger("downtime.web")

STOPPED = ("job.stopped", "job.move")
"""What a job meets that was cancelled: at its next progress, or at its end."""
PROGRESS_SECONDS = 0.3
"""Each report of progress waits for the disk, so it is made this often at most."""


def run_job(vault: Vault, settings: Settings, job: Job) -> None:
    """Do it to its end; what goes wrong is a sentence in the job table, never an exception."""
    try:
        result, sentence = JOB_KINDS[job.kind].run(
            vault, settings, job, _limit_progress(vault, job)
        )
        jobs.finish_job(vault, job.id, result, sentence)
        return
    except UserError as error:
        if error.code not in STOPPED:
            jobs.fail_job(vault, job.id, f"{error.sentence} {error.next_step}")
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.error("job %s: %s at %s:%s", job.kind, type(error).__name__, place.name, place.lineno)
        jobs.fail_job(vault, job.id, "Downtime met a fault of its own. Report the job " + job.id)
    JOB_KINDS[job.kind].undo(vault, job)


def _limit_progress(vault: Vault, job: Job) -> Progress:
    last = 0.0

    def report(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= PROGRESS_SECONDS:
            last = time.monotonic()
            jobs.report_progress(vault, job.id, done, total)

    return report
