"""Whether this home is the one that its marks were written for: compared at opening and before numbers.

What one machine cannot know (its whole disk was cloned, or put back by a hypervisor) is told apart
when it next meets another machine (`mark_echo`).
"""

from enum import StrEnum

import sqlite_utils

from downtime.vault.marks import Marks, is_own_file, read_change_time, read_marks
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


def compare_marks(vault: Vault, db: sqlite_utils.Database) -> tuple[MarkFinding, Marks | None]:
    """How they fit, and the marks where there are any that this machine signed."""
    marks, state = read_marks(vault.home), mark_rows.fetch_state(db)
    if marks is None:
        is_new = state is None and not vault.home.marks_file.exists()
        return (MarkFinding.NEW if is_new else MarkFinding.LOST), None
    if not is_own_file(vault.home, marks):
        return MarkFinding.COPIED, marks
    if state is None:
        return MarkFinding.RESTORED, marks
    if marks.generation < state.generation:  # the file alone was put back
        return MarkFinding.LOST, marks
    if marks.generation == state.generation and read_change_time(vault.home) != state.changed:
        return MarkFinding.COPIED, marks
    if not _has_audit_entry(db, marks) or marks.generation > state.generation + 1:
        return MarkFinding.RESTORED, marks
    is_same = marks.generation == state.generation
    return (MarkFinding.FITS if is_same else MarkFinding.INTERRUPTED), marks


def _has_audit_entry(db: sqlite_utils.Database, marks: Marks) -> bool:
    """Whether the chain still runs through the entry that was its last when the file was written."""
    count, head = marks.audit
    return count == 0 or audit_chain.find_hash(db, count) == head
