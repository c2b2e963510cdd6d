"""Labels: of a patient, of a ward, for boxes of forms, and the page that aligns the printer."""

from io import BytesIO

from flask import Blueprint, request

from downtime.accounts.model import Permission
from downtime.paper import print_requests
from downtime.paper.forms.load_form import load_forms
from downtime.paper.labels import alignment_test
from downtime.paper.labels import print_labels as rules
from downtime.paper.labels.label_sheets import LABEL_SHEETS
from downtime.paper.print_requests import PrintRequest
from downtime.web import request_context
from downtime.web.job_kinds import PDF, REASON_ON_SCREEN
from downtime.web.responses import ViewResponse, file_response, read_whole_number
from downtime.web.view_permissions import requires
from downtime.web.views.printing import check_ward, queued

blueprint = Blueprint("labels", __name__)
MOST_LABELS = max(sheet.label_count for sheet in LABEL_SHEETS.values())


@blueprint.post("/labels/ward")
@requires(Permission.PACK_PRINT)
def ward() -> ViewResponse:
    """Labels or wristbands of every patient of a ward."""
    chosen = request.form.get("ward", "")
    check_ward(chosen)
    return _ask(_kind(), wards=(chosen,))


@blueprint.post("/labels/patient")
@requires(Permission.PACK_PRINT)
def patient() -> ViewResponse:
    """Labels or wristbands of one patient."""
    found = request_context.snapshot().get_patient(request.form.get("patient", ""))
    return _ask(_kind(), patient=found.id)


@blueprint.post("/labels/stock")
@requires(Permission.FORM_PRINT)
def stock() -> ViewResponse:
    """A label for the box of every form."""
    return _ask(rules.STOCK, forms=tuple(load_forms(request_context.vault().home)))


@blueprint.post("/labels/test")
@requires(Permission.FORM_PRINT)
def test() -> ViewResponse:
    """Outlines of a sheet's labels on plain paper; it holds nothing of anybody."""
    out = BytesIO()
    sheet = request.form.get("sheet", "")
    alignment_test.print_alignment_test(
        request_context.settings(), sheet, request_context.now(), out
    )
    return file_response(out.getvalue(), PDF, f"alignment test {sheet}.pdf", inline=True)


def _kind() -> str:
    return rules.WRISTBAND if request.form.get("kind") == rules.WRISTBAND else rules.PATIENT


def _ask(
    kind: str,
    *,
    wards: tuple[str, ...] = (),
    patient: str = "",
    forms: tuple[str, ...] | None = None,
) -> ViewResponse:
    copies = request.form.get("copies", "").strip()
    order = PrintRequest(
        kind=print_requests.LABELS,
        label=kind,
        wards=wards,
        patient=patient,
        forms=forms,
        sheet=request.form.get("sheet", ""),
        start=read_whole_number("start", "The first free label", 1, MOST_LABELS),
        copies=read_whole_number("copies", "Labels of each", 1, rules.MOST_COPIES)
        if copies
        else None,
    )
    return queued(order, REASON_ON_SCREEN)
