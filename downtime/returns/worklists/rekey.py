"""Worklists that people key from: what is on them, ticked line by line, and taken back with a reason.

A line is a message of the outbox whose way out is a person: ticked, it counts as returned.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from downtime.clinical import display
from downtime.errors import ConflictError, InputError
from downtime.reconcile import store as items_store
from downtime.reconcile.run import latest
from downtime.reconcile.states import RETURN
from downtime.reconcile.store import ItemRow
from downtime.returns import outbox, queueing, store
from downtime.returns.queueing import Queued
from downtime.returns.states import ACKNOWLEDGED, QUEUED, RESOLVED, SENT, WORKLIST
from downtime.returns.store import Message
from downtime.returns.worklists import separating, worklist
from downtime.returns.worklists import store as rekey_store
from downtime.returns.worklists import words as worklist_words
from downtime.returns.worklists.store import Tick
from downtime.settings import Settings
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

MAX_NUMBER = 60


@dataclass(frozen=True, slots=True)
class RekeyLine:
    """One line of a worklist: the item, its message, and its tick if it has one."""

    row: ItemRow
    message: Message
    tick: Tick | None

    @property
    def listed(self) -> tuple[str, str]:
        """The list it stands on: system and department."""
        return self.row.item.fact.system, worklist_words.department(self.row.item.fact)

    @property
    def words(self) -> worklist.Line:
        """The line as it is printed."""
        return worklist.Line(
            self.row.item.fact,
            self.row.item.person,
            "Done" if self.tick else "Key this",
            self.row.decided.decided_by_name,
            self.row.decided.reason,
        )

    def says(self, text: str) -> bool:
        """Whether every word of a search is in it: name, number, serial, what it is, ward."""
        fact, who = self.row.item.fact, self.row.item.person
        number = self.tick.number if self.tick else ""
        held = (who.family, who.given, who.mrn, who.nhs_number, who.downtime_number, fact.serial,
                worklist_words.what(fact), worklist_words.kind(fact), fact.ward, number)  # fmt: skip
        inside = " ".join(held).casefold()
        return all(word in inside for word in text.casefold().split())


@dataclass(frozen=True, slots=True)
class Summary:
    """One list and how far it is."""

    system: str
    department: str
    lines: int
    done: int


def fill(vault: Vault, settings: Settings, who: Actor) -> list[Queued]:
    """Put on the worklists what is decided and no other way can carry.

    A system with a way of its own (`returns.targets`) is told by it first; what that cannot say is
    listed. Any other system's items are listed as they are. ConflictError for a drill.
    """
    outage = latest(vault)
    queueing.check_real(outage)
    decided = items_store.fetch(vault.db, outage.id, decision=RETURN)
    done = []
    systems = {row.item.fact.system for row in decided} | set(settings.returns.targets)
    for system in sorted(systems):
        if system in settings.returns.targets:
            done.append(queueing.queue(vault, settings, who, system=system))
        done.append(queueing.queue(vault, settings, who, system=system, channel=WORKLIST))
    return done


def lines(vault: Vault, outage: str) -> list[RekeyLine]:
    """Every line of an outage's worklists, in keying order."""
    ticked = rekey_store.ticks(vault.db, outage)
    messages = [
        one for one in store.messages(vault.db, outage, channel=WORKLIST) if one.state != RESOLVED
    ]
    held = {item: one for one in messages for item in one.items}
    listed = [row for row in items_store.fetch(vault.db, outage) if row.key in held]
    apart = separating.rows(vault.db, outage, {one.control_id: one for one in messages})
    found = [
        RekeyLine(row, held[row.key], ticked.get(held[row.key].control_id))
        for row in (*listed, *apart)
    ]
    return sorted(found, key=lambda line: line.words.order)


def summaries(found: Iterable[RekeyLine]) -> list[Summary]:
    """The lists among these lines, with their progress."""
    counted: dict[tuple[str, str], list[bool]] = {}
    for line in found:
        counted.setdefault(line.listed, []).append(line.tick is not None)
    return [Summary(*name, len(ticks), sum(ticks)) for name, ticks in counted.items()]


def counts(db: Database, outage: str) -> list[dict[str, Any]]:
    """`system`, `lines` and `done` of each system's worklists: what the statement counts."""
    return rekey_store.counts(db, outage)


def tick(vault: Vault, control_id: str, number: str, who: Actor) -> None:
    """Say that a line is keyed; `number` is what the live system gave it, empty when it gives none.

    ConflictError when somebody ticked it already: two people keyed it, so one of the two is double.
    """
    number = " ".join(number.split())
    if len(number) > MAX_NUMBER or not number.isprintable():
        raise InputError(
            "rekey.number",
            f"The number is longer than {MAX_NUMBER} characters or cannot be printed.",
            "Write the number that the live system shows.",
        )
    with vault.change(who, "rekey.tick", target=control_id) as db:
        message = _line(db, control_id)
        if message.state == ACKNOWLEDGED:
            raise _ticked_already(db, message)
        now = vault.now()
        if message.state == QUEUED:
            outbox.move(db, message, SENT, now)
        outbox.move(db, message, ACKNOWLEDGED, now, answer=number)
        rekey_store.insert(
            db,
            Tick(
                control_id=control_id,
                number=number,
                ticked=now,
                ticked_by=who.id,
                ticked_by_name=who.name,
            ),
        )


def untick(vault: Vault, control_id: str, who: Actor, why: str) -> None:
    """Take a tick back; what it said is kept. InputError without a reason."""
    said = outbox.reason(why)
    with vault.change(who, "rekey.untick", target=control_id, why=said) as db:
        message = _line(db, control_id)
        now = vault.now()
        outbox.move(db, message, SENT, now, answer="", reason=said)
        by = {"unticked": now, "unticked_by": who.id, "unticked_by_name": who.name, "reason": said}
        rekey_store.take_back(db, control_id, by)


def table(found: Sequence[RekeyLine], zone: ZoneInfo) -> list[list[str]]:
    """The lines as rows of text, for a file; a tick stands in the last column."""
    made = worklist.rows((line.words for line in found), zone)
    marked = sorted(found, key=lambda line: line.words.order)
    return [[*row[:-1], done(line, zone)] for row, line in zip(made, marked, strict=True)]


def done(line: RekeyLine, zone: ZoneInfo) -> str:
    """Who ticked a line and when, with its number; empty while it is open."""
    if line.tick is None:
        return ""
    said = f"{line.tick.ticked_by_name}, {display.moment(line.tick.ticked, zone)}"
    return f"{said}, No. {line.tick.number}" if line.tick.number else said


def _line(db: Database, control_id: str) -> Message:
    message = outbox.current(db, control_id)
    if message.channel != WORKLIST:
        raise ConflictError(
            "rekey.message",
            "This item went out as a message: the receiver's answer says whether it arrived.",
            "Do not key it as well.",
        )
    return message


def _ticked_already(db: Database, message: Message) -> ConflictError:
    present = rekey_store.ticks(db, message.outage).get(message.control_id)
    name = present.ticked_by_name if present else "somebody"
    return ConflictError(
        "rekey.ticked",
        f"This line was ticked already by {name}.",
        "If you keyed it too, it is in the live system twice: remove one of the two there.",
    )
