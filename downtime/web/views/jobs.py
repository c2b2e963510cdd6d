"""A job: how far it is, its result, and a way to stop it."""

from flask import Blueprint, Response, redirect, render_template, url_for

from downtime.accounts.model import Permission
from downtime.errors import NotFoundError
from downtime.vault import jobs as rules
from downtime.vault.model import Job
from downtime.web import request_context
from downtime.web.job_kinds import JOB_KINDS
from downtime.web.responses import ViewResponse, file_response
from downtime.web.view_permissions import requires

blueprint = Blueprint("jobs", __name__)


@blueprint.get("/jobs/<job_id>")
@requires(Permission.JOB_OWN)
def show(job_id: str) -> ViewResponse:
    """The page that follows a job until it is over."""
    job = _get_own_job(job_id)
    return render_template("jobs/show.html", heading=JOB_KINDS[job.kind].title, **_page_values(job))


@blueprint.get("/jobs/<job_id>/part")
@requires(Permission.JOB_OWN)
def part(job_id: str) -> ViewResponse:
    """The part of the page that changes; a file that is ready opens by itself."""
    job = _get_own_job(job_id)
    answer = Response(render_template("jobs/_progress.html", **_page_values(job)))
    if job.is_over and job.has_result and JOB_KINDS[job.kind].opens_result:
        answer.headers["HX-Redirect"] = url_for("jobs.file", job_id=job.id)
    return answer


@blueprint.get("/jobs/<job_id>/file")
@requires(Permission.JOB_OWN)
def file(job_id: str) -> ViewResponse:
    """What the job made: a PDF is shown, anything else is saved."""
    job = _get_own_job(job_id)
    result = rules.get_result(request_context.vault(), job.id)
    opens = result.media_type == "application/pdf"
    return file_response(result.content, result.media_type, result.file_name, inline=opens)


@blueprint.post("/jobs/<job_id>/cancel")
@requires(Permission.JOB_OWN)
def cancel(job_id: str) -> ViewResponse:
    """Stop it; nothing that it had not finished is kept."""
    job = _get_own_job(job_id)
    if not job.is_over:
        rules.cancel_job(
            request_context.vault(), job.id, request_context.actor(), "stopped on screen"
        )
    return redirect(url_for("jobs.show", job_id=job.id), 303)


def submit_and_follow(kind: str, arguments: dict[str, object], reason: str) -> ViewResponse:
    """Put work in the queue and follow it."""
    job = rules.submit_job(
        request_context.vault(), kind, arguments, request_context.actor(), reason
    )
    request_context.app_state().job_submitted.set()
    return redirect(url_for("jobs.show", job_id=job.id), 303)


def _get_own_job(job_id: str) -> Job:
    job = rules.get_job(request_context.vault(), job_id)
    if job.actor.id != request_context.person().id:
        raise NotFoundError("job.unknown", "There is no such job.", "Start it again.")
    return job


def _page_values(job: Job) -> dict[str, object]:
    work = JOB_KINDS[job.kind]
    return {"job": job, "back": url_for(work.back), "back_text": work.back_text}
