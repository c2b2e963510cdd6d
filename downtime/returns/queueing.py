"""Put what was decided `return` into the outbox, each item once, in the order records teams need.

The order: admissions, transfers and discharges; what is known of the person; requests before
results; medicines; documents; appointments. An item whose earlier message never took effect
(refused, held, or not tried yet) takes that message's place, together with what else was in it.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from sqlite_utils import Database

from downtime.config import Settings
from downtime.entry import store as entry_store
from downtime.entry.model import VERIFIED
from downtime.errors import ConflictError, InputError
from downtime.outage.model import Outage
from downtime.reconcile import store as items_store
from downtime.reconcile.run import latest
from downtime.reconcile.states import DECISIONS, RETURN, RETURNED
from downtime.reconcile.store import ItemRow
from downtime.returns import outbox, store
from downtime.returns.drafts import WRITERS, Draft, Way, control_id
from downtime.returns.outbox_states import FILE, HELD, QUEUED, REFUSED, RESOLVED
from downtime.returns.profiles import Target, target
from downtime.returns.store import Message
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Queued:
    """What was put into the outbox: items that went in, and those that were in it already.

    `outdated` names items whose entry is not verified, or changed after the comparison;
    `problems` (item, sentence) those that cannot be written. Both wait.
    """

    items: int = 0
    messages: int = 0
    already: int = 0
    outdated: tuple[str, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()


def queue(
    vault: Vault, settings: Settings, who: Actor, *, system: str = "", channel: str = ""
) -> Queued:
    """Queue all that is decided, or what is for one `system`; each by its own channel unless given.

    ConflictError for a drill: nothing of it ever leaves.
    """
    outage = latest(vault)
    check_real(outage)
    with vault.change(who, "return.queue", target=outage.id) as db:
        rows = [
            row
            for row in items_store.fetch(db, outage.id, system=system)
            if row.decided.decision in (RETURN, RETURNED)
        ]
        decided = [row for row in rows if row.decided.decision == RETURN]
        outdated = outdated_items(vault, decided)
        fresh = [row for row in decided if row.key not in outdated]
        work = _Work(db, vault, settings, outage, who, {row.key: row for row in rows})
        for name in dict.fromkeys(row.item.fact.system for row in fresh):
            chosen = target(settings, name)
            work.add(
                chosen,
                channel or chosen.channel,
                [row for row in fresh if row.item.fact.system == name],
            )
        return Queued(
            items=len(work.done),
            messages=work.messages,
            already=len(rows) - len(decided),
            outdated=tuple(sorted(outdated)),
            problems=tuple(work.problems),
        )


def check_real(outage: Outage) -> None:
    """ConflictError when the outage is a drill."""
    if outage.drill:
        raise ConflictError(
            "return.drill",
            f"{outage.label} is a drill: nothing of it goes to a live system.",
            "Look at the decisions on the screen instead.",
        )


def outdated_items(vault: Vault, rows: Iterable[ItemRow]) -> set[str]:
    """Keys whose entry is not verified, or no longer what was compared and decided."""
    entries = {entry.serial: entry for entry in entry_store.in_state(vault.db, VERIFIED)}
    return {
        row.key
        for row in rows
        if (entry := entries.get(row.item.fact.serial)) is None or entry.changed > row.compared
    }


def again(vault: Vault, settings: Settings, number: str, who: Actor, why: str) -> Message:
    """Send a refused message once more: written anew where items, people or code tables changed.

    What reads just as before goes out unchanged, under the same control ID; otherwise a new
    message takes its place. One that carries no items (a merge) goes out unchanged.
    """
    message = outbox.get(vault, number)
    outage = latest(vault)
    rows = [
        row
        for row in items_store.fetch(vault.db, message.outage, system=message.system)
        if row.key in message.items and row.decided.decision == RETURNED
    ]
    draft = _same(settings, message, rows)
    if message.state != REFUSED or draft is None:
        return outbox.again(vault, number, who, why)
    if draft.write(number) == store.content(vault.db, number):
        return outbox.again(vault, number, who, why)
    with vault.change(who, "return.again", target=number, why=why) as db:
        work = _Work(db, vault, settings, outage, who, {row.key: row for row in rows})
        made = work.written(draft)
        work.insert(made, message.system, message.channel, [message])
    return outbox.get(vault, made.number)


def no_scan(serial: str) -> None:
    """No form has a scan."""


def _same(settings: Settings, message: Message, rows: list[ItemRow]) -> Draft | None:
    """The one message that these items make today; None when it would not be one message."""
    if not rows or len(rows) != len(message.items):
        return None
    drafts = WRITERS[message.channel](
        Way(settings, target(settings, message.system), no_scan), rows
    )
    return drafts[0] if len(drafts) == 1 else None


class _Written(NamedTuple):
    draft: Draft
    number: str
    content: bytes


class _Work:
    """One filling of the outbox, inside one transaction."""

    def __init__(
        self,
        db: Database,
        vault: Vault,
        settings: Settings,
        outage: Outage,
        who: Actor,
        known: dict[str, ItemRow],
    ) -> None:
        self._db, self._settings, self._outage, self._who = db, settings, outage, who
        self._now = vault.now()
        self._known = known
        self.done: list[str] = []
        self.messages = 0
        self.problems: list[tuple[str, str]] = []

    def add(self, chosen: Target, channel: str, fresh: list[ItemRow]) -> None:
        """Queue these items for one system by one channel."""
        rows, replaced = self._with_unsettled(fresh)
        written = self._write(WRITERS[channel](Way(self._settings, chosen, no_scan), rows))
        failed = {key for key, _ in self.problems}
        stuck = {key for one in replaced.values() if failed & set(one.items) for key in one.items}
        for one in written:
            if not stuck & one.draft.keys:
                self._one(one, chosen.system, channel, replaced)
        asked = {row.key for row in rows}
        self._mark([row for row in fresh if row.key not in asked])

    def _write(self, drafts: list[Draft]) -> list[_Written]:
        """Each message with its control ID and bytes; what cannot be written is a problem."""
        made = []
        for draft in sorted(drafts, key=lambda draft: draft.rank):
            try:
                made.append(self.written(draft))
            except InputError as error:
                self.problems += [(key, error.sentence) for key, _ in draft.items]
        return made

    def _with_unsettled(self, fresh: list[ItemRow]) -> tuple[list[ItemRow], dict[str, Message]]:
        """What is to be written, and the messages it replaces; an item that is out stays out."""
        out = store.carried(self._db, [row.key for row in fresh])
        rows: dict[str, ItemRow] = {}
        replaced: dict[str, Message] = {}
        for row in fresh:
            is_out = False
            for number, digest in out.get(row.key, ()):
                message = store.message(self._db, number)
                if message and _without_effect(message):
                    replaced[number] = message
                elif digest == row.digest:
                    is_out = True
            if not is_out:
                rows[row.key] = row
        for message in replaced.values():
            rows |= {key: self._known[key] for key in message.items if key in self._known}
        return list(rows.values()), replaced

    def written(self, draft: Draft) -> _Written:
        """A message with a control ID of its own and its bytes; InputError."""
        number = self._free_number(draft)
        return _Written(draft, number, draft.write(number))

    def _one(self, made: _Written, system: str, channel: str, replaced: dict[str, Message]) -> None:
        """Queue a message in the place of the first one that it replaces, else at the end."""
        old = [one for one in replaced.values() if made.draft.keys & set(one.items)]
        self.insert(made, system, channel, old)
        self.messages += 1
        self._mark([self._known[key] for key in made.draft.keys if key in self._known])

    def insert(
        self, made: _Written, system: str, channel: str, instead_of: Sequence[Message]
    ) -> None:
        """Put one message into the queue and settle those whose place it takes."""
        folder = "".join(c if c.isalnum() else "-" for c in system)
        row: dict[str, object] = {
            "control_id": made.number,
            "outage": self._outage.id,
            "system": system,
            "channel": channel,
            "kind": made.draft.kind,
            "order_key": made.draft.order_key,
            "state": QUEUED,
            "sha256": hashlib.sha256(made.content).hexdigest(),
            "file": f"{folder}/{made.number}.hl7" if channel == FILE else "",
            "queued": self._now,
            "queued_by": self._who.id,
            "changed": self._now,
            "content": made.content,
        }
        if instead_of:
            row["position"] = min(one.position for one in instead_of)
        store.insert(self._db, row, dict(made.draft.items))
        for one in instead_of:
            if outbox.current(self._db, one.control_id).state != RESOLVED:
                reason = f"Replaced by message {made.number}."
                outbox.settle(self._db, one, reason, self._now)
        outbox.hold_if_behind(self._db, outbox.current(self._db, made.number), self._now)

    def _free_number(self, draft: Draft) -> str:
        """The control ID of these items; another one each time they had to be written anew."""
        make = partial(control_id, draft.items)
        generation = 0
        while store.message(self._db, make(generation)):
            generation += 1
        return make(generation)

    def _mark(self, rows: Sequence[ItemRow]) -> None:
        for row in rows:
            if row.decided.decision == RETURN:
                DECISIONS.check(RETURN, RETURNED)
                done = replace(row.decided, decision=RETURNED)
                items_store.set_decision(self._db, row.key, done)
                self.done.append(row.key)


def _without_effect(message: Message) -> bool:
    """Whether the receiver certainly has not taken it in: another may take its place."""
    return message.state in (REFUSED, HELD) or (message.state == QUEUED and not message.attempts)
