"""What people decide about compared items, each with a reason, never by the one who entered them."""

from dataclasses import replace

from downtime.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from downtime.reconcile.duplicates import recompute
from downtime.reconcile.model import (
    LIFECYCLE,
    REGISTERS,
    AuditAction,
    Decision,
    DecisionRecord,
    ItemState,
    StoredItem,
)
from downtime.reconcile.store import items as store_items
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def decide_item(vault: Vault, key: str, decision: str, actor: Actor, reason: str) -> StoredItem:
    """Decide `return`, `leave` or `resolved-elsewhere`, or take a decision back with `open`.

    Where the rule asks for a second person, the first one's decision is a proposal: it holds once
    somebody else decides the same. Deciding otherwise replaces the proposal.
    ForbiddenError for the person who entered the form; ConflictError for a decision that the
    item's state does not allow (newer live data is never returned); InputError without a reason.
    """
    said = check_reason(reason)
    with vault.change(
        actor, AuditAction.RECONCILE_DECIDE, target=key, reason=f"{decision}: {said}"
    ) as db:
        row = _get(vault, key)
        check_can_decide(row, decision, actor)
        done = replace(row, decided=next_decision(row, decision, actor, said, vault.now()))
        store_items.save_decisions(db, [done])
        recompute.recompute_after_decision(db, [done])
        return _get(vault, key)


def check_reason(reason: str) -> str:
    """The reason without blanks around it; InputError when it is empty."""
    if not reason.strip():
        raise InputError(
            "decision.reason", "A decision needs a reason.", "Say in a few words why you decide so."
        )
    return reason.strip()


def next_decision(
    row: StoredItem, decision: str, actor: Actor, reason: str, now: str, batch: str = ""
) -> DecisionRecord:
    """What is then decided about an item: open, proposed, or decided."""
    if decision == Decision.OPEN:
        # Back to open keeps nothing; the audit chain holds what had been decided, and why.
        return DecisionRecord()
    if not row.item.needs_second_person:
        return DecisionRecord(
            decision=decision, decided_by=actor.id, decided_by_name=actor.name, decided=now,
            reason=reason, batch=batch,
        )  # fmt: skip
    if is_confirming(row, decision, actor):
        return replace(
            row.decided, decision=decision, decided_by=actor.id, decided_by_name=actor.name,
            decided=now, reason=reason, proposal="", batch=batch,
        )  # fmt: skip
    return DecisionRecord(
        reason=reason, proposal=decision, proposed_by=actor.id, proposed_by_name=actor.name,
        proposed=now, batch=batch,
    )  # fmt: skip


def is_confirming(row: StoredItem, decision: str, actor: Actor) -> bool:
    """Whether this person is the second one for a decision that another proposed."""
    return row.decided.proposal == decision and row.decided.proposed_by != actor.id


def check_can_decide(row: StoredItem, decision: str, actor: Actor) -> None:
    """Raise with a sentence unless this person may decide so about this item now."""
    if actor.id == row.item.fact.transcriber:
        raise ForbiddenError(
            "decision.own",
            "You entered this form, so somebody else decides about it.",
            "Ask a colleague who did not key it.",
        )
    if decision == Decision.OPEN and row.decided.proposal:
        return
    LIFECYCLE.check(row.decided.decision, decision)
    if decision == Decision.RETURNED or row.decided.decision == Decision.RETURNED:
        raise ConflictError(
            "decision.returned",
            "What goes out is recorded by the export alone, and cannot be called back.",
            "Correct it in the live system, then compare again.",
        )
    if decision != Decision.OPEN and decision not in row.allowed:
        raise ConflictError(
            "decision.state",
            f"An item that is '{row.item.state}' cannot be decided '{decision}'.",
            f"Choose {' or '.join(row.allowed)}." if row.allowed else "It needs no decision.",
        )
    if row.decided.proposal == decision and row.decided.proposed_by == actor.id:
        raise ForbiddenError(
            "decision.second",
            "You proposed this, so somebody else confirms it.",
            "Ask a colleague to look at the item.",
        )
    if (
        decision == Decision.RETURN
        and row.item.state == ItemState.UNMATCHED
        and not _has_number(row)
    ):
        raise ConflictError(
            "decision.number",
            "This patient has no number at all, so no message can name them.",
            f"Give the {' or '.join(REGISTERS)} form a downtime number and correct the entry.",
        )


def _has_number(row: StoredItem) -> bool:
    person = row.item.person
    return bool(person.mrn or person.nhs_number or person.downtime_number)


def list_items(
    vault: Vault, outage: str, *, state: str = "", decision: str = "", system: str = ""
) -> list[StoredItem]:
    """The items of an outage, filtered by comparison state, decision and system where given."""
    return list(
        store_items.fetch_items(vault.db, outage, state=state, decision=decision, system=system)
    )


def get_item(vault: Vault, key: str) -> StoredItem:
    """One item; NotFoundError."""
    return _get(vault, key)


def _get(vault: Vault, key: str) -> StoredItem:
    for row in store_items.fetch_by_keys(vault.db, [key]):
        return row
    raise NotFoundError("decision.unknown", "There is no such item.", "See the list of items.")
