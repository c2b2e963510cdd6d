"""Endurance: what is used up, how long it lasts, and what runs out next; and how stocks are counted."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.paper.endurance.model import COUNTED, HORIZONS_HOURS, STOCK_TITLES
from downtime.paper.endurance.project_endurance import count_stock, project_endurance
from downtime.web import request_context
from downtime.web.responses import ViewResponse, read_whole_number
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("endurance", __name__)
_MOST = 10_000_000
HORIZON_WORDS = dict(
    zip(HORIZONS_HOURS, ("4 hours", "24 hours", "72 hours", "4 weeks"), strict=True)
)


@blueprint.get("/endurance")
@require_permission(Permission.OUTAGE_VIEW)
def show() -> ViewResponse:
    """Every stock projected over four weeks, and the hours of keying that wait."""
    endurance = project_endurance(request_context.vault(), request_context.settings())
    return render_template(
        "endurance/show.html",
        endurance=endurance,
        titles=STOCK_TITLES,
        counted=COUNTED,
        horizons=HORIZON_WORDS,
    )


@blueprint.post("/endurance")
@require_permission(Permission.FORM_PRINT)
def count() -> ViewResponse:
    """Keep what somebody counted; a field that was left empty was not counted."""
    amounts = {
        kind: read_whole_number(kind, STOCK_TITLES[kind], 0, _MOST)
        for kind in COUNTED
        if request.form.get(kind, "").strip()
    }
    count_stock(request_context.vault(), amounts, request_context.actor())
    flash(f"{len(amounts)} stocks are counted." if amounts else "Nothing was counted.")
    return redirect(url_for("endurance.show"), 303)
