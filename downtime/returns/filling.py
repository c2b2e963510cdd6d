"""Fill the outbox inside one transaction: each item once, replaced messages settled, in order."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlite_utils import Database

from downtime.errors import InputError
from downtime.outage.model import Outage
from downtime.reconcile import store as items_store
from downtime.reconcile.identity.linking import Merge
from downtime.reconcile.states import DECISIONS, RETURN, RETURNED
from downtime.reconcile.store import ItemRow
from downtime.returns import links, outbox, store
from downtime.returns.drafts import Draft, Way, control_id
from downtime.returns.profiles import Target
from downtime.returns.states import FILE, HELD, QUEUED, REFUSED, RESOLVED, WORKLIST
from downtime.returns.store import Message
from downtime.returns.writers import MERGES, WRITERS, separations
from downtime.settings import Settings
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


class Written(NamedTuple):
    """A draft with its control ID and bytes, and where it goes."""

    draft: Draft
    number: str
    content: bytes
    system: str
    channel: str


class Work:
    """One filling: `add…` writes messages, `flush` puts them into the outbox in their order."""

    def __init__(
        self,
        db: Database,
        vault: Vault,
        settings: Settings,
        outage: Outage,
        who: Actor,
        known: dict[str, ItemRow],
    ) -> None:
        self._db, self._vault, self._settings = db, vault, settings
        self._outage, self._who, self._now = outage, who, vault.now()
        self._known = known
        self._written: list[Written] = []
        self._replaced: dict[str, Message] = {}
        self._sent: list[ItemRow] = []
        self.messages = 0
        self.problems: list[tuple[str, str]] = []

    def add(self, target: Target, channel: str, fresh: list[ItemRow]) -> None:
        """Write these decided items for one system; an item that is out already stays out."""
        rows, replaced = self._with_unsettled(fresh)
        written = self._write(WRITERS[channel](self._way(target), rows), target.system, channel)
        failed = {key for key, _ in self.problems}
        stuck = {key for one in replaced.values() if failed & set(one.items) for key in one.items}
        self._written += [one for one in written if not stuck & one.draft.keys]
        self._replaced |= {
            number: one for number, one in replaced.items() if not failed & set(one.items)
        }
        asked = {row.key for row in rows}
        self._mark([row for row in fresh if row.key not in asked])

    def add_merges(self, target: Target, channel: str, told: Sequence[Merge]) -> None:
        """Write what one system has not been told yet about downtime numbers."""
        untold = links.untold(self._db, target.system, channel, told)
        way = self._way(target)
        drafts = MERGES[channel](way, untold.messages)
        self._written += self._write(drafts, target.system, channel)
        lines = separations(way, untold.lines)
        self._written += self._write(lines, target.system, WORKLIST)
        links.withdraw(self._db, untold.needless, self._now)
        self.messages += len(untold.needless)

    def add_documents(self, target: Target, channel: str, filed: Sequence[ItemRow]) -> None:
        """Write the scans of forms that policy files as documents, each form once."""
        known = store.carried(self._db, [row.key for row in filed], settled=True)
        fresh = [row for row in filed if row.key not in known]
        drafts = WRITERS[channel](self._way(target), fresh)
        self._written += self._write(drafts, target.system, channel)

    @property
    def done(self) -> list[str]:
        """Keys of the items that are out now."""
        return [row.key for row in self._sent]

    def flush(self) -> None:
        """Queue everything in the order of sending, whatever system it is for."""
        made = sorted(self._written, key=lambda one: one.draft.rank)
        replacing = {key: m for m in self._replaced.values() for key in m.items}
        fresh: list[store.NewMessage] = []
        for one in made:
            old = {
                replacing[key].control_id: replacing[key]
                for key in one.draft.keys & replacing.keys()
            }
            if old:
                store.insert_all(self._db, fresh)
                fresh = []
                self.insert(one, list(old.values()))
            else:
                fresh.append(self._row(one))
            self._mark([self._known[key] for key in one.draft.keys if key in self._known])
        store.insert_all(self._db, fresh)
        self.messages += len(made)
        for system in {one.system for one in made}:
            outbox.hold_behind_refused(self._db, system, self._now)
        items_store.set_decisions(self._db, [_returned(row) for row in self._sent])

    def written(self, draft: Draft, system: str, channel: str) -> Written:
        """A message with a control ID of its own and its bytes; InputError."""
        (number,) = self._free_numbers([draft])
        return Written(draft, number, draft.write(number), system, channel)

    def insert(self, made: Written, instead_of: Sequence[Message]) -> None:
        """Put one message into the queue, in the place of those that it settles."""
        position = min(one.position for one in instead_of)
        store.insert_all(self._db, [self._row(made, position)])
        for one in instead_of:
            if outbox.current(self._db, one.control_id).state != RESOLVED:
                reason = f"Replaced by message {made.number}."
                outbox.settle(self._db, one, reason, self._now)
        outbox.hold_if_behind(self._db, outbox.current(self._db, made.number), self._now)

    def _row(self, made: Written, position: int = 0) -> store.NewMessage:
        folder = "".join(c if c.isalnum() else "-" for c in made.system)
        return store.NewMessage(
            control_id=made.number,
            position=position,
            outage=self._outage.id,
            system=made.system,
            channel=made.channel,
            kind=made.draft.kind,
            order_key=made.draft.order_key,
            state=QUEUED,
            sha256=hashlib.sha256(made.content).hexdigest(),
            file=f"{folder}/{made.number}.hl7" if made.channel == FILE else "",
            queued=self._now,
            queued_by=self._who.id,
            changed=self._now,
            content=made.content,
            items=made.draft.items,
        )

    def _way(self, target: Target) -> Way:
        return Way(self._vault, self._settings, target)

    def _with_unsettled(self, fresh: list[ItemRow]) -> tuple[list[ItemRow], dict[str, Message]]:
        """What is to be written, and the messages it replaces."""
        out = store.carried(self._db, [row.key for row in fresh])
        rows: dict[str, ItemRow] = {}
        replaced: dict[str, Message] = {}
        for row in fresh:
            carried = [(outbox.current(self._db, n), digest) for n, digest in out.get(row.key, ())]
            replaced |= {one.control_id: one for one, _ in carried if _without_effect(one)}
            if not any(d == row.digest and not _without_effect(one) for one, d in carried):
                rows[row.key] = row
        for message in replaced.values():
            rows |= {key: self._known[key] for key in message.items if key in self._known}
        return list(rows.values()), replaced

    def _write(self, drafts: list[Draft], system: str, channel: str) -> list[Written]:
        """Each message with its control ID and bytes; what cannot be written is a problem."""
        made = []
        for draft, number in zip(drafts, self._free_numbers(drafts), strict=True):
            try:
                made.append(Written(draft, number, draft.write(number), system, channel))
            except InputError as error:
                self.problems += [(key, error.sentence) for key, _ in draft.items]
        return made

    def _free_numbers(self, drafts: Sequence[Draft]) -> list[str]:
        """The control ID of each message; another one each time its items had to be written anew."""
        numbers = [control_id(draft.items) for draft in drafts]
        taken = store.known(self._db, numbers)
        generation = 0
        while taken:
            generation += 1
            numbers = [
                control_id(draft.items, generation) if number in taken else number
                for draft, number in zip(drafts, numbers, strict=True)
            ]
            taken = store.known(self._db, numbers)
        return numbers

    def _mark(self, rows: Sequence[ItemRow]) -> None:
        for row in rows:
            if row.decided.decision == RETURN:
                DECISIONS.check(RETURN, RETURNED)
                self._sent.append(row)


def _returned(row: ItemRow) -> ItemRow:
    return replace(row, decided=replace(row.decided, decision=RETURNED))


def _without_effect(message: Message) -> bool:
    """Whether the receiver certainly has not taken it in: another may take its place."""
    return message.state in (REFUSED, HELD) or (message.state == QUEUED and not message.attempts)
