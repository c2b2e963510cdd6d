"""Worklists: the records team's start page."""

from flask import Blueprint, render_template

from downtime.accounts.model import Permission
from downtime.entry.recovery_debt import measure_debt
from downtime.errors import NotFoundError
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.web import request_context, worklist_counts
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("worklists", __name__)


@blueprint.get("/worklists")
@require_permission(Permission.ENTRY_QUEUE)
def show() -> ViewResponse:
    """The lists of the present or last outage, each with how many wait in it."""
    try:
        outage = find_latest_outage(request_context.vault())
    except NotFoundError:
        return render_template("worklists/show.html", outage=None)
    steps = worklist_counts.count_worklists(outage)
    total = sum(
        line.waiting for lines in steps.values() for line in lines if not line.is_part_of_previous
    )
    return render_template(
        "worklists/show.html",
        outage=outage,
        steps=steps,
        total=total,
        debt=measure_debt(request_context.vault(), request_context.settings()),
    )
