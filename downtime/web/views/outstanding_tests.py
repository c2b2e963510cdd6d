"""Tests outstanding: asked for or collected, and no final result (the T0 list)."""

from flask import Blueprint, render_template, request

from downtime.accounts.model import Permission
from downtime.clinical.departments import department_name as department_name
from downtime.outage.events.list_events import find_test_events
from downtime.snapshot.availability import word_unavailable
from downtime.web import request_context
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("outstanding_tests", __name__)
SHOWN = 500


@blueprint.get("/tests")
@require_permission(Permission.TEST_LIST)
def outstanding() -> ViewResponse:
    """The list, of one ward or department or of all."""
    snapshot = request_context.snapshot_or_none()
    ward, department = request.args.get("ward", ""), request.args.get("department", "")
    everything = snapshot.list_outstanding_tests(ward=ward or None) if snapshot else []
    return render_template(
        "outstanding_tests/outstanding.html",
        systems=sorted({row.request.source for row in everything}),
        unanswered=word_unavailable(snapshot.find_availability("DiagnosticReport"))
        if snapshot
        else "",
        ward=ward,
        department=department,
        wards=snapshot.list_wards() if snapshot else [],
        departments=sorted({department_name(row.request.department) for row in everything} - {""}),
        rows=[r for r in everything if department in ("", department_name(r.request.department))],
        shown=SHOWN,
        test_events=find_test_events(request_context.vault()),
    )
