"""Tests outstanding: asked for or collected, and no final result (the T0 list)."""

from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request

from downtime.accounts.model import Permission
from downtime.clinical.departments import department_name
from downtime.clinical.display import NOT_RECORDED
from downtime.outage.events import ward_scope
from downtime.outage.events.list_events import find_test_events
from downtime.snapshot.availability import word_unavailable
from downtime.snapshot.model import OutstandingRow
from downtime.snapshot.outstanding_tests import (
    OutstandingFilter,
    Urgency,
    filter_outstanding,
    sort_outstanding,
)
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.web import request_context, ward_access
from downtime.web.namesakes import list_same_names
from downtime.web.outstanding_lines import list_lines
from downtime.web.responses import ViewResponse
from downtime.web.template_filters import format_location
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("outstanding_tests", __name__)
SHOWN = 500
AGES = (4, 12, 24, 48)
"""Hours by which the list can be narrowed."""


@blueprint.get("/tests")
@require_permission(Permission.TEST_LIST)
def outstanding() -> ViewResponse:
    """The list, of one ward, department, urgency and age or of all: urgent and oldest first."""
    snapshot = request_context.snapshot_or_none()
    wanted, now = _wanted(), request_context.now()
    zone = ZoneInfo(request_context.settings().site.time_zone)
    everything = _keep_own(_list_tests(snapshot, wanted.ward)) if snapshot else []
    rows = sort_outstanding(filter_outstanding(everything, wanted, now))
    return render_template(
        "outstanding_tests/outstanding.html",
        systems=sorted({row.request.source for row in everything}),
        unanswered=word_unavailable(snapshot.find_availability("DiagnosticReport"))
        if snapshot
        else "",
        wanted=wanted,
        wards=snapshot.list_wards() if snapshot else [],
        departments=sorted({department_name(row.request.department) for row in everything} - {""}),
        urgencies=list(Urgency),
        ages=AGES,
        count=len(rows),
        lines=list_lines(
            rows[:SHOWN],
            list_same_names(row.patient for row in rows[:SHOWN]),
            snapshot.find_availability("Encounter"),
            now,
            zone,
            _word_places_now(),
        )
        if snapshot
        else (),
        shown=SHOWN,
        test_events=find_test_events(request_context.vault()),
    )


def _list_tests(snapshot: Snapshot, ward: str) -> list[OutstandingRow]:
    """Of one ward: those of who lay there when the copy was made, and of whom staff have moved there since."""
    rows = snapshot.list_outstanding_tests(ward=ward or None)
    if not ward:
        return rows
    listed = {row.patient.id for row in rows}
    changes = request_context.hospital_now().changes.values()
    arrived = [c.patient.id for c in changes if c.stay and c.stay.ward == ward]
    return [*rows, *snapshot.list_outstanding_of(key for key in arrived if key not in listed)]


def _keep_own(rows: list[OutstandingRow]) -> list[OutstandingRow]:
    """Of somebody who is limited to wards those of who is there now."""
    scope = ward_access.current_scope()
    if scope is None:
        return rows
    people = ward_scope.list_people(scope, request_context.hospital_now())
    patients = {row.patient.id for row in people}
    return [row for row in rows if row.patient.id in patients]


def _word_places_now() -> dict[str, str]:
    """By patient where staff say that they are."""
    return {
        key: (format_location(change.stay) or NOT_RECORDED) if change.stay else "not in hospital"
        for key, change in request_context.hospital_now().changes.items()
    }


def _wanted() -> OutstandingFilter:
    hours = request.args.get("hours", "")
    return OutstandingFilter(
        ward=request.args.get("ward", ""),
        department=request.args.get("department", ""),
        urgency=request.args.get("urgency", ""),
        hours=int(hours) if hours in map(str, AGES) else 0,
    )
