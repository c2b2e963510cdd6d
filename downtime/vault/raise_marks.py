"""Raise the marks before a number is given out, and follow them where the vault has fallen behind.

All of it happens inside the caller's transaction on the vault, whose writers take turns. The file
is on the disk before the transaction ends: a program that is cut off between the two leaves a gap in
the numbers, never a number twice.
"""

import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlite_utils

from downtime.vault import device, marks
from downtime.vault.audit import GENESIS, append_entry
from downtime.vault.device import CODE_ALPHABET
from downtime.vault.find_copies import MarkFinding, compare_marks
from downtime.vault.marks import (
    AuditMark,
    HighWaterMarks,
    MarkName,
    NumberBlock,
    SeenSnapshot,
    SnapshotNumber,
)
from downtime.vault.model import Actor, AuditAction
from downtime.vault.store import audit_chain, mark_rows
from downtime.vault.store.mark_rows import MarkEvent, MarkState
from downtime.vault.vault import Vault

BLOCK_LENGTH = 6
"""Characters that name a block: two copies choose the same one once in a thousand million times."""
BLOCK_NUMBERS = 999
"""Numbers of a block that is named; the next one follows by itself."""
NUMBERED = (MarkName.SERIAL, MarkName.DOWNTIME_NUMBER)
"""What is given out from blocks."""
_ACTIONS = {
    MarkFinding.RESTORED: AuditAction.HOME_RESTORED,
    MarkFinding.COPIED: AuditAction.HOME_COPIED,
    MarkFinding.LOST: AuditAction.MARKS_LOST,
}


class NumberRange(NamedTuple):
    """Numbers of one block, from `first` on."""

    block: str
    first: int
    size: int


def take_numbers(
    vault: Vault, db: sqlite_utils.Database, name: MarkName, count: int, known: int, limit: int
) -> list[NumberRange]:
    """The next numbers, on the disk as used before they are returned.

    `known` is the highest of the first block that the caller's tables show, `limit` its last one:
    what does not fit comes from named blocks.
    """
    current = follow_marks(vault, db)
    block, used = current.numbers.get(name, NumberBlock("", 0))
    if not block:
        used = max(used, known)
    if not block and used + count <= limit:
        ranges = [NumberRange("", used + 1, count)]
    else:
        ranges = _fill_ranges(block, used if block else BLOCK_NUMBERS, count)
    last = ranges[-1]
    reached = NumberBlock(last.block, last.first + last.size - 1)
    _raise(vault, db, current, numbers={**current.numbers, name: reached})
    mark_rows.save_block(db, name, reached)
    return ranges


def choose_ranges(count: int) -> list[NumberRange]:
    """Numbers of new blocks, whose names nobody else has: for what is numbered while nothing can be written."""
    return _fill_ranges("", BLOCK_NUMBERS, count)


def find_block(vault: Vault, name: MarkName, known: int) -> NumberBlock:
    """The block in use, as far as the vault knows; `known` as for `take_numbers`."""
    row = mark_rows.fetch_blocks(vault.db).get(name, NumberBlock("", 0))
    return row if row.block else NumberBlock("", max(row.used, known))


def take_snapshot_number(
    vault: Vault, db: sqlite_utils.Database, known: tuple[int, int]
) -> SnapshotNumber:
    """The number of the next snapshot: above the mark, and above what the caller knows of."""
    current = follow_marks(vault, db)
    highest = max(current.snapshot, SnapshotNumber(*known))
    number = SnapshotNumber(highest.epoch, highest.sequence + 1)
    _raise(vault, db, current, snapshot=number)
    mark_rows.save_block(db, MarkName.SNAPSHOT, NumberBlock(str(number.epoch), number.sequence))
    return number


def raise_seen(vault: Vault, db: sqlite_utils.Database, key: str, seen: SeenSnapshot) -> None:
    """Take note of the highest number that came from a publisher."""
    current = follow_marks(vault, db)
    if key not in current.seen or seen[:2] > current.seen[key][:2]:
        _raise(vault, db, current, seen={**current.seen, key: seen})


def find_seen(vault: Vault, key: str) -> SeenSnapshot | None:
    """The highest number that ever came from a publisher, as far as the marks know."""
    current = marks.read_marks(vault.home)
    return current.seen.get(key) if current else None


def raise_list_mark(vault: Vault, db: sqlite_utils.Database, rank: tuple[int, int]) -> None:
    """Take note of the versions of root and list of machines that are believed here."""
    current = follow_marks(vault, db)
    if rank > current.machines:
        _raise(vault, db, current, machines=rank)


