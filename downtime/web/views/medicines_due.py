"""The medicines of a ward that are due in the next hours, on the screen and on paper."""

from contextlib import closing

from flask import Blueprint, render_template, request

from downtime.accounts.model import Permission
from downtime.paper.packs.medicines_due import (
    MAY_BE_GIVEN,
    NOT_LISTED,
    OF_NO_PRESCRIPTION,
    MedicinesDue,
    read_ward_medicines,
)
from downtime.paper.packs.print_context import PrintContext
from downtime.web import request_context
from downtime.web.job_kinds import REASON_ON_SCREEN
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission
from downtime.web.views.beds import choose_ward, find_my_ward, find_ward
from downtime.web.views.printing import queue_as_chosen

blueprint = Blueprint("medicines_due", __name__)


@blueprint.get("/medicines-due")
@require_permission(Permission.PATIENT_VIEW)
def show() -> ViewResponse:
    """What is due for whom of a ward as staff say it is now, time-critical medicines first."""
    snapshot = request_context.snapshot()  # else says why there is none
    ward = request.args.get("ward") or find_my_ward()
    if not ward:
        return choose_ward("medicines_due.show", "Medicines due")
    context = PrintContext(
        request_context.vault(),
        request_context.settings(),
        request_context.actor(),
        "",
        snapshot,
    )
    with closing(context):
        medicines = read_ward_medicines(context, find_ward(ward).code)
    return render_template(
        "medicines_due/show.html",
        ward=ward,
        medicines=medicines,
        not_listed=NOT_LISTED,
        may_be_given=MAY_BE_GIVEN,
        of_no_prescription=OF_NO_PRESCRIPTION,
    )


@blueprint.post("/medicines-due")
@require_permission(Permission.FORM_PRINT)
def print_list() -> ViewResponse:
    """Print it."""
    return queue_as_chosen(MedicinesDue(ward=request.form.get("ward", "")), REASON_ON_SCREEN)
