"""What another machine last saw of this one: a disk that was cloned or put back learns of it here.

On one machine that cannot be known: file, marks and vault fit together. Whoever hears of a higher
mark of itself goes on above it, and says so.
"""

import sqlite_utils

from downtime.vault import device
from downtime.vault.find_copies import MarkFinding
from downtime.vault.marks import HighWaterMarks, MarkName, NumberBlock
from downtime.vault.raise_marks import follow_marks, raise_to, report_finding
from downtime.vault.vault import Vault

_NONE = NumberBlock("", 0)


def apply_echo(vault: Vault, db: sqlite_utils.Database, echoed: HighWaterMarks) -> bool:
    """Go on above marks of this machine that another one saw; whether anything had to be done.

    Marks that this machine did not sign, and those of another block (a copy of this home, which
    gives out numbers of its own), change nothing.
    """
    card = device.read_own_card(vault.home)
    if echoed.device != card.code or not echoed.is_signed(card.public_key):
        return False
    current = follow_marks(vault, db)
    if not _has_same_blocks(current, echoed):
        return False
    numbers = {
        name: max(echoed.numbers.get(name, _NONE), current.numbers.get(name, _NONE))
        for name in {*echoed.numbers, *current.numbers}
    }
    # A home that was put back may have written its marks more often since: numbers count, too.
    is_higher = numbers != dict(current.numbers) or echoed.snapshot > current.snapshot
    if echoed.generation <= current.generation and not is_higher:
        return False
    raised = raise_to(vault, db, echoed, current, numbers)
    report_finding(vault, db, MarkFinding.RESTORED, raised)
    return True


def _has_same_blocks(current: HighWaterMarks, echoed: HighWaterMarks) -> bool:
    return all(
        current.numbers.get(name, _NONE).block == echoed.numbers.get(name, _NONE).block
        for name in (MarkName.SERIAL, MarkName.DOWNTIME_NUMBER)
    )
