"""Whether this home is the one that its marks were written for: compared at opening and before numbers.

What one machine cannot know (its whole disk was cloned, or put back by a hypervisor) is told apart
when it next meets another machine (`mark_echo`).
"""

from enum import StrEnum

import sqlite_utils

from downtime.vault.marks import HighWaterMarks, is_own_file, read_change_time, read_marks
from downtime.vault.store import audit_chain, mark_rows
from downtime.vault.vault import Vault


class MarkFinding(StrEnum):
    """How vault and marks fit together."""

    FITS = "fits"
    NEW = "new"
    INTERRUPTED = "interrupted"
    RESTORED = "restored"
    COPIED = "copied"
    LOST = "lost"


def compare_marks(
    vault: Vault, db: sqlite_utils.Database
) -> tuple[MarkFinding, HighWaterMarks | None]:
    """How they fit, and the marks where there are any that this machine signed."""
    high_water, state = read_marks(vault.home), mark_rows.fetch_state(db)
    if high_water is None:
        is_new = state is None and not vault.home.marks_file.exists()
        return (MarkFinding.NEW if is_new else MarkFinding.LOST), None
    if not is_own_file(vault.home, high_water):
        return MarkFinding.COPIED, high_water
    if state is None:
        return MarkFinding.RESTORED, high_water
    if high_water.generation < state.generation:  # the file alone was put back
        return MarkFinding.LOST, high_water
    if high_water.generation == state.generation and read_change_time(vault.home) != state.changed:
        return MarkFinding.COPIED, high_water
    if not _has_audit_entry(db, high_water) or high_water.generation > state.generation + 1:
        return MarkFinding.RESTORED, high_water
    is_same = high_water.generation == state.generation
    return (MarkFinding.FITS if is_same else MarkFinding.INTERRUPTED), high_water


def _has_audit_entry(db: sqlite_utils.Database, high_water: HighWaterMarks) -> bool:
    """Whether the chain still runs through the entry that was its last when the file was written."""
    count, head = high_water.audit
    return count == 0 or audit_chain.find_hash(db, count) == head
