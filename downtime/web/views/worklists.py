"""What waits: the records team's start page."""

from flask import Blueprint, render_template

from downtime.accounts.model import Permission
from downtime.errors import NotFoundError
from downtime.reconcile.compare.run_comparison import find_latest_outage
from downtime.web import request_context, worklist_counts
from downtime.web.responses import Answer
from downtime.web.view_permissions import requires

waiting = Blueprint("waiting", __name__)


@waiting.get("/waiting")
@requires(Permission.ENTRY_QUEUE)
def show() -> Answer:
    """The lists of the present or last outage, each with how many wait in it."""
    try:
        outage = find_latest_outage(request_context.vault())
    except NotFoundError:
        return render_template("waiting.html", outage=None)
    steps = worklist_counts.steps(outage)
    total = sum(line.n for lines in steps.values() for line in lines if not line.within)
    return render_template("waiting.html", outage=outage, steps=steps, total=total)
