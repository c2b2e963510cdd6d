"""Put what was decided `return` into the outbox, each item once, in the order records teams need.

The order: admissions, transfers and discharges; what is known of the person; requests before
results; medicines; documents; appointments. An item whose earlier message never took effect
(refused, held, or not tried yet) takes that message's place, together with what else was in it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from downtime.entry.facts import DOCUMENT
from downtime.entry.model import VERIFIED
from downtime.entry.store import entries as entry_store
from downtime.errors import ConflictError
from downtime.outage.model import Outage
from downtime.reconcile.identity.links import list_merges
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import Decision, StoredItem, ItemState
from downtime.reconcile.store import items as items_store
from downtime.returns import outbox
from downtime.returns.channels import WRITERS
from downtime.returns.fill_outbox import OutboxFiller
from downtime.returns.message_drafts import MessageContext, MessageDraft
from downtime.returns.model import AuditAction, Channel, Message, MessageState
from downtime.returns.profiles import read_target
from downtime.returns.store import outbox_messages
from downtime.settings import Settings
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class QueueResult:
    """What was put into the outbox: items that went in, and those that were in it already.

    `outdated` names items whose entry is not verified, or changed after the comparison;
    `problems` (item, sentence) those that cannot be written. Both wait.
    """

    items: int = 0
    messages: int = 0
    already: int = 0
    outdated: tuple[str, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()


class _NothingNewError(Exception):
    """Nothing was put into the outbox: nothing is changed, and the audit has nothing to tell."""

    def __init__(self, queued: QueueResult) -> None:
        super().__init__()
        self.queued = queued


def queue_items(
    vault: Vault, settings: Settings, actor: Actor, *, system: str = "", channel: str = ""
) -> QueueResult:
    """Queue all that is decided, or what is for one `system`; each by its own channel unless given.

    ConflictError for a drill: nothing of it ever leaves.
    """
    outage = find_latest_outage(vault)
    check_not_drill(outage)
    try:
        return _queue_items(vault, settings, outage, actor, system, channel)
    except _NothingNewError as nothing:
        return nothing.queued


def _queue_items(
    vault: Vault, settings: Settings, outage: Outage, actor: Actor, system: str, channel: str
) -> QueueResult:
    with vault.change(actor, AuditAction.RETURN_QUEUE, target=outage.id) as db:
        rows = list(items_store.fetch_items(db, outage.id, system=system))
        decided = [row for row in rows if row.decided.decision == Decision.RETURN]
        before = sum(row.decided.decision == Decision.RETURNED for row in rows)
        outdated = find_outdated_items(vault, decided)
        work = OutboxFiller(db, vault, settings, outage, actor, {row.key: row for row in rows})
        ready = [row for row in decided if row.key not in outdated]
        for name, given in _group_by_system(settings, system, ready).items():
            chosen = read_target(settings, name)
            way = channel or chosen.channel
            work.add_items(chosen, way, given)
            if name in settings.returns.targets:
                work.add_merges(chosen, way, list_merges(db, outage.id))
            if chosen.documents and way != Channel.WORKLIST:
                work.add_documents(
                    chosen, way, [row for row in rows if _is_filed_document(row, name)]
                )
        work.queue_all()
        queued = QueueResult(
            items=len(work.queued_keys),
            messages=work.messages,
            already=before,
            outdated=tuple(sorted(outdated)),
            problems=tuple(work.problems),
        )
        if not queued.items and not queued.messages:
            raise _NothingNewError(queued)
        return queued


def _group_by_system(
    settings: Settings, system: str, ready: list[StoredItem]
) -> dict[str, list[StoredItem]]:
    """What each system is to be told; also those that have nothing but may hear of a merge."""
    names = [system] if system else [row.item.fact.system for row in ready]
    found: dict[str, list[StoredItem]] = {
        name: [] for name in (*names, *settings.returns.targets) if not system or name == system
    }
    for row in ready:
        found[row.item.fact.system].append(row)
    return found


def _is_filed_document(row: StoredItem, system: str) -> bool:
    """Whether a form goes as a document: one that was printed for a patient of the snapshot.

    What was keyed about somebody on a blank was not compared with anything, so it stays here. A
    document that names no system goes to whichever takes documents.
    """
    fact = row.item.fact
    filed = fact.type == DOCUMENT and row.item.state == ItemState.HELD
    return filed and bool(fact.person.id) and fact.system in ("", system)


def check_not_drill(outage: Outage) -> None:
    """ConflictError when the outage is a drill."""
    if outage.drill:
        raise ConflictError(
            "return.drill",
            f"{outage.label} is a drill: nothing of it goes to a live system.",
            "Look at the decisions on the screen instead.",
        )


def find_outdated_items(vault: Vault, rows: Iterable[StoredItem]) -> set[str]:
    """Keys whose entry is not verified, or no longer what was compared and decided."""
    entries = {entry.serial: entry for entry in entry_store.find_in_state(vault.db, VERIFIED)}
    return {
        row.key
        for row in rows
        if (entry := entries.get(row.item.fact.serial)) is None or entry.changed > row.compared
    }


def resend_message(
    vault: Vault, settings: Settings, number: str, actor: Actor, reason: str
) -> Message:
    """Send a refused message once more: written anew where items, people or code tables changed.

    What reads just as before goes out unchanged, under the same control ID; otherwise a new
    message takes its place. One that carries no items (a merge) goes out unchanged.
    """
    message = outbox.get_message(vault, number)
    outage = find_latest_outage(vault)
    rows = [
        row
        for row in items_store.fetch_items(vault.db, message.outage, system=message.system)
        if row.key in message.items and row.decided.decision == Decision.RETURNED
    ]
    draft = (
        _draft_again(vault, settings, message, rows)
        if message.state == MessageState.REFUSED
        else None
    )
    if draft is None or draft.write(number) == outbox_messages.read_content(vault.db, number):
        return outbox.send_again(vault, number, actor, reason)
    with vault.change(
        actor, AuditAction.RETURN_AGAIN, target=number, reason=outbox.required_reason(reason)
    ) as db:
        work = OutboxFiller(db, vault, settings, outage, actor, {row.key: row for row in rows})
        made = work.write_message(draft, message.system, message.channel)
        work.replace_messages(made, [message])
    return outbox.get_message(vault, made.number)


def _draft_again(
    vault: Vault, settings: Settings, message: Message, rows: list[StoredItem]
) -> MessageDraft | None:
    """The one message that these items make today; None when it would not be one message."""
    if not rows or len(rows) != len(message.items):
        return None
    way = MessageContext(vault, settings, read_target(settings, message.system))
    drafts = WRITERS[message.channel](way, rows)
    return drafts[0] if len(drafts) == 1 else None
