"""The workers beside the web threads: they run jobs while the vault is unlocked, then one tidies up,
signs the audit chain when that is due, and lays forms out ahead of the first print."""

import logging
import threading
import time
import traceback
from collections.abc import Collection
from datetime import timedelta

from downtime.accounts import sessions
from downtime.entry.recode_scans import count_first_pictures
from downtime.fleet.machine_state import note_machine_state
from downtime.outage import outages
from downtime.paper.packs import pack_ledger
from downtime.processes.background import BackgroundProcess
from downtime.security_events import SecurityEvent, report_event
from downtime.vault import checkpoint, jobs
from downtime.vault.database import checkpoint_log
from downtime.vault.model import Job
from downtime.vault.vault import Vault
from downtime.vault.write_again import write_again
from downtime.web import background_job
from downtime.web.background_job import make_vault_arguments
from downtime.web.job_kinds import JOB_KINDS, JobLane
from downtime.web.request_context import AppState
from downtime.web.run_job import run_job

log = logging.getLogger("downtime.web")

LAYOUTS = "downtime.web.layout_child"
RECODING = "downtime.web.recode_child"
RECODING_SECONDS = 600
"""Kept pages are looked for so often while no job is to be done."""
POLL_SECONDS = 5
"""A job that is asked for wakes the worker at once; this is for what others leave behind."""
NOTE_SECONDS = 60
EMPTY_SECONDS = 120
"""With no session for so long, as after 'switch user', the vault is forgotten."""


class JobWorker(threading.Thread):
    """Takes the oldest waiting job of some kinds, again and again.

    A server has one for each lane (`create_workers`), so that nobody waits for a blank form behind
    the packs of a whole site, or for these behind a month's comparison.
    """

    def __init__(
        self, web: AppState, kinds: Collection[str] = tuple(JOB_KINDS), *, lays_out: bool = False
    ) -> None:
        super().__init__(name="downtime-worker", daemon=True)
        self._state = web
        self._kinds = kinds
        self._does_upkeep = any(JOB_KINDS[kind].lane is JobLane.SHORT for kind in kinds)
        self._lays_out = lays_out
        self._stopping = threading.Event()
        self._known_vault: Vault | None = None
        self._layouts: BackgroundProcess | None = None
        self._recoding: BackgroundProcess | None = None
        self._recoded: float | None = None
        self._empty_since: float | None = None
        self._noted: float | None = None

    def run(self) -> None:
        """Until `stop`; a fault of its own is logged without its message and not repeated at once."""
        while not self._stopping.is_set():
            try:
                worked = self.run_next_job()
            except Exception as error:
                places = traceback.extract_tb(error.__traceback__)
                log.error("worker: %s at line %d", type(error).__name__, places[-1].lineno or 0)
                worked = False
            if not worked:
                self._state.job_submitted.wait(POLL_SECONDS)
                self._state.job_submitted.clear()
        self._end_helpers()

    def stop(self) -> None:
        """Finish the job in hand and end; one in a process of its own waits for the next start."""
        self._stopping.set()
        self._state.job_submitted.set()
        self.join()

    def run_next_job(self) -> bool:
        """Run one job if one waits; whether there was one."""
        with self._state.vault_holder.use_if_unlocked() as vault:
            if vault is not self._known_vault:
                self._end_helpers()
            if vault is None:
                self._known_vault = None
                return False
            if not write_again(vault) or vault.is_read_only:
                self._forget_if_empty(vault)
                return False
            if vault is not self._known_vault:
                jobs.requeue_abandoned_jobs(vault, self._kinds)
                self._known_vault = vault
                if self._lays_out:
                    self._layouts = self._start(LAYOUTS, vault)
            job = jobs.claim_next_job(vault, self._kinds)
            if job is not None:
                self._run_job(vault, job)
                return True
            if self._does_upkeep:
                self._do_upkeep(vault)
        return False

    def _end_helpers(self) -> None:
        """What lays forms out for a vault, or makes its pages small, ends with it."""
        for helper in filter(None, (self._layouts, self._recoding)):
            helper.end()
        self._layouts = self._recoding = self._recoded = None

    def _run_job(self, vault: Vault, job: Job) -> None:
        if JOB_KINDS[job.kind].own_process(job):
            background_job.run_in_background(vault, job, self._stopping)
        else:
            run_job(vault, self._state.settings, job)

    def _do_upkeep(self, vault: Vault) -> None:
        keep_results = timedelta(hours=self._state.settings.paper.job_result_hours)
        jobs.delete_results_before(vault, self._state.clock() - keep_results)
        pack_ledger.void_interrupted(vault, self._state.settings)
        self._make_checkpoint(vault)
        self._note_state(vault)
        self._recode_scans(vault)
        checkpoint_log(vault.db)
        self._forget_if_empty(vault)

    def _recode_scans(self, vault: Vault) -> None:
        """Kept pages are made small by a process that stands back behind everybody."""
        if self._recoding is not None and not self._recoding.has_ended(0):
            return
        now = time.monotonic()
        if self._recoded is None or now - self._recoded > RECODING_SECONDS:
            self._recoded = now
            is_needed = count_first_pictures(vault) > 0
            self._recoding = self._start(RECODING, vault) if is_needed else None

    def _start(self, module: str, vault: Vault) -> BackgroundProcess:
        return BackgroundProcess(module, make_vault_arguments(vault))

    def _make_checkpoint(self, vault: Vault) -> None:
        try:
            checkpoint.make_checkpoint_if_due(vault, self._state.settings)
        except Exception:
            report_event(SecurityEvent.CHECKPOINT_FAILED)
            raise

    def _note_state(self, vault: Vault) -> None:
        """Keep what the sign-in page and monitoring show once nobody is signed in any more."""
        if self._noted is None or time.monotonic() - self._noted > NOTE_SECONDS:
            self._noted = time.monotonic()
            note_machine_state(vault, self._state.settings, outages.list_down_systems(vault))

    def _forget_if_empty(self, vault: Vault) -> None:
        if sessions.count_live_sessions(vault):
            self._empty_since = None
        elif self._empty_since is None:
            self._empty_since = time.monotonic()
        elif time.monotonic() - self._empty_since > EMPTY_SECONDS:
            self._empty_since = None
            self._state.vault_holder.release()


def create_workers(web: AppState) -> list[JobWorker]:
    """Those that a server needs, the one that stops soonest first."""
    kinds = {lane: [kind for kind in JOB_KINDS if JOB_KINDS[kind].lane is lane] for lane in JobLane}
    return [
        JobWorker(web, kinds[JobLane.LONG]),
        JobWorker(web, kinds[JobLane.WARD_PACKS]),
        JobWorker(web, kinds[JobLane.SHORT], lays_out=True),
    ]
