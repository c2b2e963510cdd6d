"""Worklists that people key from: what is on them, ticked line by line, and taken back with a reason.

A line is a message of the outbox whose way out is a person: ticked, it counts as returned.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from downtime.clinical import display
from downtime.errors import ConflictError, InputError
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import Decision, StoredItem
from downtime.reconcile.store import items as items_store
from downtime.returns import outbox, queue_messages
from downtime.returns.model import AuditAction, Channel, Message, MessageState, Tick
from downtime.returns.queue_messages import QueueResult
from downtime.returns.rekey import line_table, separation_lines
from downtime.returns.rekey import line_text as worklist_words
from downtime.returns.store import outbox_messages, rekey_ticks
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

MAX_NUMBER = 60


@dataclass(frozen=True, slots=True)
class RekeyLine:
    """One line of a worklist: the item, its message, and its tick if it has one."""

    row: StoredItem
    message: Message
    tick: Tick | None

    @property
    def worklist(self) -> tuple[str, str]:
        """The list it stands on: system and department."""
        return self.row.item.fact.system, worklist_words.find_department(self.row.item.fact)

    @property
    def printed(self) -> line_table.PrintedLine:
        """The line as it is printed."""
        return line_table.PrintedLine(
            self.row.item.fact,
            self.row.item.person,
            "Done" if self.tick else "Key this",
            self.row.decided.decided_by_name,
            self.row.decided.reason,
        )

    def matches_search(self, text: str) -> bool:
        """Whether every word of a search is in it: name, number, serial, what it is, ward."""
        fact, who = self.row.item.fact, self.row.item.person
        number = self.tick.number if self.tick else ""
        held = (who.family, who.given, who.mrn, who.nhs_number, who.downtime_number, fact.serial,
                worklist_words.describe_item(fact), worklist_words.name_type(fact), fact.ward, number)  # fmt: skip
        inside = " ".join(held).casefold()
        return all(word in inside for word in text.casefold().split())


@dataclass(frozen=True, slots=True)
class Summary:
    """One list and how far it is."""

    system: str
    department: str
    lines: int
    done: int


def fill_worklists(vault: Vault, settings: Settings, actor: Actor) -> list[QueueResult]:
    """Put on the worklists what is decided and no other way can carry.

    A system with a way of its own (`returns.targets`) is told by it first; what that cannot say is
    listed. Any other system's items are listed as they are. ConflictError for a drill.
    """
    outage = find_latest_outage(vault)
    queue_messages.check_not_drill(outage)
    decided = items_store.fetch_items(vault.db, outage.id, decision=Decision.RETURN)
    done = []
    systems = {row.item.fact.system for row in decided} | set(settings.returns.targets)
    for system in sorted(systems):
        if system in settings.returns.targets:
            done.append(queue_messages.queue_items(vault, settings, actor, system=system))
        done.append(
            queue_messages.queue_items(
                vault, settings, actor, system=system, channel=Channel.WORKLIST
            )
        )
    return done


def list_lines(vault: Vault, outage: str) -> list[RekeyLine]:
    """Every line of an outage's worklists, in keying order."""
    ticked = rekey_ticks.list_ticks(vault.db, outage)
    messages = [
        one
        for one in outbox_messages.list_messages(vault.db, outage, channel=Channel.WORKLIST)
        if one.state != MessageState.RESOLVED
    ]
    held = {item: one for one in messages for item in one.items}
    listed = [row for row in items_store.fetch_items(vault.db, outage) if row.key in held]
    apart = separation_lines.list_separations(
        vault.db, outage, {one.control_id: one for one in messages}
    )
    found = [
        RekeyLine(row, held[row.key], ticked.get(held[row.key].control_id))
        for row in (*listed, *apart)
    ]
    return sorted(found, key=lambda line: line.printed.order)


def summarize_lists(found: Iterable[RekeyLine]) -> list[Summary]:
    """The lists among these lines, with their progress."""
    counted: dict[tuple[str, str], list[bool]] = {}
    for line in found:
        counted.setdefault(line.worklist, []).append(line.tick is not None)
    return [Summary(*name, len(ticks), sum(ticks)) for name, ticks in counted.items()]


def tick_line(vault: Vault, control_id: str, number: str, actor: Actor) -> None:
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
    with vault.change(actor, AuditAction.REKEY_TICK, target=control_id) as db:
        message = _line(db, control_id)
        if message.state == MessageState.ACKNOWLEDGED:
            raise _ticked_already(db, message)
        now = vault.now()
        if message.state == MessageState.QUEUED:
            outbox.move_message(db, message, MessageState.SENT, now)
        outbox.move_message(db, message, MessageState.ACKNOWLEDGED, now, answer=number)
        rekey_ticks.insert_tick(
            db,
            Tick(
                control_id=control_id,
                number=number,
                ticked=now,
                ticked_by=actor.id,
                ticked_by_name=actor.name,
            ),
        )


def untick_line(vault: Vault, control_id: str, actor: Actor, reason: str) -> None:
    """Take a tick back; what it said is kept. InputError without a reason."""
    said = outbox.required_reason(reason)
    with vault.change(actor, AuditAction.REKEY_UNTICK, target=control_id, reason=said) as db:
        message = _line(db, control_id)
        now = vault.now()
        outbox.move_message(db, message, MessageState.SENT, now, answer="", reason=said)
        by = {
            "unticked": now,
            "unticked_by": actor.id,
            "unticked_by_name": actor.name,
            "reason": said,
        }
        rekey_ticks.close_tick(db, control_id, by)


def build_table(found: Sequence[RekeyLine], zone: ZoneInfo) -> list[list[str]]:
    """The lines as rows of text, for a file; a tick stands in the last column."""
    made = line_table.build_rows((line.printed for line in found), zone)
    marked = sorted(found, key=lambda line: line.printed.order)
    return [[*row[:-1], describe_tick(line, zone)] for row, line in zip(made, marked, strict=True)]


def describe_tick(line: RekeyLine, zone: ZoneInfo) -> str:
    """Who ticked a line and when, with its number; empty while it is open."""
    if line.tick is None:
        return ""
    said = f"{line.tick.ticked_by_name}, {display.format_moment(line.tick.ticked, zone)}"
    return f"{said}, No. {line.tick.number}" if line.tick.number else said


def _line(db: Database, control_id: str) -> Message:
    message = outbox.require_message(db, control_id)
    if message.channel != Channel.WORKLIST:
        raise ConflictError(
            "rekey.message",
            "This item went out as a message: the receiver's answer says whether it arrived.",
            "Do not key it as well.",
        )
    return message


def _ticked_already(db: Database, message: Message) -> ConflictError:
    present = rekey_ticks.list_ticks(db, message.outage).get(message.control_id)
    name = present.ticked_by_name if present else "somebody"
    return ConflictError(
        "rekey.ticked",
        f"This line was ticked already by {name}.",
        "If you keyed it too, it is in the live system twice: remove one of the two there.",
    )
