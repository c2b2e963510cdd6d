"""Outages and drills: declare systems down, say that they are back, close the books."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.outage import outages as rules
from downtime.snapshot import load
from downtime.web import current
from downtime.web.actions import action
from downtime.web.answers import Answer, reason

outages = Blueprint("outages", __name__)


@outages.get("/outages")
@action("outage.view")
def show() -> Answer:
    """What is down now, and what was."""
    names = current.settings().systems.names
    return render_template("outages.html", names=names, history=rules.history(current.vault()))


@outages.post("/outages/declare")
@action("outage.declare")
def declare() -> Answer:
    """Declare the ticked systems down; the snapshot of this moment stays as T0."""
    vault, names, why = current.vault(), current.settings().systems.names, reason()
    systems = request.form.getlist("systems")
    rules.check_names(systems, names)
    first = rules.current(vault) is None
    outage = rules.declare(
        vault,
        systems,
        current.who(),
        why,
        known=names,
        snapshot=load.pin_current(vault, current.who(), why) if first else "",
        drill=request.form.get("drill") == "1",
    )
    flash(f"{outage.label}: {', '.join(outage.down)} declared down.")
    return redirect(url_for("guidance.show"), 303)


@outages.post("/outages/end")
@action("outage.end")
def end() -> Answer:
    """Say that the ticked systems are back."""
    systems = request.form.getlist("systems")
    rules.check_names(systems, current.settings().systems.names)
    outage = rules.end(current.vault(), systems, current.who(), reason())
    still = f"Still down: {', '.join(outage.down)}." if outage.down else "All systems are back."
    flash(f"{', '.join(systems)}: back. {still}")
    return redirect(url_for("outages.show"), 303)


@outages.post("/outages/close")
@action("outage.end")
def close() -> Answer:
    """Close the books of an outage whose systems are all back."""
    outage = rules.close(current.vault(), request.form.get("outage", ""), current.who(), reason())
    flash(f"{outage.label} is closed.")
    return redirect(url_for("outages.show"), 303)
