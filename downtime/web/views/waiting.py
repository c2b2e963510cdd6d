"""What waits: the records team's start page."""

from flask import Blueprint, render_template

from downtime.errors import NotFoundError
from downtime.reconcile.run import latest
from downtime.web import current, waits
from downtime.web.actions import action
from downtime.web.answers import Answer

waiting = Blueprint("waiting", __name__)


@waiting.get("/waiting")
@action("entry.queue")
def show() -> Answer:
    """The lists of the present or last outage, each with how many wait in it."""
    try:
        outage = latest(current.vault())
    except NotFoundError:
        return render_template("waiting.html", outage=None)
    steps = waits.steps(outage)
    total = sum(line.n for lines in steps.values() for line in lines if not line.within)
    return render_template("waiting.html", outage=outage, steps=steps, total=total)
