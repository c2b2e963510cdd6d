"""Returns: send decided items out, see how far each message has come, settle what was refused."""

from typing import NamedTuple
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.clinical import display
from downtime.errors import InputError, NotFoundError, parse_choice
from downtime.outage import outages
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import Decision, ItemFilter
from downtime.reconcile.store import items as items_store
from downtime.returns import check_targets, outbox, queue_messages, take_back_message
from downtime.returns.channels import CHANNELS
from downtime.returns.model import LIFECYCLE, STATE_TITLES, Message, MessageState, word_reason
from downtime.returns.policies import may_have_arrived
from downtime.returns.store import outbox_messages, target_pauses
from downtime.web import request_context
from downtime.web.job_kinds import JobName
from downtime.web.listing import (
    PAGE_ROWS,
    cut_page,
    find_offset,
    has_words,
    make_page,
    searched_text,
    table_response,
)
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission
from downtime.web.views.jobs import submit_and_follow

blueprint = Blueprint("returns", __name__)

_REFUSED = 20
"""Refused messages that are settled on one page; the next come up as these go."""
SEARCH = "returns"


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
    only, text, wanted = request.args.get("only", ""), searched_text(SEARCH), _read_filter()
    if only:
        refused = [message for message in refused if message.control_id == only]
    if only or text:
        listing = cut_page(_find_messages(outage.id, wanted, only, text))
    else:
        total = sum(
            states[state]
            for system, states in counts.items()
            for state in states
            if wanted.system in ("", system) and wanted.state in (None, state)
        )
        rows = outbox_messages.list_newest(
            vault.db, outage.id, system=wanted.system, state=wanted.state, limit=PAGE_ROWS,
            offset=find_offset(total),
        )  # fmt: skip
        listing = make_page(rows, total)
    refusals = refused[:_REFUSED]
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
        down=outages.list_down_systems(vault),
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
        text=text,
        wanted=wanted,
        network=[t.system for t in targets if CHANNELS[t.channel].open_connection],
        faults=faults,
        folder=str(request_context.app_state().home.path / "returns" / outage.id),
    )


class MessageFilter(NamedTuple):
    """Which messages are listed: of one system, in one state; empty for any."""

    system: str
    state: MessageState | None


def _read_filter() -> MessageFilter:
    name = request.args.get("state", "")
    state = (
        parse_choice(MessageState, name, "return.state", "There is no such state.")
        if name
        else None
    )
    return MessageFilter(request.args.get("system", ""), state)


def _find_messages(outage_id: str, wanted: MessageFilter, only: str, text: str) -> list[Message]:
    """Those of a filter with this control ID, or that hold what somebody looks for, newest first."""
    messages = outbox_messages.list_newest(
        request_context.vault().db, outage_id, system=wanted.system, state=wanted.state
    )
    return [
        message
        for message in messages
        if only in ("", message.control_id) and (not text or _has(message, text))
    ]


def _has(message: Message, text: str) -> bool:
    """Whether a message is searched for: by system, kind, state, control ID, reason, answer or serial."""
    return has_words(
        text, message.system, message.kind, STATE_TITLES[message.state], message.control_id,
        message.reason, message.answer, *message.items,
    )  # fmt: skip


@blueprint.get("/returns.<file_kind>")
@require_permission(Permission.RETURN_EXPORT)
def download(file_kind: str) -> ViewResponse:
    """All messages of the filter for a spreadsheet; no patient is named."""
    outage = find_latest_outage(request_context.vault())
    zone = ZoneInfo(request_context.settings().site.time_zone)
    messages = _find_messages(outage.id, _read_filter(), "", searched_text(SEARCH))
    head = ("When", "System", "Kind", "Channel", "State", "Why", "Attempts", "Control ID", "Items")
    table = [
        (
            display.format_moment(message.changed, zone), message.system, message.kind,
            CHANNELS[message.channel].title, STATE_TITLES[message.state],
            word_reason(message.reason), str(message.attempts), message.control_id,
            " ".join(message.compared),
        )
        for message in messages
    ]  # fmt: skip
    return table_response(file_kind, f"messages {outage.label}", head, table)


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
