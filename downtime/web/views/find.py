"""Find: scan or type. Nothing that was typed ever stands in an address."""

from flask import Blueprint, redirect, render_template, request, url_for

from downtime.accounts import permissions
from downtime.accounts.model import Permission
from downtime.clinical.model import Patient
from downtime.errors import InputError
from downtime.paper import serials
from downtime.paper.labels import gs1_codes
from downtime.snapshot.model import PatientRow
from downtime.snapshot.store.opened_snapshot import FIND_LIMIT, Snapshot
from downtime.web import request_context
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("find", __name__)
SHORTEST = 2


@blueprint.post("/find")
@require_permission(Permission.PATIENT_FIND)
def search() -> ViewResponse:
    """What the box on every page sends: a form's serial, one exact identifier, or words."""
    text = request.form.get("text", "").strip()
    if serial := _serial(text):
        permissions.check_can(request_context.person(), Permission.LEDGER_VIEW)
        return redirect(url_for("ledger.form", serial=serial), 303)
    request_context.remember_text("find", text)
    snapshot = request_context.snapshot_or_none()
    if snapshot and (patient := _exact(snapshot, text)):
        return redirect(url_for("patient.show", patient_id=patient.id), 303)
    return redirect(url_for("find.results"), 303)


def _exact(snapshot: Snapshot, text: str) -> Patient | None:
    """Who has that number, typed or in the code of a wristband; both of a code's must agree."""
    scanned = gs1_codes.parse_scanned_code(text)
    owners = [snapshot.find_patient_by_identifier(number) for number in scanned or (text,)]
    return owners[0] if all(owners) and len({owner.id for owner in owners if owner}) == 1 else None


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
    rows: list[PatientRow] = []
    snapshot = request_context.snapshot_or_none()
    if snapshot and len(text) >= SHORTEST:
        rows = snapshot.find_patients(text)
    return {"rows": rows, "more": len(rows) >= FIND_LIMIT}


def _serial(text: str) -> str:
    try:
        return serials.parse_serial(text)
    except InputError:
        return ""
