"""Returns: send decided items out, see how far each message has come, settle what was refused."""

from flask import Blueprint, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.errors import InputError, NotFoundError
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import Decision, ItemFilter
from downtime.reconcile.store import items as items_store
from downtime.returns import check_targets, outbox, queue_messages, take_back_message
from downtime.returns.channels import CHANNELS
from downtime.returns.model import LIFECYCLE, STATE_TITLES, MessageState, word_reason
from downtime.returns.policies import may_have_arrived
from downtime.returns.store import outbox_messages, target_pauses
from downtime.web import request_context
from downtime.web.job_kinds import JobName
from downtime.web.listing import cut_page
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission
from downtime.web.views.jobs import submit_and_follow

blueprint = Blueprint("returns", __name__)

_REFUSED = 20
"""Refused messages that are settled on one page; the next come up as these go."""
NEWEST = 5_000
"""Messages listed at most; the commands list all."""


@blueprint.get("/returns")
@require_permission(Permission.RETURN_EXPORT)
def show() -> ViewResponse:
    """Worklists to go out, what was refused, and what has gone."""
    vault, settings = request_context.vault(), request_context.settings()
    try:
        outage = find_latest_outage(vault)
    except NotFoundError:
        return render_template("returns/show.html", outage=None)
    counts: dict[str, dict[str, int]] = {}
    for count in outbox_messages.count_messages(vault.db, outage.id):
        states = counts.setdefault(count.system, dict.fromkeys(LIFECYCLE.moves, 0))
        states[count.state] += count.messages
    refused = list(outbox_messages.list_messages(vault.db, outage.id, state=MessageState.REFUSED))
    only = request.args.get("only", "")
    sent = outbox_messages.list_newest(vault.db, outage.id, NEWEST)
    if only:
        refused = [message for message in refused if message.control_id == only]
        sent = [
            m for m in outbox_messages.list_messages(vault.db, outage.id) if m.control_id == only
        ]
    listing, refusals = cut_page(sent), refused[:_REFUSED]
    keys = {key for message in (*refusals, *listing.rows) for key in message.compared}
    items = items_store.fetch_by_keys(vault.db, keys)
    targets, faults = check_targets.check_targets(settings)
    return render_template(
        "returns/show.html",
        outage=outage,
        waiting=items_store.count_items(vault.db, outage.id, ItemFilter(decision=Decision.RETURN)),
        counts=counts,
        states=list(LIFECYCLE.moves),
        state_titles=STATE_TITLES,
        channels=CHANNELS,
        word_reason=word_reason,
        may_have_arrived=may_have_arrived,
        pauses=target_pauses.list_pauses(vault.db, vault.now()),
        refused=refusals,
        more_refused=len(refused) - len(refusals),
        only=only,
        titles={stored.key: stored.item.fact.title for stored in items},
        behind={
            message.control_id: take_back_message.list_waiting_behind(vault.db, message)
            for message in refusals
        },
        listing=listing,
        newest=NEWEST,
        network=[t.system for t in targets if CHANNELS[t.channel].open_connection],
        faults=faults,
        folder=str(request_context.app_state().home.path / "returns" / outage.id),
    )


@blueprint.post("/returns")
@require_permission(Permission.RETURN_EXPORT)
def export() -> ViewResponse:
    """Write the messages or the worklist; each item goes out once."""
    return submit_and_follow(JobName.RETURNS, {"format": request.form.get("format", "")})


@blueprint.post("/returns/send")
@require_permission(Permission.RETURN_EXPORT)
def send() -> ViewResponse:
    """Send to one system over the network, as a job."""
    return submit_and_follow(JobName.SENDING, {"system": request.form.get("system", "")})


@blueprint.post("/returns/message")
@require_permission(Permission.RETURN_EXPORT)
def settle() -> ViewResponse:
    """Send a refused message again, say that people put it right, or take it back."""
    vault, actor = request_context.vault(), request_context.actor()
    number, reason = request.form.get("number", ""), request.form.get("reason", "")
    is_absent = bool(request.form.get("absent"))
    match request.form.get("do", ""):
        case "again":
            queue_messages.resend_message(
                vault, request_context.settings(), number, actor, reason, is_absent=is_absent
            )
        case "resolve":
            outbox.resolve_message(vault, number, actor, reason)
        case "take-back":
            take_back_message.take_back_message(vault, number, actor, reason, is_absent=is_absent)
        case _:
            raise InputError(
                "return.do", "There is no such thing to do.", "Choose one of the three."
            )
    return redirect(url_for("returns.show"))
