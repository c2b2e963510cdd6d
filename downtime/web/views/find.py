"""Find: scan or type. Nothing that was typed ever stands in an address."""

from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for

from downtime.accounts import people, permissions
from downtime.accounts.model import Permission
from downtime.errors import NotFoundError
from downtime.outage.downtime_numbers import find_issues
from downtime.outage.events import guest_scope, ward_scope
from downtime.paper.labels.complete_codes import (
    CodeKind,
    CompleteCode,
    describe_wrong_check,
    parse_complete_code,
)
from downtime.snapshot.find_people import SHORTEST, find_among, find_people
from downtime.snapshot.model import PatientRow
from downtime.web import guest_access, request_context, ward_access
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("find", __name__)


@blueprint.post("/find")
@require_permission(Permission.PATIENT_FIND)
def search() -> ViewResponse:
    """What a scanner or the box on every page sends: a complete code opens, anything else is a search."""
    text = request.form.get("text", "").strip()
    request_context.remember_text("find", text)
    code = parse_complete_code(text, request_context.settings())
    return redirect(_find_page(code) if code else url_for("find.results"), 303)


def _find_page(code: CompleteCode) -> str:
    """The address of what a complete code names; Find, where nobody has it."""
    is_number = find_issues(request_context.vault(), code.numbers[0])
    if code.kind == CodeKind.FORM and not is_number:
        permissions.check_can(request_context.person(), Permission.LEDGER_VIEW)
        return url_for("ledger.form", serial=code.numbers[0])
    hospital = request_context.hospital_now()
    registered = {hospital.find_by_number(number) for number in code.numbers} - {None}
    owner = hospital.snapshot.find_owner(code.numbers) if hospital.snapshot else None
    owners = {person.patient.id for person in registered if person} | (
        {owner.id} if owner else set()
    )
    if len(owners) == 1:
        return url_for("patient.show", patient_id=owners.pop())
    return url_for("find.results")


@blueprint.get("/find")
@require_permission(Permission.PATIENT_FIND)
def results() -> ViewResponse:
    """The search box with what was found last."""
    text = request_context.session_texts("find")
    return render_template("find/results.html", text=text, **_search_results(text))


@blueprint.post("/find/part")
@require_permission(Permission.PATIENT_FIND)
def as_you_type() -> ViewResponse:
    """The table alone, while one types."""
    text = request.form.get("text", "").strip()
    request_context.remember_text("find", text)
    return render_template("find/_results.html", text=text, **_search_results(text))


def _search_results(text: str) -> dict[str, object]:
    hospital = request_context.hospital_now()
    if access := guest_access.current_access():
        return _search_within(guest_scope.list_people(access, hospital), text)
    if scope := ward_access.current_scope():
        return _search_within(ward_scope.list_people(scope, hospital), text)
    vault, snapshot = request_context.vault(), request_context.snapshot_or_none()
    registered = (
        hospital.search(text, request_context.now().date()) if len(text) >= SHORTEST else []
    )
    return {
        "found": find_people(snapshot, text) if snapshot else None,
        "registered": [(person, hospital.find_stay(person.patient.id)) for person in registered],
        "numbers": [(issue, _name_person(issue.issued_by)) for issue in find_issues(vault, text)],
        "wrong_check": describe_wrong_check(text),
        "shortest": SHORTEST,
    }


def _search_within(patients: list[PatientRow], text: str) -> dict[str, object]:
    """The same among those alone whom a break-glass access or a limited account is for."""
    zone = ZoneInfo(request_context.settings().site.time_zone)
    return {
        "found": find_among(patients, text, request_context.now().astimezone(zone).date()),
        "registered": [],
        "numbers": [],
        "wrong_check": describe_wrong_check(text),
        "shortest": SHORTEST,
    }


def _name_person(person_id: str) -> str:
    """Who gave a number out; empty of somebody of another laptop."""
    try:
        return people.get_person(request_context.vault(), person_id).name
    except NotFoundError:
        return ""
