"""The hand-over of a shift: a ward, or some of its bays, on the screen and on paper."""

from contextlib import closing

from flask import Blueprint, render_template, request

from downtime.accounts.model import Permission
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.shift_handover import ShiftHandover, list_lines
from downtime.web import request_context
from downtime.web.job_kinds import REASON_ON_SCREEN
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission
from downtime.web.views.beds import choose_ward, find_my_ward, find_ward
from downtime.web.views.printing import queue_as_chosen

blueprint = Blueprint("handover", __name__)
_MOST_NAME = 60


@blueprint.get("/handover")
@require_permission(Permission.BED_LIST)
def show() -> ViewResponse:
    """Who is on the ward as staff say it is now, with what was recorded in the last shift."""
    request_context.snapshot()  # else says why there is none
    ward = request.args.get("ward") or find_my_ward()
    if not ward:
        return choose_ward("handover.show", "Hand-over")
    find_ward(ward)
    bays = tuple(request.args.getlist("bay"))
    context = PrintContext(
        request_context.vault(),
        request_context.settings(),
        request_context.actor(),
        "",
        request_context.snapshot(),
    )
    with closing(context):
        lines = list(list_lines(context, ward))
    stays = [line.row.encounter for line in lines if line.row.encounter]
    return render_template(
        "handover/show.html",
        ward=ward,
        bays=sorted({stay.bay for stay in stays} - {""}),
        chosen=bays,
        lines=[
            line
            for line in lines
            if not bays or (line.row.encounter and line.row.encounter.bay in bays)
        ],
        hours=request_context.settings().readiness.shift_hours,
    )


@blueprint.post("/handover")
@require_permission(Permission.FORM_PRINT)
def print_list() -> ViewResponse:
    """Print it."""
    return queue_as_chosen(
        ShiftHandover(
            ward=request.form.get("ward", ""),
            bays=tuple(request.form.getlist("bay")),
            nurse=request.form.get("nurse", "").strip()[:_MOST_NAME],
            with_forms="with_forms" in request.form,
        ),
        REASON_ON_SCREEN,
    )
