"""A job: how far it is, its result, and a way to stop it."""

from collections.abc import Mapping

from flask import Blueprint, Response, flash, redirect, render_template, url_for

from downtime.accounts.model import Permission
from downtime.errors import ConflictError
from downtime.paper.packs.model import RequestKind
from downtime.vault import jobs as rules
from downtime.vault.model import Job
from downtime.vault.write_access import ReadOnlyError
from downtime.web import guest_access, request_context
from downtime.web.job_kinds import (
    JOB_KINDS,
    MANY_WARDS,
    REASON_ON_SCREEN,
    JobName,
    is_print_job,
    name_print_job,
)
from downtime.web.responses import ViewResponse, file_response
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("jobs", __name__)


@blueprint.get("/jobs/<job_id>")
@require_permission(Permission.JOB_OWN)
def show(job_id: str) -> ViewResponse:
    """The page that follows a job until it is over."""
    job = _get_own_job(job_id)
    return render_template("jobs/show.html", heading=JOB_KINDS[job.kind].title, **_page_values(job))


@blueprint.get("/jobs/<job_id>/part")
@require_permission(Permission.JOB_OWN)
def part(job_id: str) -> ViewResponse:
    """The part of the page that changes; a file that is ready opens by itself."""
    job = _get_own_job(job_id)
    answer = Response(render_template("jobs/_progress.html", **_page_values(job)))
    if job.is_over and job.has_result and JOB_KINDS[job.kind].opens_result:
        answer.headers["HX-Redirect"] = url_for("jobs.file", job_id=job.id)
    return answer


@blueprint.get("/jobs/<job_id>/file")
@require_permission(Permission.JOB_OWN)
def file(job_id: str) -> ViewResponse:
    """What the job made: a PDF is shown, anything else is saved."""
    job = _get_own_job(job_id)
    result = rules.get_result(request_context.vault(), job.id)
    opens = result.media_type == "application/pdf"
    return file_response(result.content, result.media_type, result.file_name, inline=opens)


@blueprint.post("/jobs/<job_id>/cancel")
@require_permission(Permission.JOB_OWN)
def cancel(job_id: str) -> ViewResponse:
    """Stop it; nothing that it had not finished is kept."""
    job = _get_own_job(job_id)
    if not job.is_over:
        rules.cancel_job(
            request_context.vault(), job.id, request_context.actor(), "stopped on screen"
        )
    return redirect(url_for("jobs.show", job_id=job.id), 303)


def submit_and_follow(name: JobName, arguments: Mapping[str, object]) -> ViewResponse:
    """Put work in the queue and follow it."""
    return _submit(name, arguments, REASON_ON_SCREEN)


def submit_aside(name: JobName) -> None:
    """Put work in the queue that nobody waits for."""
    vault, actor = request_context.vault(), request_context.actor()
    rules.submit_job(vault, name, {}, actor, REASON_ON_SCREEN)
    request_context.app_state().job_submitted.set()


def submit_print_job(
    kind: RequestKind, arguments: Mapping[str, object], reason: str
) -> ViewResponse:
    """Put a print request in the queue and follow it."""
    return _submit(name_print_job(kind), arguments, reason)


def _submit(name: str, arguments: Mapping[str, object], reason: str) -> ViewResponse:
    vault, actor = request_context.vault(), request_context.actor()
    try:
        job = rules.submit_job(vault, name, arguments, actor, reason)
    except ReadOnlyError as error:
        if not error.reason.lets_print:
            raise
        return _print_now(rules.make_job(vault, name, arguments, actor), error)
    request_context.app_state().job_submitted.set()
    return redirect(url_for("jobs.show", job_id=job.id), 303)


def _print_now(job: Job, error: ReadOnlyError) -> ViewResponse:
    """Print within this request, where no job can be written down; anything else is refused."""
    kind = JOB_KINDS[job.kind]
    if not is_print_job(job):
        raise error
    if kind.own_process(job):
        raise ConflictError(
            "print.few-wards",
            f"{error.reason.sentence} Meanwhile a few wards at a time can be printed.",
            f"Choose at most {MANY_WARDS - 1} wards.",
        )
    result, sentence = kind.run(
        request_context.vault(), request_context.settings(), job, lambda done, total: None
    )
    if result is None:
        flash(sentence)
        return redirect(url_for(kind.back), 303)
    return file_response(result.content, result.media_type, result.file_name, inline=True)


def _get_own_job(job_id: str) -> Job:
    return rules.get_own_job(request_context.vault(), job_id, request_context.actor())


def _page_values(job: Job) -> dict[str, object]:
    work = JOB_KINDS[job.kind]
    if guest_access.current_access():  # of all pages from which something is printed they have one
        return {"job": job, "back": url_for("home.start"), "back_text": "Go on"}
    return {"job": job, "back": url_for(work.back), "back_text": work.back_text}
