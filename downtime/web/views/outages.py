"""Outages and drills: declare systems down, mark them as restored, close the books."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.outage import outages as rules
from downtime.web import request_context
from downtime.web.responses import ViewResponse, required_reason
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("outages", __name__)


@blueprint.get("/outages")
@require_permission(Permission.OUTAGE_VIEW)
def show() -> ViewResponse:
    """What is down now, and what was."""
    names = request_context.settings().systems.names
    return render_template(
        "outages/show.html", names=names, history=rules.list_outages(request_context.vault())
    )


@blueprint.post("/outages/declare")
@require_permission(Permission.OUTAGE_DECLARE)
def declare() -> ViewResponse:
    """Declare the ticked systems down; the snapshot of this moment stays as T0."""
    outage = rules.declare_systems_down(
        request_context.vault(),
        request.form.getlist("systems"),
        request_context.actor(),
        required_reason(),
        known=request_context.settings().systems.names,
        drill=request.form.get("drill") == "1",
    )
    flash(f"{outage.label}: {', '.join(outage.down)} declared down.")
    return redirect(url_for("guidance.show"), 303)


@blueprint.post("/outages/end")
@require_permission(Permission.OUTAGE_END)
def end() -> ViewResponse:
    """Mark the ticked systems as restored."""
    systems = request.form.getlist("systems")
    outage = rules.mark_restored(
        request_context.vault(), systems, request_context.actor(), required_reason()
    )
    still = f"Still down: {', '.join(outage.down)}." if outage.down else "All systems are restored."
    flash(f"{', '.join(systems)}: restored. {still}")
    return redirect(url_for("outages.show"), 303)


@blueprint.post("/outages/close")
@require_permission(Permission.OUTAGE_END)
def close() -> ViewResponse:
    """Close the outage of an outage whose systems are all back."""
    outage = rules.close_outage(
        request_context.vault(),
        request.form.get("outage", ""),
        request_context.actor(),
        required_reason(),
    )
    flash(f"{outage.label} is closed.")
    return redirect(url_for("outages.show"), 303)
