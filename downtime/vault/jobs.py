"""Long work as rows of one encrypted table: asked for, watched, cancelled, resumed.

This module does not know what kinds of work there are; `arguments` is the worker's own JSON. The
progress of a job is not a change to anybody's record and leaves no audit entry; asking, cancelling
and ending do.
"""

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlite_utils

from downtime.clock import to_text
from downtime.errors import ConflictError, NotFoundError
from downtime.vault.audit import append_entry
from downtime.vault.database import checkpoint_log, let_others_write, transaction
from downtime.vault.model import JOB_LIFECYCLE, Actor, AuditAction, Job, JobResult, JobState
from downtime.vault.store import jobs as store
from downtime.vault.vault import Vault

MAX_ATTEMPTS = 3  # a job that takes its worker down with it is not tried for ever
PART_BYTES = 2 * 1024 * 1024
"""Of a result in one transaction: what somebody else writes meanwhile waits for so much, not for all of it."""
_GAVE_UP = "The program stopped several times while doing this."


def submit_job(
    vault: Vault, kind: str, arguments: Mapping[str, Any], actor: Actor, reason: str
) -> Job:
    """Ask for work; the audit names the job and its kind, never its arguments."""
    job = make_job(vault, kind, arguments, actor)
    with transaction(vault.db) as db:
        store.insert_job(db, job)
        append_entry(db, job.created, actor, f"job.submit-{kind}", job.id, reason)
    return job


def make_job(vault: Vault, kind: str, arguments: Mapping[str, Any], actor: Actor) -> Job:
    """What is asked for, not yet in the table."""
    return Job(
        f"j-{secrets.token_hex(8)}", kind, arguments, JobState.QUEUED, 0, 0, 0, "", "", "", "",
        actor, vault.now(), "", has_result=False,
    )  # fmt: skip


def claim_next_job(vault: Vault, kinds: Collection[str] = ()) -> Job | None:
    """Take the oldest waiting job of these kinds, or of any; None when there is none."""
    with transaction(vault.db) as db:
        return store.start_oldest(db, kinds)


def report_progress(vault: Vault, job_id: str, done: int, total: int, sentence: str = "") -> None:
    """Say how far the work is; ConflictError `job.stopped` when it was cancelled meanwhile."""
    with transaction(vault.db) as db:
        is_running = store.set_progress(db, job_id, done, total, sentence)
    if not is_running:
        raise ConflictError("job.stopped", "This job was cancelled.", "Start it again if needed.")


def finish_job(
    vault: Vault, job_id: str, result: JobResult | None = None, sentence: str = ""
) -> None:
    """The work is done; its result lies in the encrypted database until it is forgotten."""
    job = get_job(vault, job_id)
    JOB_LIFECYCLE.check(job.state, JobState.DONE)
    content = result.content if result else b""
    for part, begin in enumerate(range(0, len(content), PART_BYTES), 1):
        with transaction(vault.db) as db:
            store.insert_part(db, job_id, part, content[begin : begin + PART_BYTES])
        checkpoint_log(vault.db)  # or a writer has to do that, of all parts, where the log is long
        let_others_write()
    with vault.change(job.actor, AuditAction.JOB_FINISH, target=job_id) as db:
        _move(vault, db, job_id, JobState.DONE)
        store.set_done(db, job_id, sentence, result)


def fail_job(vault: Vault, job_id: str, sentence: str) -> None:
    """The work could not be done; `sentence` is for the person who asked."""
    with vault.change(get_job(vault, job_id).actor, AuditAction.JOB_FAIL, target=job_id) as db:
        _move(vault, db, job_id, JobState.FAILED)
        store.set_error(db, job_id, sentence)


def cancel_job(vault: Vault, job_id: str, actor: Actor, reason: str) -> None:
    """Give it up; a running one stops at its next report of progress.

    NotFoundError for anybody but the person who asked for it.
    """
    get_own_job(vault, job_id, actor)
    with vault.change(actor, AuditAction.JOB_CANCEL, target=job_id, reason=reason) as db:
        _move(vault, db, job_id, JobState.CANCELLED)


def requeue_abandoned_jobs(vault: Vault, kinds: Collection[str] = ()) -> int:
    """At the start of a worker: what its dead predecessor had begun waits again, or has failed."""
    with transaction(vault.db) as db:
        abandoned = store.list_running(db, kinds)
        for job in abandoned:
            store.delete_parts(db, job.id)
            if job.attempts < MAX_ATTEMPTS:
                _move(vault, db, job.id, JobState.QUEUED)
            else:
                _move(vault, db, job.id, JobState.FAILED)
                store.set_error(db, job.id, _GAVE_UP)
    return len(abandoned)


def get_job(vault: Vault, job_id: str) -> Job:
    """NotFoundError when there is none."""
    return _get(vault.db, job_id)


def get_own_job(vault: Vault, job_id: str, actor: Actor) -> Job:
    """A job of the person who asks; NotFoundError for another's, as if there were none."""
    job = get_job(vault, job_id)
    if job.actor.id != actor.id:
        raise NotFoundError("job.unknown", "There is no such job.", "Start it again.")
    return job


def get_result(vault: Vault, job_id: str) -> JobResult:
    """What a finished job made; NotFoundError when it made nothing or that was forgotten."""
    if result := store.find_result(vault.db, job_id):
        return result
    raise NotFoundError("job.no-result", "There is nothing to fetch.", "Start the job again.")


def list_jobs_of(vault: Vault, person_id: str, limit: int = 20) -> list[Job]:
    """What somebody asked for, newest first."""
    return store.list_jobs_of(vault.db, person_id, limit)


def delete_results_before(vault: Vault, before: datetime) -> None:
    """Drop results of jobs that ended before a moment: the pages can be made again."""
    dropped = 1
    while dropped:
        with transaction(vault.db) as db:
            dropped = store.delete_oldest_part(db, to_text(before))
        let_others_write()


def _move(vault: Vault, db: sqlite_utils.Database, job_id: str, to: JobState) -> None:
    JOB_LIFECYCLE.check(_get(db, job_id).state, to)
    store.set_state(db, job_id, to, "" if JOB_LIFECYCLE.moves[to] else vault.now())


def _get(db: sqlite_utils.Database, job_id: str) -> Job:
    if job := store.find_job(db, job_id):
        return job
    raise NotFoundError("job.unknown", "There is no such job.", "Start it again from its own page.")
