"""What a system is told about links between downtime numbers and patients, and what people are told.

A link that was undone before its system heard of it is not told at all. Once a system has heard of
it, FHIR takes it back by itself; HL7 v2 has no message that receivers act upon to separate two
patients, so people do that, from a line of the worklist.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlite_utils import Database

from downtime.reconcile.identity.linking import LINKED, Merge
from downtime.returns import outbox, store
from downtime.returns.drafts import merge_key
from downtime.returns.states import FILE, HELD, MLLP, QUEUED, REFUSED
from downtime.returns.store import Message

BY_PEOPLE = (FILE, MLLP)
"""The ways out that cannot take a link back."""
_UNDONE = "The link was undone before it was told."


class Untold(NamedTuple):
    """What one system has not been told yet, and messages that need not go out any more."""

    messages: list[Merge]
    lines: list[Merge]
    needless: list[Message]


def untold(db: Database, system: str, channel: str, told: Sequence[Merge]) -> Untold:
    """Sort what became of downtime numbers by how this system hears of it."""
    found = Untold([], [], [])
    known = store.carried(db, [merge_key(one, system) for one in told], settled=True)
    undone = {one.id for one in told if one.state != LINKED}
    for one in told:
        if merge_key(one, system) in known:
            continue
        if one.state == LINKED:
            if one.id not in undone:
                found.messages.append(one)
            continue
        sent = [outbox.current(db, number) for number in _linked(known, one, system)]
        if waiting := [message for message in sent if _is_untold(message)]:
            found.needless.extend(waiting)
        elif sent:
            (found.lines if channel in BY_PEOPLE else found.messages).append(one)
    return found


def withdraw(db: Database, needless: Sequence[Message], now: str) -> None:
    """Take messages of undone links out of the queue."""
    for message in needless:
        outbox.settle(db, message, _UNDONE, now)


def _linked(known: dict[str, list[tuple[str, str]]], one: Merge, system: str) -> list[str]:
    key = merge_key(replace(one, state=LINKED), system)
    return [number for number, _ in known.get(key, ())]


def _is_untold(message: Message) -> bool:
    """Whether the system certainly has not heard of it."""
    waiting = message.state == QUEUED and not message.attempts
    return waiting or message.state in (HELD, REFUSED)