def raise_audit_mark(vault: Vault, db: sqlite_utils.Database) -> None:
    """Take note of how far the audit chain has come."""
    current = follow_marks(vault, db)
    if _fetch_audit_mark(db) != current.audit:
        _raise(vault, db, current)


def follow_marks(vault: Vault, db: sqlite_utils.Database) -> HighWaterMarks:
    """The marks as they hold now.

    A vault that is behind them goes on above them; a copy, or a home that has lost them, gives out
    numbers of new blocks from now on and says so.
    """
    finding, current = compare_marks(vault, db)
    if finding == MarkFinding.FITS and current is not None:
        return current
    before = current or _read_own_memory(vault, db)
    new = finding in (MarkFinding.COPIED, MarkFinding.LOST)
    changes = _begin_anew(before) if new else {}
    followed = _raise(vault, db, before, **changes)
    for name, block in followed.numbers.items():
        mark_rows.save_block(db, name, block)
    if finding in _ACTIONS:
        report_finding(vault, db, finding, followed)
    return followed


def raise_to(
    vault: Vault,
    db: sqlite_utils.Database,
    echoed: HighWaterMarks,
    current: HighWaterMarks,
    numbers: Mapping[str, NumberBlock],
) -> HighWaterMarks:
    """Raise the marks to those that another machine saw of this one."""
    raised = _raise(
        vault, db, echoed, numbers=numbers,
        snapshot=max(echoed.snapshot, current.snapshot), seen={**echoed.seen, **current.seen},
        machines=max(echoed.machines, current.machines),
    )  # fmt: skip
    for name, block in numbers.items():
        mark_rows.save_block(db, name, block)
    return raised


def report_finding(
    vault: Vault, db: sqlite_utils.Database, finding: MarkFinding, followed: HighWaterMarks
) -> None:
    """In the audit, and on the screen until somebody has read it."""
    facts = {"device": followed.device}
    facts |= {str(name): block.block for name, block in followed.numbers.items()}
    mark_rows.insert_event(db, MarkEvent(vault.now(), finding, facts))
    actor = Actor("marks", "High-water marks", followed.device)
    blocks = ", ".join(f"{name} {row.block or row.used}" for name, row in followed.numbers.items())
    append_entry(db, vault.now(), actor, _ACTIONS[finding], followed.device, blocks)


def choose_block() -> str:
    """Random characters that name a new block."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(BLOCK_LENGTH))


def _begin_anew(before: HighWaterMarks) -> dict[str, Any]:
    epoch, sequence = before.snapshot
    return {
        "numbers": {name: NumberBlock(choose_block(), 0) for name in NUMBERED},
        "snapshot": SnapshotNumber(epoch + 1, 0) if sequence else before.snapshot,
    }


def _read_own_memory(vault: Vault, db: sqlite_utils.Database) -> HighWaterMarks:
    """What the vault itself knows where there are no marks."""
    blocks, state = mark_rows.fetch_blocks(db), mark_rows.fetch_state(db)
    published = blocks.get(MarkName.SNAPSHOT)
    return HighWaterMarks(
        device=device.read_own_code(vault.home),
        generation=state.generation if state else 0,
        binding=marks.NO_BINDING,
        numbers={name: blocks[name] for name in NUMBERED if name in blocks},
        snapshot=SnapshotNumber(int(published.block), published.used)
        if published
        else SnapshotNumber(1, 1 if state else 0),
    )


def _fill_ranges(block: str, used: int, count: int) -> list[NumberRange]:
    """What is left of a named block, then new ones."""
    ranges = []
    while count:
        if used >= BLOCK_NUMBERS:
            block, used = choose_block(), 0
        taken = min(count, BLOCK_NUMBERS - used)
        ranges.append(NumberRange(block, used + 1, taken))
        used, count = used + taken, count - taken
    return ranges


def _raise(
    vault: Vault, db: sqlite_utils.Database, before: HighWaterMarks, **changes: Any
) -> HighWaterMarks:
    state = mark_rows.fetch_state(db)
    values: Mapping[str, Any] = {
        "generation": max(before.generation, state.generation if state else 0) + 1,
        "audit": _fetch_audit_mark(db),
        "numbers": before.numbers,
        "snapshot": before.snapshot,
        "seen": before.seen,
        "machines": before.machines,
        **changes,
    }
    raised = marks.write_marks(vault.home, device.load_device(vault), values)
    changed = marks.read_change_time(vault.home)
    mark_rows.save_state(db, MarkState(raised.generation, changed))
    return raised


def _fetch_audit_mark(db: sqlite_utils.Database) -> AuditMark:
    head = audit_chain.fetch_head(db)
    return AuditMark(*head) if head else AuditMark(0, GENESIS)
