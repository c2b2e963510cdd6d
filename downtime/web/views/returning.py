"""Returns: send decided items out as messages or a worklist, and see what has gone out."""

from flask import Blueprint, render_template, request

from downtime.errors import NotFoundError
from downtime.reconcile import decide
from downtime.reconcile.run import latest
from downtime.reconcile.states import RETURN
from downtime.returns import store
from downtime.web import current
from downtime.web.actions import action
from downtime.web.answers import Answer
from downtime.web.views.jobs import ask
from downtime.web.work import WHY

returning = Blueprint("returning", __name__)


@returning.get("/returns")
@action("return.export")
def show() -> Answer:
    """What waits to go out, and what has gone."""
    vault = current.vault()
    try:
        outage = latest(vault)
    except NotFoundError:
        return render_template("returns.html", outage=None, waiting=0, sent=[], folder="")
    sent = list(store.messages(vault.db, outage.id))
    return render_template(
        "returns.html",
        outage=outage,
        waiting=len(decide.items(vault, outage.id, decision=RETURN)),
        sent=sent[::-1],
        folder=str(current.web().home.path / "returns" / outage.id),
    )


@returning.post("/returns")
@action("return.export")
def export() -> Answer:
    """Write the messages or the worklist; each item goes out once."""
    return ask("returns", {"format": request.form.get("format", "")}, WHY)
