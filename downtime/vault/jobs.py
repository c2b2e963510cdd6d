"""Long work as rows of one encrypted table: asked for, watched, cancelled, resumed.

This module does not know what kinds of work there are; `arguments` is the worker's own JSON. The
progress of a job is not a change to anybody's record and leaves no audit entry; asking, cancelling
and ending do.
"""

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlcipher3
import sqlite_utils

from downtime.clock import to_text
from downtime.errors import ConflictError, NotFoundError
from downtime.vault.audit import Actor
from downtime.vault.database import transaction
from downtime.vault.lifecycle import Lifecycle
from downtime.vault.model import AuditAction
from downtime.vault.vault import Vault

LIFECYCLE = Lifecycle(
    "job",
    {
        "queued": ("running", "cancelled"),
        "running": ("done", "failed", "cancelled", "queued"),
        "done": (),
        "failed": (),
        "cancelled": (),
    },
)
MAX_ATTEMPTS = 3  # a job that takes its worker down with it is not tried for ever
_GAVE_UP = "The program stopped several times while doing this."

_COLUMNS = (
    "id, kind, arguments, state, attempts, done, total, sentence, media_type, file_name, error,"
    " person, person_name, device, created, ended, result IS NOT NULL AS has_result"
)

_OF_KINDS = "(:kinds = '[]' OR kind IN (SELECT value FROM json_each(:kinds)))"


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work without its result; times are stored text, `ended` empty until then."""

    id: str
    kind: str
    arguments: Mapping[str, Any]
    state: str
    attempts: int
    done: int
    total: int
    sentence: str
    media_type: str
    file_name: str
    error: str
    actor: Actor
    created: str
    ended: str
    has_result: bool

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return not LIFECYCLE.moves[self.state]


@dataclass(frozen=True, slots=True)
class JobResult:
    """What a job made: a file, as it is handed to a browser."""

    content: bytes
    media_type: str
    file_name: str


def submit_job(
    vault: Vault, kind: str, arguments: Mapping[str, Any], actor: Actor, reason: str
) -> Job:
    """Ask for work; the audit names the job, never its arguments."""
    job_id = f"j-{secrets.token_hex(8)}"
    with vault.change(actor, f"job.submit-{kind}", target=job_id, reason=reason) as db:
        db.conn.execute(
            "INSERT INTO job (id, kind, arguments, state, person, person_name, device, created)"
            " VALUES (?, ?, ?, 'queued', ?, ?, ?, ?)",
            (
                job_id,
                kind,
                json.dumps(dict(arguments)),
                actor.id,
                actor.name,
                actor.device,
                vault.now(),
            ),
        )
    return get_job(vault, job_id)


def claim_next_job(vault: Vault, kinds: Collection[str] = ()) -> Job | None:
    """Take the oldest waiting job of these kinds, or of any; None when there is none."""
    with transaction(vault.db) as db:
        row = db.conn.execute(
            "UPDATE job SET state = 'running', attempts = attempts + 1 WHERE id ="  # noqa: S608
            f" (SELECT id FROM job WHERE state = 'queued' AND {_OF_KINDS}"
            " ORDER BY created, rowid LIMIT 1) RETURNING id",
            {"kinds": json.dumps(list(kinds))},
        ).fetchone()
    return get_job(vault, row["id"]) if row else None


def report_progress(vault: Vault, job_id: str, done: int, total: int, sentence: str = "") -> None:
    """Say how far the work is; ConflictError `job.stopped` when it was cancelled meanwhile."""
    with transaction(vault.db) as db:
        changed = db.conn.execute(
            "UPDATE job SET done = ?, total = ?, sentence = ? WHERE id = ? AND state = 'running'",
            (done, total, sentence, job_id),
        )
    if changed.rowcount == 0:
        raise ConflictError("job.stopped", "This job was cancelled.", "Start it again if needed.")


def finish_job(
    vault: Vault, job_id: str, result: JobResult | None = None, sentence: str = ""
) -> None:
    """The work is done; its result lies in the encrypted database until it is forgotten."""
    with vault.change(get_job(vault, job_id).actor, AuditAction.JOB_FINISH, target=job_id) as db:
        _move(vault, db, job_id, "done")
        db.conn.execute(
            "UPDATE job SET sentence = ?, done = total, result = ?, media_type = ?, file_name = ?"
            " WHERE id = ?",
            (
                sentence,
                result.content if result else None,
                result.media_type if result else "",
                result.file_name if result else "",
                job_id,
            ),
        )


def fail_job(vault: Vault, job_id: str, sentence: str) -> None:
    """The work could not be done; `sentence` is for the person who asked."""
    with vault.change(get_job(vault, job_id).actor, AuditAction.JOB_FAIL, target=job_id) as db:
        _move(vault, db, job_id, "failed")
        db.conn.execute("UPDATE job SET error = ? WHERE id = ?", (sentence, job_id))


def cancel_job(vault: Vault, job_id: str, actor: Actor, reason: str) -> None:
    """Give it up; a running one stops at its next `progress`."""
    with vault.change(actor, AuditAction.JOB_CANCEL, target=job_id, reason=reason) as db:
        _move(vault, db, job_id, "cancelled")


def requeue_abandoned_jobs(vault: Vault, kinds: Collection[str] = ()) -> int:
    """At the start of a worker: what its dead predecessor had in hand waits again, or has failed."""
    with transaction(vault.db) as db:
        rows = db.conn.execute(
            f"SELECT id, attempts FROM job WHERE state = 'running' AND {_OF_KINDS}",  # noqa: S608
            {"kinds": json.dumps(list(kinds))},
        ).fetchall()
        for row in rows:
            again = row["attempts"] < MAX_ATTEMPTS
            _move(vault, db, row["id"], "queued" if again else "failed")
            if not again:
                db.conn.execute("UPDATE job SET error = ? WHERE id = ?", (_GAVE_UP, row["id"]))
    return len(rows)


def get_job(vault: Vault, job_id: str) -> Job:
    """NotFoundError when there is none."""
    return _job(_row(vault.db, job_id))


def get_result(vault: Vault, job_id: str) -> JobResult:
    """What a finished job made; NotFoundError when it made nothing or that was forgotten."""
    row = vault.db.conn.execute(
        "SELECT result, media_type, file_name FROM job WHERE id = ? AND result IS NOT NULL",
        (job_id,),
    ).fetchone()
    if row is None:
        raise NotFoundError("job.no-result", "There is nothing to fetch.", "Start the job again.")
    return JobResult(bytes(row["result"]), row["media_type"], row["file_name"])


def list_jobs_of(vault: Vault, person_id: str, limit: int = 20) -> list[Job]:
    """What somebody asked for, newest first."""
    rows = vault.db.conn.execute(
        f"SELECT {_COLUMNS} FROM job WHERE person = ? ORDER BY created DESC, rowid DESC LIMIT ?",  # noqa: S608
        (person_id, limit),
    )
    return [_job(row) for row in rows]


def delete_results_before(vault: Vault, before: datetime) -> int:
    """Drop results of jobs that ended before a moment; how many. The pages can be made again."""
    with transaction(vault.db) as db:
        dropped = db.conn.execute(
            "UPDATE job SET result = NULL WHERE result IS NOT NULL AND ended < ?",
            (to_text(before),),
        )
    return int(dropped.rowcount)


def _move(vault: Vault, db: sqlite_utils.Database, job_id: str, to: str) -> None:
    LIFECYCLE.check(_row(db, job_id)["state"], to)
    ended = "" if LIFECYCLE.moves[to] else vault.now()
    db.conn.execute("UPDATE job SET state = ?, ended = ? WHERE id = ?", (to, ended, job_id))


def _row(db: sqlite_utils.Database, job_id: str) -> sqlcipher3.Row:
    row = db.conn.execute(
        f"SELECT {_COLUMNS} FROM job WHERE id = ?",  # noqa: S608
        (job_id,),
    ).fetchone()
    if row is None:
        raise NotFoundError(
            "job.unknown", "There is no such job.", "Start it again from its own page."
        )
    return row


def _job(row: sqlcipher3.Row) -> Job:
    values = dict(row)
    actor = Actor(values.pop("person"), values.pop("person_name"), values.pop("device"))
    values["arguments"] = json.loads(values["arguments"])
    values["has_result"] = bool(values["has_result"])
    return Job(actor=actor, **values)
