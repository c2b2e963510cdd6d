"""Outages and drills: declare systems down, say that they are back, close the books."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.outage import outages as rules
from downtime.snapshot import load_bundle
from downtime.web import request_context
from downtime.web.responses import Answer, required_reason
from downtime.web.view_permissions import requires

outages = Blueprint("outages", __name__)


@outages.get("/outages")
@requires(Permission.OUTAGE_VIEW)
def show() -> Answer:
    """What is down now, and what was."""
    names = request_context.settings().systems.names
    return render_template(
        "outages.html", names=names, history=rules.list_outages(request_context.vault())
    )


@outages.post("/outages/declare")
@requires(Permission.OUTAGE_DECLARE)
def declare() -> Answer:
    """Declare the ticked systems down; the snapshot of this moment stays as T0."""
    vault, names, reason = (
        request_context.vault(),
        request_context.settings().systems.names,
        required_reason(),
    )
    systems = request.form.getlist("systems")
    rules.check_system_names(systems, names)
    first = rules.find_current(vault) is None
    outage = rules.declare_systems_down(
        vault,
        systems,
        request_context.actor(),
        reason,
        known=names,
        snapshot=load_bundle.pin_current_snapshot(vault, request_context.actor(), reason)
        if first
        else "",
        drill=request.form.get("drill") == "1",
    )
    flash(f"{outage.label}: {', '.join(outage.down)} declared down.")
    return redirect(url_for("guidance.show"), 303)


@outages.post("/outages/end")
@requires(Permission.OUTAGE_END)
def end() -> Answer:
    """Say that the ticked systems are back."""
    systems = request.form.getlist("systems")
    rules.check_system_names(systems, request_context.settings().systems.names)
    outage = rules.mark_restored(
        request_context.vault(), systems, request_context.actor(), required_reason()
    )
    still = f"Still down: {', '.join(outage.down)}." if outage.down else "All systems are back."
    flash(f"{', '.join(systems)}: back. {still}")
    return redirect(url_for("outages.show"), 303)


@outages.post("/outages/close")
@requires(Permission.OUTAGE_END)
def close() -> Answer:
    """Close the books of an outage whose systems are all back."""
    outage = rules.close_outage(
        request_context.vault(),
        request.form.get("outage", ""),
        request_context.actor(),
        required_reason(),
    )
    flash(f"{outage.label} is closed.")
    return redirect(url_for("outages.show"), 303)
