"""Labels: of a patient, of a ward, for boxes of forms, and the page that aligns the printer."""

from dataclasses import replace
from io import BytesIO

from flask import Blueprint, request

from downtime.accounts.model import Permission
from downtime.errors import NotFoundError
from downtime.paper.forms.load_form import load_forms
from downtime.paper.labels import alignment_test
from downtime.paper.labels.bedside_labels import NewbornBands, SpecimenLabels
from downtime.paper.labels.model import LABEL_SHEETS, LabelKind
from downtime.paper.labels.policies import MOST_BABIES, MOST_COPIES
from downtime.paper.labels.print_labels import LabelRequest, PatientLabels, StockLabels, WardLabels
from downtime.paper.packs.policies import check_wards
from downtime.web import request_context
from downtime.web.job_kinds import PDF, REASON_ON_SCREEN
from downtime.web.responses import ViewResponse, file_response, read_whole_number
from downtime.web.view_permissions import require_permission
from downtime.web.views.printing import queue

blueprint = Blueprint("labels", __name__)
MOST_LABELS = max(sheet.label_count for sheet in LABEL_SHEETS.values())


@blueprint.post("/labels/ward")
@require_permission(Permission.PACK_PRINT)
def ward() -> ViewResponse:
    """Labels or wristbands of every patient of a ward."""
    ward = request.form.get("ward", "")
    check_wards(request_context.snapshot(), [ward])
    return _queue(WardLabels(label=_chosen_kind(), wards=(ward,)))


@blueprint.post("/labels/patient")
@require_permission(Permission.PACK_PRINT)
def patient() -> ViewResponse:
    """Labels or wristbands of one patient."""
    patient = request_context.hospital_now().get_person(request.form.get("patient", ""))
    return _queue(PatientLabels(label=_chosen_kind(), patient=patient.id))


@blueprint.post("/labels/specimen")
@require_permission(Permission.PACK_PRINT)
def specimen() -> ViewResponse:
    """Labels for the chosen tubes of one patient."""
    patient = request_context.hospital_now().get_person(request.form.get("patient", ""))
    return _queue(SpecimenLabels(patient=patient.id, tubes=tuple(request.form.getlist("tube"))))


@blueprint.post("/labels/newborn")
@require_permission(Permission.PACK_PRINT)
def newborn() -> ViewResponse:
    """Two wristbands of a baby, whose mother is named by a number of hers."""
    baby = request_context.hospital_now().get_person(request.form.get("patient", ""))
    snapshot = request_context.snapshot()
    mother = snapshot.find_patient_by_identifier(request.form.get("mother", "").strip())
    if mother is None:
        raise NotFoundError(
            "labels.mother",
            "Nobody in the snapshot has that number.",
            "Give a number of the mother.",
        )
    order = read_whole_number("order", "Which baby", 1, MOST_BABIES)
    babies = read_whole_number("babies", "Babies of this birth", 1, MOST_BABIES)
    return _queue(NewbornBands(patient=baby.id, mother=mother.id, order=order, babies=babies))


@blueprint.post("/labels/stock")
@require_permission(Permission.FORM_PRINT)
def stock() -> ViewResponse:
    """A label for the box of every form."""
    return _queue(StockLabels(forms=tuple(load_forms(request_context.vault().home))))


@blueprint.post("/labels/test")
@require_permission(Permission.FORM_PRINT)
def test() -> ViewResponse:
    """Outlines of a sheet's labels on plain paper; it holds nothing of anybody."""
    out = BytesIO()
    sheet = request.form.get("sheet", "")
    alignment_test.print_alignment_test(
        request_context.settings(), sheet, request_context.now(), out
    )
    return file_response(out.getvalue(), PDF, f"alignment test {sheet}.pdf", inline=True)


def _chosen_kind() -> LabelKind:
    is_wristband = request.form.get("kind") == LabelKind.WRISTBAND
    return LabelKind.WRISTBAND if is_wristband else LabelKind.PATIENT


def _queue(labels: LabelRequest) -> ViewResponse:
    """Queue labels on the chosen sheet; no number of copies is read as the sheet's own."""
    copies = request.form.get("copies", "").strip()
    on_sheet = replace(
        labels,
        sheet=request.form.get("sheet", ""),
        start=read_whole_number("start", "The first free label", 1, MOST_LABELS),
        copies=read_whole_number("copies", "Labels of each", 1, MOST_COPIES) if copies else 0,
    )
    return queue(on_sheet, REASON_ON_SCREEN)
