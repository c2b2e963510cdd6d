"""Recompute which form of a unit of blood is returned as soon as something is decided about one."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter

from sqlite_utils import Database

from downtime.reconcile.duplicates.blood_units import find_representatives
from downtime.reconcile.duplicates.duplicate_reasons import (
    are_of_two_patients,
    reasons_for_represented,
    reasons_for_rival,
)
from downtime.reconcile.duplicates.model import RETURNABLE_STATES
from downtime.reconcile.duplicates.store import stored_findings, unit_members
from downtime.reconcile.duplicates.store.unit_members import OwnFinding, UnitMember
from downtime.reconcile.model import LIFECYCLE, UNDECIDED, Decision, ItemState, StoredItem
from downtime.reconcile.reasons import with_returned
from downtime.reconcile.store import items

_NewFinding = tuple[OwnFinding, str]
"""What an item becomes, and the key of what then represents it."""


def recompute_after_decision(db: Database, rows: Iterable[StoredItem]) -> None:
    """When the form that is returned for a unit is left out, the next one is; taken back, anew.

    `rows` are the items that were decided about. What contradicts the others stays for two people.
    """
    decided = list(rows)
    if not decided:
        return
    members = unit_members.fetch_unit_members(db, decided[0].outage, [row.key for row in decided])
    findings: dict[str, _NewFinding] = {}
    for _, group in groupby(members, key=attrgetter("unit")):
        findings |= _find_of_unit(list(group))
    changed = [_apply(row, findings[row.key][0]) for row in items.fetch_by_keys(db, findings)]
    items.save_items(db, changed)
    unit_members.save_representatives(db, {key: other for key, (_, other) in findings.items()})


def reopen_after_refusal(db: Database, rows: Sequence[StoredItem]) -> None:
    """Open anew what was returned and certainly refused; other forms no longer say it was."""
    opened = [replace(row, decided=UNDECIDED) for row in rows]
    for row in rows:
        LIFECYCLE.check(row.decided.decision, Decision.OPEN)
        followers = items.fetch_by_keys(db, stored_findings.fetch_followers(db, [row.key]))
        items.save_items(db, [_not_returned(other, row.item.fact.serial) for other in followers])
    items.save_decisions(db, opened)
    recompute_after_decision(db, opened)


def _not_returned(row: StoredItem, serial: str) -> StoredItem:
    reasons = with_returned(row.item.reasons, serial, returned=False)
    return replace(row, item=replace(row.item, reasons=reasons))


def _find_of_unit(members: Sequence[UnitMember]) -> dict[str, _NewFinding]:
    """What changes of the items of one unit."""
    consistent = [member for member in members if member.is_consistent]
    represented = find_representatives(consistent, lambda member, other: True)
    rival = next((m for m in members if not m.is_consistent and not m.is_left_out), None)
    findings: dict[str, _NewFinding] = {}
    for member in consistent:
        if member.is_left_out or member.alone.state not in RETURNABLE_STATES:
            continue
        if first := represented.get(member.key):
            findings[member.key] = _represented_by(first)
        elif member.other and member.state in (ItemState.ON_ANOTHER_FORM, ItemState.CONFLICT):
            findings[member.key] = _returned_itself(member, rival)
    return findings


def _represented_by(member: UnitMember) -> _NewFinding:
    reasons = reasons_for_represented(
        member.kind, member.serial, member.system, member.state, member.decision
    )
    return OwnFinding(ItemState.ON_ANOTHER_FORM, reasons, False), member.key


def _returned_itself(member: UnitMember, rival: UnitMember | None) -> _NewFinding:
    """By itself again, unless another form, which nobody left out yet, contradicts the unit's."""
    if rival is None:
        return member.alone, ""
    reasons = member.alone.reasons + reasons_for_rival(
        member.kind, rival.serial, is_returned=rival.decision == Decision.RETURNED,
        of_another_patient=are_of_two_patients(member.patient, rival.patient),
    )  # fmt: skip
    return OwnFinding(ItemState.CONFLICT, reasons, True), rival.key


def _apply(row: StoredItem, finding: OwnFinding) -> StoredItem:
    if (row.item.state, row.item.reasons) == (finding.state, finding.reasons):
        return row
    state, reasons, needs_second_person = finding
    item = replace(row.item, state=state, reasons=reasons, needs_second_person=needs_second_person)
    is_settled = row.decided.decision in _SETTLED and state != ItemState.ON_ANOTHER_FORM
    return replace(row, item=item, decided=row.decided if is_settled else UNDECIDED)


_SETTLED = (Decision.RETURN, Decision.RETURNED, Decision.RESOLVED)
"""What was decided in spite of another form stands when that one is left out."""
