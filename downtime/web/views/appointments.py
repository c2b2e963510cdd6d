"""Clinics and theatre lists by day, as they stood when the copy was made."""

from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request

from downtime.accounts.model import Permission
from downtime.clinical import display
from downtime.clinical.model import AppointmentKind
from downtime.errors import NotFoundError
from downtime.outage.events.backlog import PRIORITIES, count_backlog, list_backlog
from downtime.outage.events.list_events import find_appointment_events
from downtime.outage.events.model import Event
from downtime.paper.packs.policies import check_session
from downtime.snapshot.courses_under_way import DUE_DAYS, list_courses
from downtime.web import request_context
from downtime.web.listing import table_response
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("appointments", __name__)
HEADINGS: dict[str, str] = {
    AppointmentKind.CLINIC: "Clinics",
    AppointmentKind.THEATRE: "Theatre lists",
}


@blueprint.get("/appointments")
@require_permission(Permission.APPOINTMENT_LIST)
def lists() -> ViewResponse:
    """The clinics or theatres of one day: today, or the first day after it that has any."""
    kind = _kind()
    snapshot = request_context.snapshot_or_none()
    days = snapshot.list_appointment_days(kind) if snapshot else []
    day = request.args.get("day", "")
    if day not in days:
        today = request_context.now().astimezone(
            ZoneInfo(request_context.settings().site.time_zone)
        )
        day = next((d for d in days if d >= today.date().isoformat()), days[-1] if days else "")
    return render_template(
        "appointments/lists.html",
        kind=kind,
        heading=HEADINGS[kind],
        systems=sorted(snapshot.list_appointment_sources(kind)) if snapshot else [],
        days=days,
        day=day,
        sessions=snapshot.list_sessions(day, kind) if snapshot and day else [],
    )


@blueprint.get("/appointments/list")
@require_permission(Permission.APPOINTMENT_LIST)
def session() -> ViewResponse:
    """Who is expected in one clinic or theatre on one day."""
    kind, day = _kind(), request.args.get("day", "")
    snapshot = request_context.snapshot()
    if day not in snapshot.list_appointment_days(kind):
        check_session([], snapshot.find_availability("Appointment").unavailable)
        raise NotFoundError(
            "session.missing", "There is no list of that day.", "Choose another day."
        )
    location = request.args.get("location", "")
    rows = snapshot.list_session_appointments(day, location, kind)
    return render_template(
        "appointments/session.html",
        kind=kind,
        day=day,
        location=location,
        rows=rows,
        outcomes=find_appointment_events(request_context.vault()),
    )


@blueprint.get("/appointments/courses")
@require_permission(Permission.APPOINTMENT_LIST)
def courses() -> ViewResponse:
    """Who is in a course of chemotherapy, radiotherapy or dialysis, and whose next part is due."""
    snapshot = request_context.snapshot_or_none()
    rows = snapshot.list_numbered_appointments() if snapshot else []
    courses = list_courses(rows, request_context.now())
    return render_template(
        "appointments/courses.html",
        courses=courses,
        due=sum(row.is_due for row in courses),
        days=DUE_DAYS,
        systems=sorted({row.appointment.source for row in rows}),
    )


@blueprint.get("/appointments/backlog")
@require_permission(Permission.APPOINTMENT_LIST)
def backlog() -> ViewResponse:
    """What did not take place and has no new date, by priority."""
    waiting = _list_backlog()
    return render_template(
        "appointments/backlog.html",
        waiting=waiting,
        counts=count_backlog(waiting),
        priorities=PRIORITIES,
    )


@blueprint.get("/appointments/backlog.<file_kind>")
@require_permission(Permission.APPOINTMENT_LIST)
def download_backlog(file_kind: str) -> ViewResponse:
    """The same for a spreadsheet, with whom to call."""
    zone = ZoneInfo(request_context.settings().site.time_zone)
    head = (
        "Priority",
        "To be seen by",
        "Patient",
        "Born",
        "NHS No.",
        "Number",
        "Was at",
        "Place",
        "For",
        "Reason",
    )
    rows = [
        (
            PRIORITIES[event.answers.get("priority", "")],
            display.format_day(event.answers.get("target", "")),
            event.subject.label,
            display.format_day(event.subject.birth_date),
            display.format_nhs_number(event.subject.nhs_number),
            event.subject.mrn,
            display.format_moment(event.answers.get("start", ""), zone),
            event.answers.get("location", ""),
            event.answers.get("description", ""),
            event.answers.get("reason", ""),
        )
        for event in _list_backlog()
    ]
    return table_response(file_kind, "backlog", head, rows)


def _list_backlog() -> list[Event]:
    return list_backlog(find_appointment_events(request_context.vault()).values())


def _kind() -> str:
    kind = request.args.get("kind", AppointmentKind.CLINIC)
    return kind if kind in HEADINGS else AppointmentKind.CLINIC
