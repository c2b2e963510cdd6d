"""Put what was decided `return` into the outbox, each item once, in the order records teams need.

The order: admissions, transfers and discharges; what is known of the person; requests before
results; medicines; documents; appointments. An item whose earlier message never took effect
(refused, held, or not tried yet) takes that message's place, together with what else was in it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from downtime.clinical.record_types import DOCUMENT
from downtime.entry.event_facts import find_certain_events
from downtime.entry.facts import EMPTY
from downtime.entry.model import EntryState
from downtime.entry.queries.list_queries import find_questioned_forms
from downtime.entry.store import entries as entry_store
from downtime.outage.events.model import is_event_id
from downtime.outage.model import Outage
from downtime.reconcile.identity.links import list_merges
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import Decision, ItemState, StoredItem
from downtime.reconcile.store import items as items_store
from downtime.returns import outbox
from downtime.returns.channels import CHANNELS
from downtime.returns.fill_outbox import OutboxFiller, UnwritableItem
from downtime.returns.message_drafts import MessageContext, MessageDraft
from downtime.returns.model import AuditAction, Channel, Message, MessageState
from downtime.returns.policies import check_absence_known, check_not_drill, check_reason
from downtime.returns.profiles import read_target
from downtime.returns.store import outbox_messages
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class QueueResult:
    """What was put into the outbox: items that went in, and those that were in it already.

    `outdated` names items whose entry is not verified, or changed after the comparison;
    `problems` are those that cannot be written. Both wait.
    """

    items: int = 0
    messages: int = 0
    already: int = 0
    outdated: tuple[str, ...] = ()
    problems: tuple[UnwritableItem, ...] = ()
    files: tuple[Path, ...] = ()
    """What an export has written of them."""

    @property
    def sentence(self) -> str:
        """In words, for a terminal."""
        parts = [f"{self.items} item{'' if self.items == 1 else 's'} returned"]
        if self.already:
            parts.append(f"{self.already} already returned")
        if self.outdated:
            parts.append(f"{len(self.outdated)} waiting to be verified or compared again")
        if self.problems:
            parts.append(f"{len(self.problems)} that cannot be written")
        return ", ".join(parts) + "."


class _NothingNewError(Exception):
    """Nothing was put into the outbox: nothing is changed, and the audit has nothing to say."""

    def __init__(self, result: QueueResult) -> None:
        super().__init__()
        self.result = result


def queue_items(
    vault: Vault,
    settings: Settings,
    actor: Actor,
    *,
    system: str = "",
    channel: Channel | None = None,
) -> QueueResult:
    """Queue all that is decided, or what is for one `system`; each by its own channel unless given.

    ConflictError for a drill: nothing of it ever leaves.
    """
    outage = find_latest_outage(vault)
    check_not_drill(outage)
    try:
        return _queue_items(vault, settings, outage, actor, system, channel)
    except _NothingNewError as nothing:
        return nothing.result


def _queue_items(
    vault: Vault,
    settings: Settings,
    outage: Outage,
    actor: Actor,
    system: str,
    channel: Channel | None,
) -> QueueResult:
    with vault.change(actor, AuditAction.RETURN_QUEUE, target=outage.id) as db:
        rows = list(items_store.fetch_items(db, outage.id, system=system))
        decided = [row for row in rows if row.decided.decision == Decision.RETURN]
        outdated = find_outdated_items(vault, decided)
        ready = [row for row in decided if row.key not in outdated]
        filler = OutboxFiller(db, vault, settings, outage, actor, {row.key: row for row in rows})
        for name, items in _group_by_system(settings, system, ready).items():
            target = read_target(settings, name)
            used = channel or target.channel
            definition = CHANNELS[used]
            written = [row for row in items if definition.can_write(row.item.fact)]
            filler.add_items(target, used, written)
            if len(written) < len(items):
                keyed = [row for row in items if not definition.can_write(row.item.fact)]
                filler.add_items(target, Channel.WORKLIST, keyed)
            if name in settings.returns.targets:
                filler.add_merges(target, used, list_merges(db, outage.id))
            if target.documents and definition.carries_documents:
                filed = [row for row in rows if _is_filed_document(row, name)]
                filler.add_documents(target, used, filed)
        filler.queue_all()
        result = QueueResult(
            items=len(filler.returned),
            messages=filler.message_count,
            already=sum(row.decided.decision == Decision.RETURNED for row in rows),
            outdated=tuple(sorted(outdated)),
            problems=tuple(filler.problems),
        )
        if not result.items and not result.messages:
            raise _NothingNewError(result)
        return result


def _group_by_system(
    settings: Settings, system: str, ready: list[StoredItem]
) -> dict[str, list[StoredItem]]:
    """What each system is to hear; also those that have nothing but may hear of a merge."""
    names = [system] if system else [row.item.fact.system for row in ready]
    groups: dict[str, list[StoredItem]] = {
        name: [] for name in (*names, *settings.returns.targets) if not system or name == system
    }
    for row in ready:
        groups[row.item.fact.system].append(row)
    return groups


def _is_filed_document(row: StoredItem, system: str) -> bool:
    """Whether a form goes as a document: one that was printed for a patient of the snapshot.

    What was keyed about somebody on a blank was not compared with anything, so it stays here, and
    so does a form on which nobody wrote an answer. A document that names no system goes to whichever
    takes documents.
    """
    fact = row.item.fact
    is_filed = fact.type == DOCUMENT and row.item.state == ItemState.NOT_COMPARED
    says_something = bool(fact.person.id) and not fact.fields.get(EMPTY)
    return is_filed and says_something and fact.system in ("", system)


def find_outdated_items(vault: Vault, rows: Iterable[StoredItem]) -> set[str]:
    """Keys whose entry is not verified, in question, or no longer what was compared and decided.

    What was recorded on the screen needs nobody who compares it with paper, but a phoned result
    somebody who read it back.
    """
    rows = list(rows)
    verified = entry_store.find_in_state(vault.db, EntryState.VERIFIED)
    questioned = find_questioned_forms(vault)
    entries = {entry.serial: entry for entry in verified if entry.serial not in questioned}
    return {
        row.key
        for row in rows
        if not is_event_id(row.item.fact.serial)
        and ((entry := entries.get(row.item.fact.serial)) is None or entry.changed > row.compared)
    } | _find_outdated_events(vault, rows)


def _find_outdated_events(vault: Vault, rows: Iterable[StoredItem]) -> set[str]:
    """Keys of events that were withdrawn, changed since, or wait to be read back."""
    of_events = [row for row in rows if is_event_id(row.item.fact.serial)]
    certain = find_certain_events(vault, {row.item.fact.serial for row in of_events})
    return {
        row.key
        for row in of_events
        if (changed := certain.get(row.item.fact.serial)) is None or changed > row.compared
    }


def resend_message(
    vault: Vault,
    settings: Settings,
    control_id: str,
    actor: Actor,
    reason: str,
    *,
    is_absent: bool = False,
) -> Message:
    """Send a refused message once more: written anew where items, people or code tables changed.

    What reads just as before goes out unchanged, under the same control ID; otherwise a new
    message takes its place, which the receiver would take in beside the first one. ConflictError
    for that where the first may have arrived, unless its author looked there: `is_absent`. One that
    carries no items (a merge), or whose correction waits behind it, goes out unchanged.
    """
    reason = check_reason(reason)
    message = outbox.require_message(vault.db, control_id)
    outage = find_latest_outage(vault)
    rows = [
        row
        for row in items_store.fetch_items(vault.db, message.outage, system=message.system)
        if row.key in message.items and row.decided.decision == Decision.RETURNED
    ]
    draft = None
    if message.state == MessageState.REFUSED and not _is_carried_elsewhere(vault, message):
        draft = _draft_again(vault, settings, message, rows)
    content = outbox_messages.read_content(vault.db, control_id)
    if draft is None or draft.write(control_id) == content:
        return outbox.send_again(vault, control_id, actor, reason)
    check_absence_known(message, is_absent=is_absent)
    action = AuditAction.RETURN_AGAIN_ABSENT if is_absent else AuditAction.RETURN_AGAIN
    with vault.change(actor, action, target=control_id, reason=reason) as db:
        filler = OutboxFiller(db, vault, settings, outage, actor, {row.key: row for row in rows})
        written = filler.write_message(draft, message.system, message.channel)
        filler.replace_messages(written, [message])
    return outbox.require_message(vault.db, written.control_id)


def _is_carried_elsewhere(vault: Vault, message: Message) -> bool:
    """Whether another message that counts carries something of it: a correction behind it."""
    carriers = outbox_messages.find_carriers(vault.db, message.compared)
    others = {carrier.control_id for carried in carriers.values() for carrier in carried}
    return bool(others - {message.control_id})


def _draft_again(
    vault: Vault, settings: Settings, message: Message, rows: list[StoredItem]
) -> MessageDraft | None:
    """The one message that these items make today; None when it would not be one message."""
    if not rows or len(rows) != len(message.items):
        return None
    context = MessageContext(vault, settings, read_target(settings, message.system))
    drafts = CHANNELS[message.channel].draft_items(context, rows)
    return drafts[0] if len(drafts) == 1 else None
