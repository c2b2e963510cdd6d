"""Ingest: what was received and what became of it, one message, a replay, release from quarantine.

What was looked for may be a patient's number: it is kept in the session and stands in no address.
"""

from dataclasses import asdict
from typing import Any

import orjson
from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.accounts.permissions import check_can
from downtime.errors import NotFoundError
from downtime.feeds.file_format import FileFormat
from downtime.feeds.masking import mask_raw
from downtime.feeds.model import Outcome
from downtime.ingest.find_messages import PAGE, describe_raw, find_messages, show_message
from downtime.ingest.ledger import Ledger
from downtime.ingest.model import MessageFilter
from downtime.ingest.policies import can_release
from downtime.ingest.read_unread import count_unread
from downtime.ingest.release_list import release_list
from downtime.ingest.store import sources
from downtime.snapshot.lost_messages import continue_numbers
from downtime.snapshot.preview_release import count_wards, preview_release
from downtime.vault import jobs
from downtime.web import request_context
from downtime.web.access_control import has_permission
from downtime.web.job_kinds import JobName
from downtime.web.responses import ViewResponse, required_reason
from downtime.web.view_permissions import require_permission
from downtime.web.views.jobs import submit_and_follow

blueprint = Blueprint("ingest", __name__)

TEXTS = ("identifier", "control_id", "kind", "source", "since", "until")
OUTCOME_TITLES = {
    Outcome.USED: "Used",
    Outcome.USED_IN_PART: "Used in part",
    Outcome.NOT_USED: "Not used",
    Outcome.REJECTED: "Rejected",
    Outcome.QUARANTINED: "In quarantine",
    Outcome.NOT_YET_READ: "Not yet read",
}
OUTCOME_COLOURS = {
    Outcome.USED: "green",
    Outcome.USED_IN_PART: "amber",
    Outcome.NOT_USED: "grey",
    Outcome.REJECTED: "red",
    Outcome.QUARANTINED: "red",
    Outcome.NOT_YET_READ: "grey",
}
MOST_TEXT = 100_000
"""Characters of a message that a page shows."""


def _open_ledger() -> Ledger:
    return Ledger(request_context.vault(), request_context.settings())


@blueprint.get("/ingest")
@require_permission(Permission.INGEST_VIEW)
def show() -> ViewResponse:
    """The sources, and the messages that were looked for, the newest first."""
    wanted = _remembered_filter()
    before = request.args.get("before", 0, type=int)
    with _open_ledger() as ledger:
        entries = find_messages(ledger, MessageFilter(**wanted, before=before), PAGE + 1)
        unread = count_unread(ledger)
    return render_template(
        "ingest/show.html",
        entries=entries[:PAGE],
        older=entries[PAGE - 1].arrival if len(entries) > PAGE else None,
        is_newest=not before,
        wanted=wanted,
        sources=sources.list_health(request_context.vault().db),
        unread=sum(unread.values()),
        titles=OUTCOME_TITLES,
        colours=OUTCOME_COLOURS,
        retention_days=request_context.settings().ingest.retention_days,
    )


@blueprint.post("/ingest")
@require_permission(Permission.INGEST_VIEW)
def search() -> ViewResponse:
    """Remember what is looked for; a patient's number only of those who may see patients."""
    wanted = {name: request.form.get(name, "").strip()[:200] for name in TEXTS}
    if wanted["identifier"]:
        check_can(request_context.person(), Permission.INGEST_VALUES)
    outcome = request.form.get("outcome", "")
    wanted["outcome"] = outcome if outcome in list(Outcome) else ""
    request_context.remember_text("ingest", orjson.dumps(wanted).decode())
    return redirect(url_for("ingest.show"), 303)


def _remembered_filter() -> dict[str, Any]:
    text = request_context.session_texts("ingest")
    wanted: dict[str, Any] = orjson.loads(text) if text else dict.fromkeys(TEXTS, "")
    if not has_permission(Permission.INGEST_VALUES):
        wanted["identifier"] = ""
    outcome = wanted.get("outcome")
    return wanted | {"outcome": Outcome(outcome) if outcome else None}


@blueprint.get("/ingest/messages/<int:arrival>")
@require_permission(Permission.INGEST_VIEW)
def message(arrival: int) -> ViewResponse:
    """One message: what became of it, what it touches, and how it came."""
    with _open_ledger() as ledger:
        shown = show_message(ledger, arrival)
        vault, preview = request_context.vault(), None
        if can_release(shown.entry) and has_permission(Permission.INGEST_RELEASE):
            preview = preview_release(vault, ledger, arrival)
    sees_values = has_permission(Permission.INGEST_VALUES)
    raw = describe_raw(shown) if sees_values else mask_raw(shown.raw, FileFormat(shown.format))
    return render_template(
        "ingest/message.html",
        entry=shown.entry,
        touched=shown.touched,
        raw=raw[:MOST_TEXT],
        is_cut=len(raw) > MOST_TEXT,
        sees_values=sees_values,
        can_release=can_release(shown.entry),
        preview=preview,
        count_wards=count_wards,
        titles=OUTCOME_TITLES,
        colours=OUTCOME_COLOURS,
    )


@blueprint.post("/ingest/messages/<int:arrival>/release")
@require_permission(Permission.INGEST_RELEASE)
def release(arrival: int) -> ViewResponse:
    """Release a list from quarantine: the next build applies it."""
    reason = required_reason()
    with _open_ledger() as ledger:
        vault, actor = request_context.vault(), request_context.actor()
        continue_numbers(vault, ledger, actor)
        released_as = release_list(vault, ledger, arrival, actor, reason)
    flash(f"Released as {released_as}: the next build applies it.")
    return redirect(url_for("ingest.message", arrival=released_as), 303)


@blueprint.get("/ingest/replay")
@require_permission(Permission.INGEST_REPLAY)
def replay() -> ViewResponse:
    """What a replay is, and what the last preview that this person asked for found."""
    return render_template(
        "ingest/replay.html",
        preview=_last_preview(),
        titles=OUTCOME_TITLES,
        retention_days=request_context.settings().ingest.retention_days,
    )


@blueprint.post("/ingest/replay/preview")
@require_permission(Permission.INGEST_REPLAY)
def preview_replay() -> ViewResponse:
    """Find out, as a job, what a replay would change."""
    arguments = {"values": has_permission(Permission.INGEST_VALUES)}
    return submit_and_follow(JobName.REPLAY_PREVIEW, arguments)


@blueprint.post("/ingest/replay")
@require_permission(Permission.INGEST_REPLAY)
def run_replay() -> ViewResponse:
    """Read all that is kept once more, as a job, and let that be the state."""
    return submit_and_follow(JobName.REPLAY, {"reason": required_reason()})


def _last_preview() -> dict[str, Any] | None:
    """The result of the newest preview of this person, while it is kept."""
    vault = request_context.vault()
    for job in jobs.list_jobs_of(vault, request_context.actor().id):
        if job.kind == JobName.REPLAY:
            return None  # it has been run since: what it would change is changed
        if job.kind == JobName.REPLAY_PREVIEW and job.has_result:
            try:
                result: dict[str, Any] = orjson.loads(jobs.get_result(vault, job.id).content)
            except NotFoundError:
                return None
            return result | {"job": asdict(job)}
    return None
