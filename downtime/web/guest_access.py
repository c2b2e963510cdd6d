"""What somebody let in by break-glass may open: their ward, its patients; each page they open is audited."""

from collections.abc import Iterator
from typing import cast

from flask import g, request

from downtime.accounts import permissions
from downtime.accounts.break_glass.model import AuditAction, BreakGlassAccess
from downtime.accounts.break_glass.policies import check_can_record, check_running
from downtime.accounts.break_glass.review_access import find_running
from downtime.accounts.model import Permission
from downtime.errors import ForbiddenError
from downtime.outage.events import guest_scope
from downtime.web import request_context

FREE_BLUEPRINTS = ("guidance", "home", "jobs", "shelf")
FREE_PAGES = (
    "account.lock",
    "account.locked",
    "account.unlock",
    "account.switch",
    "account.sign_out",
    "account.keep_typed",
    "beds.wards",
    "beds.corridor",
)
"""Pages on which no patient is named, or none but one's own jobs."""
FIND_PAGES = ("find.results", "find.search", "find.as_you_type")
"""They look among those people only whom the access is for."""
WARD_PAGES = (
    "beds.board",
    "handover.show",
    "medicines_due.show",
    "labels.ward",
    "printing.changes",
    "printing.ward",
)
PATIENT_PAGES = (
    "events.record",
    "events.save",
    "labels.patient",
    "patient.show",
    "printing.patient",
)
RECORD_PAGES = ("events.record", "events.save")
PEOPLE = ("patient", "mother", "answer-partner", "answer-mother")
"""What a page about patients calls them."""


def current_access() -> BreakGlassAccess | None:
    """The access under which this request is made; None for who has an account."""
    if "access" not in g:
        person = request_context.person()
        vault = request_context.vault()
        g.access = find_running(vault, person.id) if permissions.is_guest(person) else None
    return cast("BreakGlassAccess | None", g.access)


def may_use(permission: Permission) -> bool:
    """Whether an access goes as far as this permission of its role; of who has an account always."""
    person = g.get("person")
    access = current_access() if person and permissions.is_guest(person) else None
    return not (access and access.reads_only and permission is Permission.EVENT_RECORD)


def check_guest_request() -> None:
    """ForbiddenError for a page that is beyond an access; LockedError once it is over."""
    person = request_context.person()
    if not permissions.is_guest(person):
        return
    access = check_running(current_access(), request_context.vault().now())
    endpoint = request.endpoint or ""
    if endpoint in FREE_PAGES or request.blueprint in FREE_BLUEPRINTS:
        return
    subjects = list(_list_subjects(endpoint))
    target = f"{endpoint} {' '.join(subjects)}".strip()
    try:
        _check_subjects(access, endpoint, subjects)
    except ForbiddenError:
        _note(AuditAction.BREAK_GLASS_REFUSED, target)
        raise
    if request.method == "GET":
        _note(AuditAction.BREAK_GLASS_VIEW, target)


def _check_subjects(access: BreakGlassAccess, endpoint: str, subjects: list[str]) -> None:
    if endpoint in FIND_PAGES:
        return
    if endpoint in RECORD_PAGES:
        check_can_record(access)
    if endpoint in WARD_PAGES:
        guest_scope.check_ward(access, "".join(subjects))
    elif endpoint in PATIENT_PAGES and subjects:
        for patient in subjects:
            guest_scope.check_patient(access, request_context.hospital_now(), patient)
    else:
        raise ForbiddenError(
            "break-glass.page",
            "This page is not part of a break-glass access. That you tried is recorded.",
            "Ask whoever let you in to do it.",
        )


def _list_subjects(endpoint: str) -> Iterator[str]:
    """The ward or the patients that a request names."""
    if endpoint in WARD_PAGES:
        yield from request.values.getlist("ward")
    for name, patient in (request.view_args or {}).items():
        if name == "patient_id":
            yield str(patient)
    for name in PEOPLE:
        yield from filter(None, request.values.getlist(name))


def _note(action: AuditAction, target: str) -> None:
    request_context.vault().note(request_context.actor(), action, target=target[:200])
