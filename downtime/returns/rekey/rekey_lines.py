"""Re-key worklists: what is on them and how far they are.

A line is a message of the outbox whose receiver is a person: ticked, it counts as returned.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from downtime.clinical.identifiers import fold_number
from downtime.entry.facts import Fact
from downtime.reconcile.identity.links import list_merges
from downtime.reconcile.identity.model import Merge, MergeState
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import Decision, DecisionRecord, Item, ItemState, StoredItem
from downtime.reconcile.store import items as items_store
from downtime.returns import queue_messages
from downtime.returns.message_drafts import make_merge_key
from downtime.returns.model import Channel, Message, MessageState
from downtime.returns.policies import check_not_drill
from downtime.returns.queue_messages import QueueResult
from downtime.returns.rekey.line_text import SEPARATION
from downtime.returns.rekey.model import LineState, RekeyLine
from downtime.returns.store import number_claims, outbox_messages, rekey_ticks
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
    claims = number_claims.fetch_claims(vault.db, outage)
    messages = [
        message
        for message in outbox_messages.list_messages(vault.db, outage, channel=Channel.WORKLIST)
        if message.state != MessageState.RESOLVED
    ]
    message_by_key = {key: message for message in messages for key in message.items}
    carried = items_store.fetch_by_keys(vault.db, message_by_key)
    items = [row for row in sorted(carried, key=_list_order) if row.outage == outage]
    separations = list_separations(
        vault.db, outage, {message.control_id: message for message in messages}
    )
    lines = []
    for row in (*items, *separations):
        message = message_by_key[row.key]
        tick = ticks.get(message.control_id)
        state = LineState.DONE if tick else LineState.TO_KEY
        lines.append(RekeyLine(row, message, tick, state, claims.get(message.control_id)))
    return sorted(lines, key=lambda line: line.order)


def _list_order(row: StoredItem) -> tuple[str, str, str]:
    fact = row.item.fact
    return fact.system, fact.form, row.key


def summarize_lists(lines: Iterable[RekeyLine]) -> list[WorklistSummary]:
    """The lists among these lines, with their progress."""
    ticked_by_list: dict[tuple[str, str], list[bool]] = {}
    for line in lines:
        ticked_by_list.setdefault(line.worklist, []).append(line.tick is not None)
    return [
        WorklistSummary(*name, len(ticked), sum(ticked)) for name, ticked in ticked_by_list.items()
    ]


def find_same_numbers(lines: Sequence[RekeyLine]) -> dict[str, list[RekeyLine]]:
    """By control ID of each line that waits for a second person: the ticked ones with its number."""
    ticked: dict[tuple[str, str], list[RekeyLine]] = {}
    for line in lines:
        if line.tick:
            key = line.message.system, fold_number(line.tick.number)
            ticked.setdefault(key, []).append(line)
    return {
        line.message.control_id: [
            other
            for other in ticked.get((line.message.system, fold_number(line.awaited.number)), ())
            if other.message.order_key != line.message.order_key
        ]
        for line in lines
        if line.awaited
    }


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
