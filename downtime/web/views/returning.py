"""Returns: send decided items out, see how far each message has come, settle what was refused."""

from flask import Blueprint, redirect, render_template, request, url_for

from downtime.errors import InputError, NotFoundError
from downtime.reconcile import decide
from downtime.reconcile import store as items
from downtime.reconcile.run import latest
from downtime.reconcile.states import RETURN
from downtime.returns import checking, outbox, queueing, sending, store, taking_back
from downtime.returns.states import CHANNELS, LIFECYCLE, REFUSED, SAID
from downtime.web import current
from downtime.web.actions import action
from downtime.web.answers import Answer
from downtime.web.views.jobs import ask
from downtime.web.work import WHY

returning = Blueprint("returning", __name__)

NEWEST = 200
"""Messages listed at most; the commands list all."""


@returning.get("/returns")
@action("return.export")
def show() -> Answer:
    """What waits to go out, what was refused, and what has gone."""
    vault, settings = current.vault(), current.settings()
    try:
        outage = latest(vault)
    except NotFoundError:
        return render_template("returns.html", outage=None)
    counts: dict[str, dict[str, int]] = {}
    for row in store.sent_counts(vault.db, outage.id):
        states = counts.setdefault(row["system"], dict.fromkeys(LIFECYCLE.moves, 0))
        states[row["state"]] += row["messages"]
    refused = list(store.messages(vault.db, outage.id, state=REFUSED))
    carried = items.with_keys(vault.db, (key for one in refused for key in one.compared))
    good, faults = checking.check_all(settings)
    return render_template(
        "returns.html",
        outage=outage,
        waiting=len(decide.items(vault, outage.id, decision=RETURN)),
        counts=counts,
        states=list(LIFECYCLE.moves),
        said=SAID,
        channels=CHANNELS,
        refused=refused,
        titles={row.key: row.item.fact.title for row in carried},
        behind={one.control_id: taking_back.behind(vault.db, one) for one in refused},
        sent=store.newest(vault.db, outage.id, NEWEST),
        newest=NEWEST,
        network=[target.system for target in good if target.channel in sending.LINES],
        faults=faults,
        folder=str(current.web().home.path / "returns" / outage.id),
    )


@returning.post("/returns")
@action("return.export")
def export() -> Answer:
    """Write the messages or the worklist; each item goes out once."""
    return ask("returns", {"format": request.form.get("format", "")}, WHY)


@returning.post("/returns/send")
@action("return.export")
def send() -> Answer:
    """Send to one system over the network, as a job."""
    return ask("send", {"system": request.form.get("system", "")}, WHY)


@returning.post("/returns/message")
@action("return.export")
def settle() -> Answer:
    """Send a refused message again, say that people put it right, or take it back."""
    vault, who = current.vault(), current.who()
    number, why = request.form.get("number", ""), request.form.get("why", "")
    match request.form.get("do", ""):
        case "again":
            queueing.again(vault, current.settings(), number, who, why)
        case "resolve":
            outbox.resolve(vault, number, who, why)
        case "take-back":
            taking_back.take_back(vault, number, who, why)
        case _:
            raise InputError(
                "return.do", "There is no such thing to do.", "Choose one of the three."
            )
    return redirect(url_for("returning.show"))
