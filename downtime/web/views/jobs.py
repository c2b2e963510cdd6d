"""A job: how far it is, its result, and a way to stop it."""

from flask import Blueprint, Response, redirect, render_template, url_for

from downtime.accounts.model import Permission
from downtime.errors import NotFoundError
from downtime.vault import jobs as rules
from downtime.vault.jobs import Job
from downtime.web import request_context
from downtime.web.job_kinds import WORK
from downtime.web.responses import Answer, download
from downtime.web.view_permissions import requires

jobs = Blueprint("jobs", __name__)


@jobs.get("/jobs/<job_id>")
@requires(Permission.JOB_OWN)
def show(job_id: str) -> Answer:
    """The page that follows a job until it is over."""
    job = _own(job_id)
    return render_template("job.html", heading=WORK[job.kind].title, **_seen(job))


@jobs.get("/jobs/<job_id>/part")
@requires(Permission.JOB_OWN)
def part(job_id: str) -> Answer:
    """The part of the page that changes; a file that is ready opens by itself."""
    job = _own(job_id)
    answer = Response(render_template("parts/job.html", **_seen(job)))
    if job.over and job.has_result and WORK[job.kind].opens:
        answer.headers["HX-Redirect"] = url_for("jobs.file", job_id=job.id)
    return answer


@jobs.get("/jobs/<job_id>/file")
@requires(Permission.JOB_OWN)
def file(job_id: str) -> Answer:
    """What the job made: a PDF is shown, anything else is saved."""
    job = _own(job_id)
    result = rules.result(request_context.vault(), job.id)
    opens = result.media_type == "application/pdf"
    return download(result.content, result.media_type, result.file_name, inline=opens)


@jobs.post("/jobs/<job_id>/cancel")
@requires(Permission.JOB_OWN)
def cancel(job_id: str) -> Answer:
    """Stop it; nothing that it had not finished is kept."""
    job = _own(job_id)
    if not job.over:
        rules.cancel(request_context.vault(), job.id, request_context.actor(), "stopped on screen")
    return redirect(url_for("jobs.show", job_id=job.id), 303)


def ask(kind: str, arguments: dict[str, object], reason: str) -> Answer:
    """Put work in the queue and follow it."""
    job = rules.submit(request_context.vault(), kind, arguments, request_context.actor(), reason)
    request_context.web().waiting.set()
    return redirect(url_for("jobs.show", job_id=job.id), 303)


def _own(job_id: str) -> Job:
    job = rules.get(request_context.vault(), job_id)
    if job.actor.id != request_context.person().id:
        raise NotFoundError("job.unknown", "There is no such job of yours.", "Start it again.")
    return job


def _seen(job: Job) -> dict[str, object]:
    work = WORK[job.kind]
    return {"job": job, "back": url_for(work.back), "back_text": work.back_text}
