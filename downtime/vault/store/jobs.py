"""The SQL of the tables `job` and `job_result_part`."""

import json
from collections.abc import Collection

import sqlcipher3
import sqlite_utils

from downtime.vault.model import Actor, Job, JobResult, JobState

_COLUMNS = (
    "id, kind, arguments, state, attempts, done, total, sentence, media_type, file_name, error,"
    " person, person_name, device, created, ended, state = 'done'"
    " AND EXISTS (SELECT 1 FROM job_result_part WHERE job = id) AS has_result"
)
_OF_KINDS = "(:kinds = '[]' OR kind IN (SELECT value FROM json_each(:kinds)))"


def insert_job(db: sqlite_utils.Database, job: Job) -> None:
    """A new row, without a result."""
    db.conn.execute(
        "INSERT INTO job (id, kind, arguments, state, person, person_name, device, created)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            job.id,
            job.kind,
            json.dumps(dict(job.arguments)),
            job.state,
            job.actor.id,
            job.actor.name,
            job.actor.device,
            job.created,
        ),
    )


def start_oldest(db: sqlite_utils.Database, kinds: Collection[str]) -> Job | None:
    """Set the oldest waiting job of these kinds, or of any, to running."""
    row = db.conn.execute(
        "UPDATE job SET state = 'running', attempts = attempts + 1 WHERE id ="
        f" (SELECT id FROM job WHERE state = 'queued' AND {_OF_KINDS}"
        " ORDER BY created, rowid LIMIT 1) RETURNING id",
        {"kinds": json.dumps(list(kinds))},
    ).fetchone()
    return find_job(db, row["id"]) if row else None


def set_progress(
    db: sqlite_utils.Database, job_id: str, done: int, total: int, sentence: str
) -> bool:
    """False when the job is not running."""
    changed = db.conn.execute(
        "UPDATE job SET done = ?, total = ?, sentence = ? WHERE id = ? AND state = 'running'",
        (done, total, sentence, job_id),
    )
    return bool(changed.rowcount)


def set_state(db: sqlite_utils.Database, job_id: str, state: JobState, ended: str) -> None:
    """`ended` is empty while more will happen to it."""
    db.conn.execute("UPDATE job SET state = ?, ended = ? WHERE id = ?", (state, ended, job_id))


def set_error(db: sqlite_utils.Database, job_id: str, sentence: str) -> None:
    """Why the job failed, for the person who asked."""
    db.conn.execute("UPDATE job SET error = ? WHERE id = ?", (sentence, job_id))


def set_done(
    db: sqlite_utils.Database, job_id: str, sentence: str, result: JobResult | None
) -> None:
    """What came of it; the content of a result lies in its parts."""
    db.conn.execute(
        "UPDATE job SET sentence = ?, done = total, media_type = ?, file_name = ? WHERE id = ?",
        (
            sentence,
            result.media_type if result else "",
            result.file_name if result else "",
            job_id,
        ),
    )


def insert_part(db: sqlite_utils.Database, job_id: str, part: int, content: bytes) -> None:
    """One part of a result; parts count from 1."""
    db.conn.execute("INSERT INTO job_result_part VALUES (?, ?, ?)", (job_id, part, content))


def delete_parts(db: sqlite_utils.Database, job_id: str) -> None:
    """What a worker that died may have left of a result."""
    db.conn.execute("DELETE FROM job_result_part WHERE job = ?", (job_id,))


def list_running(db: sqlite_utils.Database, kinds: Collection[str]) -> list[Job]:
    """All of these kinds, or of any, that somebody began."""
    rows = db.conn.execute(
        f"SELECT {_COLUMNS} FROM job WHERE state = 'running' AND {_OF_KINDS}",
        {"kinds": json.dumps(list(kinds))},
    )
    return [_job(row) for row in rows]


def find_job(db: sqlite_utils.Database, job_id: str) -> Job | None:
    row = db.conn.execute(
        f"SELECT {_COLUMNS} FROM job WHERE id = ?",
        (job_id,),
    ).fetchone()
    return _job(row) if row else None


def find_result(db: sqlite_utils.Database, job_id: str) -> JobResult | None:
    job = find_job(db, job_id)
    if job is None or not job.has_result:
        return None
    parts = db.conn.execute(
        "SELECT content FROM job_result_part WHERE job = ? ORDER BY part", (job_id,)
    )
    return JobResult(b"".join(row["content"] for row in parts), job.media_type, job.file_name)


def list_jobs_of(db: sqlite_utils.Database, person_id: str, limit: int) -> list[Job]:
    """What somebody asked for, newest first."""
    rows = db.conn.execute(
        f"SELECT {_COLUMNS} FROM job WHERE person = ? ORDER BY created DESC, rowid DESC LIMIT ?",
        (person_id, limit),
    )
    return [_job(row) for row in rows]


def delete_oldest_part(db: sqlite_utils.Database, ended: str) -> int:
    """Drop one part of the results of jobs that ended before a moment; 0 when there is none."""
    dropped = db.conn.execute(
        "DELETE FROM job_result_part WHERE rowid = (SELECT job_result_part.rowid FROM job_result_part"
        " JOIN job ON job.id = job WHERE ended <> '' AND ended < ? ORDER BY job, part DESC LIMIT 1)",
        (ended,),
    )
    return int(dropped.rowcount)


def _job(row: sqlcipher3.Row) -> Job:
    values = dict(row)
    actor = Actor(values.pop("person"), values.pop("person_name"), values.pop("device"))
    values["arguments"] = json.loads(values["arguments"])
    values["state"] = JobState(values["state"])
    values["has_result"] = bool(values["has_result"])
    return Job(actor=actor, **values)
