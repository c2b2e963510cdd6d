"""Decide about a compared item, with a reason, never by the one who entered it."""

from dataclasses import replace

from downtime.reconcile.duplicates.recompute import recompute_after_decision
from downtime.reconcile.duplicates.unit_rivals import find_unit_rivals
from downtime.reconcile.find_items import get_item
from downtime.reconcile.model import (
    AuditAction,
    Decision,
    DecisionRecord,
    StoredItem,
)
from downtime.reconcile.policies import (
    check_can_decide,
    check_is_as_shown,
    check_no_rival,
    check_reason,
    is_confirming,
)
from downtime.reconcile.side_by_side import read_shown_items
from downtime.reconcile.store import items
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def decide_item(
    vault: Vault,
    key: str,
    decision: Decision,
    actor: Actor,
    reason: str,
    *,
    version: str | None = None,
) -> StoredItem:
    """Decide `return`, `leave` or `resolved-elsewhere`, or take a decision back with `open`.

    Where the rule asks for a second person, the first one's decision is a proposal: it holds once
    somebody else decides the same. Deciding otherwise replaces the proposal.
    ForbiddenError for the person who entered the form; ConflictError for a decision that the
    item's state does not allow (newer live data is never returned), and when it does not stand as it
    was shown (`version`, of a `ShownItem`; a page that names none showed nothing); InputError without
    a reason.
    """
    reason = check_reason(reason)
    with vault.change(
        actor, AuditAction.RECONCILE_DECIDE, target=key, reason=f"{decision}: {reason}"
    ) as db:
        row = get_item(vault, key)
        check_can_decide(row, decision, actor)
        if version is not None:
            check_is_as_shown(read_shown_items(vault, [row])[0].version, version)
        check_no_rival(row, decision, find_unit_rivals(db, [row]).get(key))
        record = next_decision(row, decision, actor, reason, vault.now())
        decided = replace(row, decided=record)
        items.save_decisions(db, [decided])
        recompute_after_decision(db, [decided])
        return get_item(vault, key)


def next_decision(
    row: StoredItem, decision: Decision, actor: Actor, reason: str, now: str, batch: str = ""
) -> DecisionRecord:
    """What is then decided about an item: open, proposed, or decided."""
    if decision == Decision.OPEN:
        # Back to open keeps nothing; the audit chain holds what had been decided, and why.
        return DecisionRecord()
    if row.item.needs_second_person and not is_confirming(row, decision, actor):
        return DecisionRecord(
            reason=reason, proposal=decision, proposed_by=actor.id, proposed_by_name=actor.name,
            proposed=now, batch=batch,
        )  # fmt: skip
    proposal = row.decided if row.item.needs_second_person else DecisionRecord()
    return replace(
        proposal, decision=decision, decided_by=actor.id, decided_by_name=actor.name, decided=now,
        reason=reason, proposal="", batch=batch,
    )  # fmt: skip
