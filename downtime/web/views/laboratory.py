"""Laboratory: phone results to wards for a patient known by two identifiers, and see them read back."""

from flask import Blueprint, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.errors import UserError
from downtime.outage.events.list_events import list_events
from downtime.outage.events.model import EventKind
from downtime.outage.events.phoned_results import judge_results
from downtime.outage.events.sample_counts import count_samples
from downtime.outage.events.two_identifiers import find_by_two_identifiers
from downtime.web import request_context
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("laboratory", __name__)


@blueprint.get("/laboratory")
@require_permission(Permission.EVENT_VIEW)
def show() -> ViewResponse:
    """Results that wait to be read back, overdue and critical ones first; then all others."""
    return _render(None)


@blueprint.post("/laboratory")
@require_permission(Permission.EVENT_RECORD)
def find() -> ViewResponse:
    """Open the form of a result for the one patient who has both identifiers."""
    try:
        patient = find_by_two_identifiers(
            request_context.hospital_now(),
            request.form.get("number", ""),
            request.form.get("second", ""),
            request_context.now().date(),
        )
    except UserError as error:
        return _render(error), error.http_status
    request_context.remember_text("identified", patient.id)
    return redirect(url_for("events.record", kind=EventKind.RESULT, patient=patient.id), 303)


def _render(problem: UserError | None) -> str:
    vault = request_context.vault()
    threads = list_events(vault, kinds=[EventKind.RESULT])
    results = judge_results(threads, request_context.now(), request_context.settings())
    return render_template(
        "laboratory/show.html", results=results, problem=problem,
        samples=count_samples(list_events(vault, kinds=[EventKind.SAMPLES])),
    )  # fmt: skip
