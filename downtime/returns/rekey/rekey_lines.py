"""Re-key worklists: what is on them, ticked line by line, and taken back with a reason.

A line is a message of the outbox whose receiver is a person: ticked, it counts as returned.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlite_utils import Database

from downtime.entry.facts import Fact
from downtime.reconcile.identity.links import list_merges
from downtime.reconcile.identity.model import Merge, MergeState
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import Decision, DecisionRecord, Item, ItemState, StoredItem
from downtime.reconcile.store import items as items_store
from downtime.returns import outbox, queue_messages
from downtime.returns.message_drafts import make_merge_key
from downtime.returns.model import AuditAction, Channel, Message, MessageState, Tick
from downtime.returns.policies import (
    check_is_worklist_line,
    check_not_drill,
    check_not_ticked,
    check_reason,
    check_tick_number,
)
from downtime.returns.queue_messages import QueueResult
from downtime.returns.rekey.line_text import SEPARATION
from downtime.returns.rekey.model import LineState, RekeyLine
from downtime.returns.store import outbox_messages, rekey_ticks
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class WorklistSummary:
    """One list and how far it is."""

    system: str
    department: str
    lines: int
    done: int


def fill_worklists(vault: Vault, settings: Settings, actor: Actor) -> list[QueueResult]:
    """Put on the worklists what is decided and no other channel can carry.

    A system with a channel of its own (`returns.targets`) hears by it first; what that cannot say
    is listed. Any other system's items are listed as they are. ConflictError for a drill.
    """
    outage = find_latest_outage(vault)
    check_not_drill(outage)
    decided = items_store.fetch_items(vault.db, outage.id, decision=Decision.RETURN)
    systems = {row.item.fact.system for row in decided} | set(settings.returns.targets)
    return [
        queue_messages.queue_items(vault, settings, actor, system=system, channel=channel)
        for system in sorted(systems)
        for channel in (None, Channel.WORKLIST)
        if channel or system in settings.returns.targets
    ]


def list_lines(vault: Vault, outage: str) -> list[RekeyLine]:
    """Every line of an outage's worklists, in keying order."""
    ticks = rekey_ticks.list_ticks(vault.db, outage)
    messages = [
        message
        for message in outbox_messages.list_messages(vault.db, outage, channel=Channel.WORKLIST)
        if message.state != MessageState.RESOLVED
    ]
    message_by_key = {key: message for message in messages for key in message.items}
    items = [row for row in items_store.fetch_items(vault.db, outage) if row.key in message_by_key]
    separations = list_separations(
        vault.db, outage, {message.control_id: message for message in messages}
    )
    lines = []
    for row in (*items, *separations):
        message = message_by_key[row.key]
        tick = ticks.get(message.control_id)
        state = LineState.DONE if tick else LineState.TO_KEY
        lines.append(RekeyLine(row, message, tick, state))
    return sorted(lines, key=lambda line: line.order)


def summarize_lists(lines: Iterable[RekeyLine]) -> list[WorklistSummary]:
    """The lists among these lines, with their progress."""
    ticked_by_list: dict[tuple[str, str], list[bool]] = {}
    for line in lines:
        ticked_by_list.setdefault(line.worklist, []).append(line.tick is not None)
    return [
        WorklistSummary(*name, len(ticked), sum(ticked)) for name, ticked in ticked_by_list.items()
    ]


def tick_line(vault: Vault, control_id: str, number: str, actor: Actor) -> None:
    """Say that a line is keyed; `number` is what the live system gave it, empty when it gives none.

    ConflictError when somebody ticked it already: two people keyed it, so one of the two is double.
    """
    number = " ".join(number.split())
    check_tick_number(number)
    with vault.change(actor, AuditAction.REKEY_TICK, target=control_id) as db:
        message = _require_line(db, control_id)
        ticks = rekey_ticks.list_ticks(db, message.outage)
        check_not_ticked(message, ticks.get(control_id))
        now = vault.now()
        if message.state == MessageState.QUEUED:
            outbox.move_message(db, message, MessageState.SENT, now)
        outbox.move_message(db, message, MessageState.ACKNOWLEDGED, now, answer=number)
        rekey_ticks.insert_tick(
            db,
            Tick(
                control_id=control_id,
                number=number,
                ticked=now,
                ticked_by=actor.id,
                ticked_by_name=actor.name,
            ),
        )


def untick_line(vault: Vault, control_id: str, actor: Actor, reason: str) -> None:
    """Take a tick back; what it said is kept. InputError without a reason."""
    reason = check_reason(reason)
    with vault.change(actor, AuditAction.REKEY_UNTICK, target=control_id, reason=reason) as db:
        message, now = _require_line(db, control_id), vault.now()
        outbox.move_message(db, message, MessageState.SENT, now, answer="", reason=reason)
        rekey_ticks.close_tick(db, control_id, now, actor.id, actor.name, reason)


def _require_line(db: Database, control_id: str) -> Message:
    message = outbox.require_message(db, control_id)
    check_is_worklist_line(message)
    return message


def list_separations(db: Database, outage: str, messages: dict[str, Message]) -> list[StoredItem]:
    """The separations among these messages of worklists (by control ID), as rows of their own."""
    systems = sorted({message.system for message in messages.values()})
    rows = []
    for merge in list_merges(db, outage):
        if merge.state != MergeState.UNLINKED:
            continue
        system_by_key = {make_merge_key(merge, system): system for system in systems}
        for key, carriers in outbox_messages.find_carriers(db, system_by_key).items():
            if any(carrier.control_id in messages for carrier in carriers):
                rows.append(_separation_row(merge, key, system_by_key[key], outage))
    return rows


def _separation_row(merge: Merge, key: str, system: str, outage: str) -> StoredItem:
    fact = Fact(
        key=key,
        type=SEPARATION,
        system=system,
        form="",
        serial="",
        person=merge.downtime,
        event=merge.decided,
        author=merge.decided_by_name,
        fields={"text": f"Separate {merge.number} again"},
        notes=(
            ("Was joined with", _survivor_text(merge)),
            ("To do", "Split the two records, and move what belongs to the downtime number back."),
        ),
    )
    person = merge.survivor._replace(downtime_number=merge.number)
    decided = DecisionRecord(
        decision=Decision.RETURNED,
        decided=merge.decided,
        decided_by_name=merge.decided_by_name,
        reason="The link was undone.",
    )
    item = Item(fact, ItemState.CONFLICT, (), person=person)
    return StoredItem(item, outage, "", "", merge.decided, decided)


def _survivor_text(merge: Merge) -> str:
    survivor = merge.survivor
    number = survivor.mrn or survivor.nhs_number
    return " ".join(filter(None, (number, survivor.family, survivor.given)))
