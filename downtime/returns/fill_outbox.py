"""Fill the outbox inside one transaction: each item once, replaced messages settled, in order.

A system never hears of a link between a downtime number and a patient that was undone before. Once
it has heard of one, FHIR takes it back by itself; HL7 v2 has no message that receivers act upon to
separate two patients, so people do that, from a line of the worklist.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from operator import itemgetter
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
    Rank,
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


class UnwritableItem(NamedTuple):
    """An item that cannot be written, and why."""

    item: str
    sentence: str


class OutboxFiller:
    """One filling: `add_…` writes messages, `queue_all` puts them into the outbox in their order."""

    def __init__(
        self, db: Database, vault: Vault, settings: Settings, outage: Outage, actor: Actor,
        items_by_key: dict[str, StoredItem],
    ) -> None:  # fmt: skip
        self._db, self._vault, self._settings = db, vault, settings
        self._outage, self._actor, self._now = outage, actor, vault.now()
        self._items_by_key = items_by_key
        self._written: list[tuple[Rank, NewMessage]] = []
        self._replaced_by_key: dict[str, Message] = {}
        self.returned: list[StoredItem] = []
        self.message_count = 0
        self.problems: list[UnwritableItem] = []

    def add_items(self, target: Target, channel: Channel, decided: list[StoredItem]) -> None:
        """Write these items for one system; an item that is out already stays out."""
        rows, replaced = self._include_unsettled(decided)
        drafts = CHANNELS[channel].draft_items(self._context(target), rows)
        written = self._write_drafts(drafts, target.system, channel)
        failed = {problem.item for problem in self.problems}
        # A message of which one item cannot be written anew stays as it is, with all it carries.
        unchanged: set[str] = set()
        for message in replaced:
            if failed & set(message.items):
                unchanged |= set(message.items)
            else:
                self._replaced_by_key |= dict.fromkeys(message.items, message)
        self._written += [pair for pair in written if unchanged.isdisjoint(pair[1].keys)]
        rewritten = {row.key for row in rows}
        self._mark_returned([row for row in decided if row.key not in rewritten])

    def _include_unsettled(
        self, decided: list[StoredItem]
    ) -> tuple[list[StoredItem], list[Message]]:
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
            rows |= {row.key: row for row in self._find_items(message.items)}
        return list(rows.values()), list(replaced.values())

    def add_merges(self, target: Target, channel: Channel, merges: Sequence[Merge]) -> None:
        """Write what one system is still to hear of downtime numbers."""
        system, context = target.system, self._context(target)
        known = self._find_carriers([make_merge_key(merge, system) for merge in merges])
        undone_ids = {merge.id for merge in merges if merge.state != MergeState.LINKED}
        to_report: list[Merge] = []
        to_separate: list[Merge] = []
        for merge in merges:
            if make_merge_key(merge, system) in known:
                continue
            if merge.state == MergeState.LINKED:
                if merge.id not in undone_ids:
                    to_report.append(merge)
                continue
            sent = self._find_link_messages(known, merge, system)
            if unsent := [message for message in sent if had_no_effect(message)]:
                self._withdraw(unsent)
            elif sent:
                by_hand = CHANNELS[channel].separates_by_hand
                (to_separate if by_hand else to_report).append(merge)
        drafts = CHANNELS[channel].draft_merges(context, to_report)
        self._written += self._write_drafts(drafts, system, channel)
        lines = draft_separations(context, to_separate)
        self._written += self._write_drafts(lines, system, Channel.WORKLIST)

    def _find_link_messages(
        self, known: dict[str, list[Carrier]], undone: Merge, system: str
    ) -> list[Message]:
        """The messages by which this system heard of a link that was undone since."""
        key = make_merge_key(replace(undone, state=MergeState.LINKED), system)
        return [outbox.require_message(self._db, c.control_id) for c in known.get(key, ())]

    def _withdraw(self, messages: Sequence[Message]) -> None:
        """Take messages of undone links out of the queue."""
        for message in messages:
            outbox.settle_message(
                self._db, message, encode_reason(MessageReason.LINK_UNDONE), self._now
            )
        self.message_count += len(messages)

    def add_documents(self, target: Target, channel: Channel, filed: Sequence[StoredItem]) -> None:
        """Write the scans of forms that policy files as documents, each form once."""
        known = self._find_carriers([row.key for row in filed])
        unsent = [row for row in filed if row.key not in known]
        drafts = CHANNELS[channel].draft_items(self._context(target), unsent)
        self._written += self._write_drafts(drafts, target.system, channel)

    def queue_all(self) -> None:
        """Queue everything in the order of sending, whatever system it is for."""
        batch: list[NewMessage] = []
        for _, message in sorted(self._written, key=itemgetter(0)):
            carriers = map(self._replaced_by_key.get, message.keys)
            replaced = {old.control_id: old for old in carriers if old}
            if replaced:
                outbox_messages.insert_messages(self._db, batch)
                batch = []
                self.replace_messages(message, list(replaced.values()))
            else:
                batch.append(message)
            self._mark_returned(self._find_items(message.keys))
        outbox_messages.insert_messages(self._db, batch)
        self.message_count += len(self._written)
        for system in {message.system for _, message in self._written}:
            outbox.hold_behind_refused(self._db, system, self._now)
        items_store.save_decisions(
            self._db,
            [
                replace(row, decided=replace(row.decided, decision=Decision.RETURNED))
                for row in self.returned
            ],
        )

    def write_message(self, draft: MessageDraft, system: str, channel: Channel) -> NewMessage:
        """A message with a control ID of its own and its bytes; InputError."""
        (control_id,) = self._assign_control_ids([draft])
        return self._write(draft, control_id, system, channel)

    def replace_messages(self, message: NewMessage, replaced: Sequence[Message]) -> None:
        """Put one message into the queue, in the place of those that it settles."""
        position = min(old.position for old in replaced)
        outbox_messages.insert_messages(self._db, [replace(message, position=position)])
        reason = encode_reason(MessageReason.REPLACED_BY, message.control_id)
        for old in replaced:
            if outbox.require_message(self._db, old.control_id).state != MessageState.RESOLVED:
                outbox.settle_message(self._db, old, reason, self._now)
        new = outbox.require_message(self._db, message.control_id)
        outbox.hold_if_behind(self._db, new, self._now)

    def _write_drafts(
        self, drafts: list[MessageDraft], system: str, channel: Channel
    ) -> list[tuple[Rank, NewMessage]]:
        """Each message with its place in the order; what cannot be written is a problem."""
        written = []
        for draft, control_id in zip(drafts, self._assign_control_ids(drafts), strict=True):
            try:
                written.append((draft.rank, self._write(draft, control_id, system, channel)))
            except InputError as error:
                self.problems += [UnwritableItem(key, error.sentence) for key, _ in draft.items]
        return written

    def _write(
        self, draft: MessageDraft, control_id: str, system: str, channel: Channel
    ) -> NewMessage:
        folder = "".join(c if c.isalnum() else "-" for c in system)
        suffix, content = CHANNELS[channel].file_suffix, draft.write(control_id)
        return NewMessage(
            control_id=control_id, outage=self._outage.id, system=system, channel=channel,
            kind=draft.kind, order_key=draft.order_key, state=MessageState.QUEUED,
            sha256=hashlib.sha256(content).hexdigest(),
            file=f"{folder}/{control_id}{suffix}" if suffix else "", queued=self._now,
            queued_by=self._actor.id, changed=self._now, content=content, items=draft.items,
        )  # fmt: skip

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

    def _context(self, target: Target) -> MessageContext:
        return MessageContext(self._vault, self._settings, target)

    def _find_carriers(self, keys: Sequence[str]) -> dict[str, list[Carrier]]:
        return outbox_messages.find_carriers(self._db, keys, settled=True)

    def _find_items(self, keys: Sequence[str]) -> list[StoredItem]:
        return [self._items_by_key[key] for key in keys if key in self._items_by_key]

    def _mark_returned(self, rows: Sequence[StoredItem]) -> None:
        for row in rows:
            if row.decided.decision == Decision.RETURN:
                reconcile_model.LIFECYCLE.check(Decision.RETURN, Decision.RETURNED)
                self.returned.append(row)
