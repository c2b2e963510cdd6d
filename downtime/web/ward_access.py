"""Which pages somebody opens whose account is limited to wards: theirs, and those that name nobody.

Deny by default, as for break-glass: a page that is not listed here stays closed to them.
"""

from collections.abc import Iterator
from typing import cast

from flask import g, redirect, request, url_for

from downtime.accounts.break_glass.model import AuditAction
from downtime.accounts.model import Permission
from downtime.errors import ForbiddenError
from downtime.outage.events import ward_scope
from downtime.outage.events.correct_event import find_thread
from downtime.outage.events.ward_scope import WardScope
from downtime.web import request_context
from downtime.web.guest_access import FIND_PAGES, FREE_BLUEPRINTS, FREE_PAGES, PATIENT_PAGES, PEOPLE
from downtime.web.responses import ViewResponse

_FREE_BLUEPRINTS = (
    *FREE_BLUEPRINTS,
    "account",
    "endurance",
    "numbers",
    "outages",
    "passkeys",
    "readiness",
    "snapshots",
    "training",
)
_FREE_PAGES = (
    *FREE_PAGES,
    "beds.remember",
    "break_glass.begin",
    "break_glass.start",
    "labels.stock",
    "labels.test",
    "list_search.search",
    "printing.blank",
    "printing.choose",
)
_WARD_LISTS = (
    "beds.board",
    "handover.show",
    "medicines_due.show",
    "outstanding_tests.outstanding",
)
"""Pages that show a ward of their own choice, or all, where none is named."""
_WARD_PAGES = (
    *_WARD_LISTS,
    "handover.print_list",
    "medicines_due.print_list",
    "labels.ward",
    "printing.changes",
    "printing.ward",
)


def current_scope() -> WardScope | None:
    """To which wards whoever asks is limited; None for who sees all."""
    if "ward_scope" not in g:
        vault, settings = request_context.vault(), request_context.settings()
        g.ward_scope = ward_scope.find_scope(vault, settings, request_context.person().id)
    return cast("WardScope | None", g.ward_scope)


def may_use(permission: Permission) -> bool:
    """Whether a limited account goes as far as this permission of its role; any other always."""
    scope = current_scope() if g.get("person") else None
    return scope is None or permission in ward_scope.PAGE_PERMISSIONS


def check_ward_request(permission: Permission) -> ViewResponse | None:
    """ForbiddenError for a page beyond somebody's wards; their own ward where none is named."""
    scope, endpoint = current_scope(), request.endpoint or ""
    if scope is None:
        return None
    names_ward = request.method != "GET" or request.args.get("ward")
    if endpoint in _WARD_LISTS and scope.wards and not names_ward:
        wanted = request.args.to_dict() | {"ward": scope.wards[0]}
        return redirect(url_for(endpoint, **wanted), 303)  # type: ignore[arg-type]  # all are texts
    subjects = list(_list_subjects())
    try:
        ward_scope.check_permission(scope, permission, page=True)
        _check_subjects(scope, endpoint, subjects)
    except ForbiddenError:
        target = f"{endpoint} {' '.join(subjects)}".strip()[:200]
        actor = request_context.actor()
        request_context.vault().note(actor, AuditAction.WARD_REFUSED, target=target)
        raise
    return None


def _check_subjects(scope: WardScope, endpoint: str, subjects: list[str]) -> None:
    if endpoint in _FREE_PAGES or request.blueprint in _FREE_BLUEPRINTS or endpoint in FIND_PAGES:
        return
    if endpoint in _WARD_PAGES:
        for ward in request.values.getlist("ward") or [""]:
            ward_scope.check_ward(scope, ward)
    elif endpoint in PATIENT_PAGES and not request.values.get("transfer"):
        for patient in subjects:
            ward_scope.check_patient(scope, request_context.hospital_now(), patient)
    else:
        raise ward_scope.make_refusal(scope)


def _list_subjects() -> Iterator[str]:
    """The patients that a request names, or whose event it follows."""
    if patient := (request.view_args or {}).get("patient_id"):
        yield str(patient)
    for name in PEOPLE:
        yield from filter(None, request.values.getlist(name))
    for topic in filter(None, request.values.getlist("topic")):
        if thread := find_thread(request_context.vault(), topic):
            yield from filter(None, [thread.latest.subject.patient])
