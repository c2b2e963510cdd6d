"""Fill the outbox inside one transaction: each item once, replaced messages settled, in order."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlite_utils import Database

from downtime.errors import InputError
from downtime.outage.model import Outage
from downtime.reconcile import model as reconcile_model
from downtime.reconcile.identity.model import Merge, MergeState
from downtime.reconcile.model import Decision, StoredItem
from downtime.reconcile.store import items as items_store
from downtime.returns import outbox
from downtime.returns.channels import CHANNELS, draft_separations
from downtime.returns.message_drafts import (
    MessageContext,
    MessageDraft,
    make_control_id,
    make_merge_key,
)
from downtime.returns.model import (
    Channel,
    Message,
    MessageReason,
    MessageState,
    NewMessage,
    encode_reason,
)
from downtime.returns.policies import had_no_effect
from downtime.returns.profiles import Target
from downtime.returns.store import outbox_messages
from downtime.returns.store.outbox_messages import Carrier
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


class WrittenMessage(NamedTuple):
    """A draft with its control ID and bytes, and where it goes."""

    draft: MessageDraft
    control_id: str
    content: bytes
    system: str
    channel: Channel


class UnwritableItem(NamedTuple):
    """An item that cannot be written, and why."""

    item: str
    sentence: str


class OutboxFiller:
    """One filling: `add_…` writes messages, `queue_all` puts them into the outbox in their order."""

    def __init__(
        self,
        db: Database,
        vault: Vault,
        settings: Settings,
        outage: Outage,
        actor: Actor,
        items_by_key: dict[str, StoredItem],
    ) -> None:
        self._db, self._vault, self._settings = db, vault, settings
        self._outage, self._actor, self._now = outage, actor, vault.now()
        self._items_by_key = items_by_key
        self._written: list[WrittenMessage] = []
        self._replaced: dict[str, Message] = {}
        self._returned: list[StoredItem] = []
        self.message_count = 0
        self.problems: list[UnwritableItem] = []

    def add_items(self, target: Target, channel: Channel, decided: list[StoredItem]) -> None:
        """Write these items for one system; an item that is out already stays out."""
        rows, replaced = self._include_unsettled(decided)
        drafts = CHANNELS[channel].draft_items(self._context(target), rows)
        written = self._write_drafts(drafts, target.system, channel)
        failed = {problem.item for problem in self.problems}
        # A message of which one item cannot be written anew stays as it is, with all it carries.
        unchanged = {
            key
            for message in replaced.values()
            if failed & set(message.items)
            for key in message.items
        }
        self._written += [message for message in written if not unchanged & message.draft.keys]
        self._replaced |= {
            control_id: message
            for control_id, message in replaced.items()
            if not failed & set(message.items)
        }
        rewritten = {row.key for row in rows}
        self._mark_returned([row for row in decided if row.key not in rewritten])

    def add_merges(self, target: Target, channel: Channel, merges: Sequence[Merge]) -> None:
        """Write what one system is still to hear of downtime numbers."""
        system, context = target.system, self._context(target)
        reports = find_unreported_links(self._db, system, channel, merges)
        drafts = CHANNELS[channel].draft_merges(context, reports.messages)
        self._written += self._write_drafts(drafts, system, channel)
        lines = draft_separations(context, reports.lines)
        self._written += self._write_drafts(lines, system, Channel.WORKLIST)
        withdraw_messages(self._db, reports.needless, self._now)
        self.message_count += len(reports.needless)

    def add_documents(self, target: Target, channel: Channel, filed: Sequence[StoredItem]) -> None:
        """Write the scans of forms that policy files as documents, each form once."""
        known = outbox_messages.find_carriers(self._db, [row.key for row in filed], settled=True)
        unsent = [row for row in filed if row.key not in known]
        drafts = CHANNELS[channel].draft_items(self._context(target), unsent)
        self._written += self._write_drafts(drafts, target.system, channel)

    @property
    def returned_count(self) -> int:
        """How many items are out now."""
        return len(self._returned)

    def queue_all(self) -> None:
        """Queue everything in the order of sending, whatever system it is for."""
        written = sorted(self._written, key=lambda message: message.draft.rank)
        replaced_by_key = {key: m for m in self._replaced.values() for key in m.items}
        batch: list[NewMessage] = []
        for message in written:
            keys = message.draft.keys
            replaced = {m.control_id: m for key in keys if (m := replaced_by_key.get(key))}
            if replaced:
                outbox_messages.insert_messages(self._db, batch)
                batch = []
                self.replace_messages(message, list(replaced.values()))
            else:
                batch.append(self._new_message(message))
            self._mark_returned(
                [self._items_by_key[key] for key in keys if key in self._items_by_key]
            )
        outbox_messages.insert_messages(self._db, batch)
        self.message_count += len(written)
        for system in {message.system for message in written}:
            outbox.hold_behind_refused(self._db, system, self._now)
        items_store.save_decisions(
            self._db,
            (
                replace(row, decided=replace(row.decided, decision=Decision.RETURNED))
                for row in self._returned
            ),
        )

    def write_message(self, draft: MessageDraft, system: str, channel: Channel) -> WrittenMessage:
        """A message with a control ID of its own and its bytes; InputError."""
        (control_id,) = self._assign_control_ids([draft])
        return WrittenMessage(draft, control_id, draft.write(control_id), system, channel)

    def replace_messages(self, message: WrittenMessage, replaced: Sequence[Message]) -> None:
        """Put one message into the queue, in the place of those that it settles."""
        position = min(old.position for old in replaced)
        outbox_messages.insert_messages(self._db, [self._new_message(message, position)])
        reason = encode_reason(MessageReason.REPLACED_BY, message.control_id)
        for old in replaced:
            if outbox.require_message(self._db, old.control_id).state != MessageState.RESOLVED:
                outbox.settle_message(self._db, old, reason, self._now)
        new = outbox.require_message(self._db, message.control_id)
        outbox.hold_if_behind(self._db, new, self._now)

    def _new_message(self, message: WrittenMessage, position: int = 0) -> NewMessage:
        folder = "".join(c if c.isalnum() else "-" for c in message.system)
        suffix = CHANNELS[message.channel].file_suffix
        return NewMessage(
            control_id=message.control_id,
            position=position,
            outage=self._outage.id,
            system=message.system,
            channel=message.channel,
            kind=message.draft.kind,
            order_key=message.draft.order_key,
            state=MessageState.QUEUED,
            sha256=hashlib.sha256(message.content).hexdigest(),
            file=f"{folder}/{message.control_id}{suffix}" if suffix else "",
            queued=self._now,
            queued_by=self._actor.id,
            changed=self._now,
            content=message.content,
            items=message.draft.items,
        )

    def _context(self, target: Target) -> MessageContext:
        return MessageContext(self._vault, self._settings, target)

    def _include_unsettled(
        self, decided: list[StoredItem]
    ) -> tuple[list[StoredItem], dict[str, Message]]:
        """What is to be written, and the messages it replaces."""
        carriers = outbox_messages.find_carriers(self._db, [row.key for row in decided])
        rows: dict[str, StoredItem] = {}
        replaced: dict[str, Message] = {}
        for row in decided:
            is_out = False
            for carrier in carriers.get(row.key, ()):
                message = outbox.require_message(self._db, carrier.control_id)
                if had_no_effect(message):
                    replaced[message.control_id] = message
                elif carrier.digest == row.digest:
                    is_out = True
            if not is_out:
                rows[row.key] = row
        for message in replaced.values():
            rows |= {
                key: self._items_by_key[key] for key in message.items if key in self._items_by_key
            }
        return list(rows.values()), replaced

    def _write_drafts(
        self, drafts: list[MessageDraft], system: str, channel: Channel
    ) -> list[WrittenMessage]:
        """Each message with its control ID and bytes; what cannot be written is a problem."""
        written = []
        for draft, control_id in zip(drafts, self._assign_control_ids(drafts), strict=True):
            try:
                content = draft.write(control_id)
            except InputError as error:
                self.problems += [UnwritableItem(key, error.sentence) for key, _ in draft.items]
            else:
                written.append(WrittenMessage(draft, control_id, content, system, channel))
        return written

    def _assign_control_ids(self, drafts: Sequence[MessageDraft]) -> list[str]:
        """The control ID of each message; another one each time its items had to be written anew."""
        control_ids = [make_control_id(draft.items) for draft in drafts]
        generation = 0
        while used := outbox_messages.find_known_ids(self._db, control_ids):
            generation += 1
            control_ids = [
                make_control_id(draft.items, generation) if control_id in used else control_id
                for draft, control_id in zip(drafts, control_ids, strict=True)
            ]
        return control_ids

    def _mark_returned(self, rows: Sequence[StoredItem]) -> None:
        for row in rows:
            if row.decided.decision == Decision.RETURN:
                reconcile_model.LIFECYCLE.check(Decision.RETURN, Decision.RETURNED)
                self._returned.append(row)


class LinkReports(NamedTuple):
    """What one system is still to hear of, and messages that need not go out any more."""

    messages: list[Merge]
    lines: list[Merge]
    needless: list[Message]


def find_unreported_links(
    db: Database, system: str, channel: Channel, merges: Sequence[Merge]
) -> LinkReports:
    """Sort what became of downtime numbers by how this system hears of it."""
    reports = LinkReports([], [], [])
    keys = [make_merge_key(merge, system) for merge in merges]
    known = outbox_messages.find_carriers(db, keys, settled=True)
    undone_ids = {merge.id for merge in merges if merge.state != MergeState.LINKED}
    for merge, key in zip(merges, keys, strict=True):
        if key in known:
            continue
        if merge.state == MergeState.LINKED:
            if merge.id not in undone_ids:
                reports.messages.append(merge)
            continue
        link_messages = _link_messages(db, known, merge, system)
        if unsent := [message for message in link_messages if had_no_effect(message)]:
            reports.needless.extend(unsent)
        elif link_messages:
            by_hand = CHANNELS[channel].separates_by_hand
            (reports.lines if by_hand else reports.messages).append(merge)
    return reports


def withdraw_messages(db: Database, needless: Sequence[Message], now: str) -> None:
    """Take messages of undone links out of the queue."""
    for message in needless:
        outbox.settle_message(db, message, encode_reason(MessageReason.LINK_UNDONE), now)


def _link_messages(
    db: Database, known: dict[str, list[Carrier]], undone: Merge, system: str
) -> list[Message]:
    """The messages by which this system heard of a link that was undone since."""
    key = make_merge_key(replace(undone, state=MergeState.LINKED), system)
    return [outbox.require_message(db, carrier.control_id) for carrier in known.get(key, ())]
