"""The time line of an outage and its recovery, from what the vault holds."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from downtime.entry.store import entries as entry_store
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.reconcile.store import comparison_runs
from downtime.reconcile.store import items as items_store
from downtime.returns.model import LEAD_TITLES, MessageState
from downtime.returns.statement.completeness_statement import Statement
from downtime.returns.store import outbox_messages
from downtime.vault.vault import Vault


class EventKind(StrEnum):
    """What can happen in an outage and its recovery: the sentence of the time line."""

    DECLARED_DOWN = "{subject} declared down"
    RESTORED = "{subject} back"
    FIRST_PACK = "First pack printed"
    LAST_PACK = "Last of {count:,} packs printed, {second_count:,} pages"
    FIRST_KEYED = "First form keyed"
    LAST_KEYED = "Last of {count:,} forms keyed"
    LAPTOP_MERGED = "{subject} handed over"
    COMPARED = "Compared: {count:,} forms, {second_count:,} items"
    COMPARED_AGAIN = "Compared again, for the last time: {count:,} forms, {second_count:,} items"
    FIRST_DECIDED = "First item decided"
    LAST_DECIDED = "Last of {count:,} items decided"
    HARM_REVIEWED = "Harm review made"
    FIRST_QUEUED = "First message queued"
    LAST_QUEUED = "Last of {count:,} messages queued"
    FIRST_ACKNOWLEDGED = "First message acknowledged"
    LAST_ACKNOWLEDGED = "Last of {count:,} messages acknowledged"
    SIGNED = "{subject}"
    CLOSED = "The books were closed"


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """One line of the time line; `at` is UTC as stored."""

    at: str
    kind: EventKind
    subject: str = ""
    count: int = 0
    second_count: int = 0

    @property
    def sentence(self) -> str:
        """In words, for a person."""
        return self.kind.format(
            subject=self.subject, count=self.count, second_count=self.second_count
        )


def list_events(vault: Vault, outage: Outage, statement: Statement) -> list[TimelineEvent]:
    """All events by time; what shares a moment stays in the order of the story."""
    events = [
        *_system_events(outage),
        *_pack_events(vault, outage),
        *_recovery_events(vault, outage, statement),
        *_message_events(vault, outage),
        *(
            TimelineEvent(
                signature.signed,
                EventKind.SIGNED,
                f"{LEAD_TITLES[signature.role]} signed: {signature.person_name}",
            )
            for signature in statement.signatures
        ),
    ]
    if outage.closed:
        events.append(TimelineEvent(outage.closed, EventKind.CLOSED))
    return sorted(events, key=lambda event: event.at)


def _system_events(outage: Outage) -> Iterator[TimelineEvent]:
    for system in outage.systems:
        yield TimelineEvent(system.declared, EventKind.DECLARED_DOWN, system.name)
        if system.ended:
            yield TimelineEvent(system.ended, EventKind.RESTORED, system.name)


def _pack_events(vault: Vault, outage: Outage) -> Iterator[TimelineEvent]:
    packs = sorted(ledger.list_packs(vault, outage.id), key=lambda pack: pack.issued_at)
    if packs:
        pages = sum(pack.pages for pack in packs)
        yield TimelineEvent(packs[0].issued_at, EventKind.FIRST_PACK)
        yield TimelineEvent(
            packs[-1].issued_at, EventKind.LAST_PACK, count=len(packs), second_count=pages
        )


def _recovery_events(vault: Vault, outage: Outage, statement: Statement) -> Iterator[TimelineEvent]:
    entries = entry_store.fetch_times(vault.db).values()
    keyed = [entry.entered for entry in entries if entry.outage == outage.id]
    yield from _first_and_last(keyed, EventKind.FIRST_KEYED, EventKind.LAST_KEYED)
    for laptop in statement.facts["laptops"]:
        if laptop["taken"]:
            name = laptop["name"] or laptop["device"]
            yield TimelineEvent(laptop["taken"], EventKind.LAPTOP_MERGED, name)
    runs = comparison_runs.fetch_runs(vault.db, outage.id)
    kinds = (EventKind.COMPARED, EventKind.COMPARED_AGAIN)
    for kind, run in zip(kinds, dict.fromkeys(runs[:1] + runs[-1:]), strict=False):
        yield TimelineEvent(run.at, kind, count=run.forms, second_count=run.items)
    decided = items_store.fetch_decision_times(vault.db, outage.id)
    yield from _first_and_last(decided, EventKind.FIRST_DECIDED, EventKind.LAST_DECIDED)
    if at := statement.facts["harm"]["at"]:
        yield TimelineEvent(at, EventKind.HARM_REVIEWED)


def _message_events(vault: Vault, outage: Outage) -> Iterator[TimelineEvent]:
    messages = list(outbox_messages.list_messages(vault.db, outage.id))
    queued = [message.queued for message in messages]
    yield from _first_and_last(queued, EventKind.FIRST_QUEUED, EventKind.LAST_QUEUED)
    acknowledged = [m.changed for m in messages if m.state == MessageState.ACKNOWLEDGED]
    yield from _first_and_last(
        acknowledged, EventKind.FIRST_ACKNOWLEDGED, EventKind.LAST_ACKNOWLEDGED
    )


def _first_and_last(
    times: Iterable[str], first: EventKind, last: EventKind
) -> Iterator[TimelineEvent]:
    ordered = sorted(times)
    if ordered:
        yield TimelineEvent(ordered[0], first)
        yield TimelineEvent(ordered[-1], last, count=len(ordered))
