"""Put what was decided `return` into the outbox, each item once, in the order records teams need.

The order: admissions, transfers and discharges; what is known of the person; requests before
results; medicines; documents; appointments. An item whose earlier message never took effect
(refused, held, or not tried yet) takes that message's place, together with what else was in it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from downtime.entry import store as entry_store
from downtime.entry.facts import DOCUMENT
from downtime.entry.model import VERIFIED
from downtime.errors import ConflictError
from downtime.outage.model import Outage
from downtime.reconcile import store as items_store
from downtime.reconcile.identity.linking import merges
from downtime.reconcile.run import latest
from downtime.reconcile.states import HELD as HELD_ITEM
from downtime.reconcile.states import RETURN, RETURNED
from downtime.reconcile.store import ItemRow
from downtime.returns import outbox, store
from downtime.returns.drafts import Draft, Way
from downtime.returns.filling import Work
from downtime.returns.profiles import target
from downtime.returns.states import REFUSED, WORKLIST
from downtime.returns.store import Message
from downtime.returns.writers import WRITERS
from downtime.settings import Settings
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


class _NothingNewError(Exception):
    """Nothing was put into the outbox: nothing is changed, and the audit has nothing to tell."""

    def __init__(self, queued: Queued) -> None:
        super().__init__()
        self.queued = queued


def queue(
    vault: Vault, settings: Settings, who: Actor, *, system: str = "", channel: str = ""
) -> Queued:
    """Queue all that is decided, or what is for one `system`; each by its own channel unless given.

    ConflictError for a drill: nothing of it ever leaves.
    """
    outage = latest(vault)
    check_real(outage)
    try:
        return _queue(vault, settings, outage, who, system, channel)
    except _NothingNewError as nothing:
        return nothing.queued


def _queue(
    vault: Vault, settings: Settings, outage: Outage, who: Actor, system: str, channel: str
) -> Queued:
    with vault.change(who, "return.queue", target=outage.id) as db:
        rows = list(items_store.fetch(db, outage.id, system=system))
        decided = [row for row in rows if row.decided.decision == RETURN]
        before = sum(row.decided.decision == RETURNED for row in rows)
        outdated = outdated_items(vault, decided)
        work = Work(db, vault, settings, outage, who, {row.key: row for row in rows})
        ready = [row for row in decided if row.key not in outdated]
        for name, given in _by_system(settings, system, ready).items():
            chosen = target(settings, name)
            way = channel or chosen.channel
            work.add(chosen, way, given)
            if name in settings.returns.targets:
                work.add_merges(chosen, way, merges(db, outage.id))
            if chosen.documents and way != WORKLIST:
                work.add_documents(chosen, way, [row for row in rows if _is_filed(row, name)])
        work.flush()
        queued = Queued(
            items=len(work.done),
            messages=work.messages,
            already=before,
            outdated=tuple(sorted(outdated)),
            problems=tuple(work.problems),
        )
        if not queued.items and not queued.messages:
            raise _NothingNewError(queued)
        return queued


def _by_system(settings: Settings, system: str, ready: list[ItemRow]) -> dict[str, list[ItemRow]]:
    """What each system is to be told; also those that have nothing but may hear of a merge."""
    names = [system] if system else [row.item.fact.system for row in ready]
    found: dict[str, list[ItemRow]] = {
        name: [] for name in (*names, *settings.returns.targets) if not system or name == system
    }
    for row in ready:
        found[row.item.fact.system].append(row)
    return found


def _is_filed(row: ItemRow, system: str) -> bool:
    """Whether a form goes as a document: one that was printed for a patient of the snapshot.

    What was keyed about somebody on a blank was not compared with anything, so it stays here. A
    document that names no system goes to whichever takes documents.
    """
    fact = row.item.fact
    filed = fact.type == DOCUMENT and row.item.state == HELD_ITEM
    return filed and bool(fact.person.id) and fact.system in ("", system)


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
    draft = _same(vault, settings, message, rows) if message.state == REFUSED else None
    if draft is None or draft.write(number) == store.content(vault.db, number):
        return outbox.again(vault, number, who, why)
    with vault.change(who, "return.again", target=number, why=outbox.reason(why)) as db:
        work = Work(db, vault, settings, outage, who, {row.key: row for row in rows})
        made = work.written(draft, message.system, message.channel)
        work.insert(made, [message])
    return outbox.get(vault, made.number)


def _same(vault: Vault, settings: Settings, message: Message, rows: list[ItemRow]) -> Draft | None:
    """The one message that these items make today; None when it would not be one message."""
    if not rows or len(rows) != len(message.items):
        return None
    way = Way(vault, settings, target(settings, message.system))
    drafts = WRITERS[message.channel](way, rows)
    return drafts[0] if len(drafts) == 1 else None
