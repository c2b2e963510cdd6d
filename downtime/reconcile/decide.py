"""What people decide about compared items, each with a reason, never by the one who entered them."""

from dataclasses import replace

from downtime.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from downtime.reconcile import standing, store
from downtime.reconcile.states import DECISIONS, OPEN, REGISTERS, RETURN, RETURNED, UNMATCHED
from downtime.reconcile.store import Decided, ItemRow
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


def decide(vault: Vault, key: str, decision: str, who: Actor, reason: str) -> ItemRow:
    """Decide `return`, `leave` or `resolved-elsewhere`, or take a decision back with `open`.

    Where the rule asks for a second person, the first one's decision is a proposal: it holds once
    somebody else decides the same. Deciding otherwise replaces the proposal.
    ForbiddenError for the person who entered the form; ConflictError for a decision that the
    item's state does not allow (newer live data is never returned); InputError without a reason.
    """
    said = reasoned(reason)
    with vault.change(who, "reconcile.decide", target=key, why=f"{decision}: {said}") as db:
        row = _get(vault, key)
        check(row, decision, who)
        done = replace(row, decided=after(row, decision, who, said, vault.now()))
        store.set_decisions(db, [done])
        standing.again(db, [done])
        return _get(vault, key)


def reasoned(reason: str) -> str:
    """The reason without blanks around it; InputError when it is empty."""
    if not reason.strip():
        raise InputError(
            "decision.reason", "A decision needs a reason.", "Say in a few words why you decide so."
        )
    return reason.strip()


def after(
    row: ItemRow, decision: str, who: Actor, reason: str, now: str, batch: str = ""
) -> Decided:
    """What is then decided about an item: open, proposed, or decided."""
    if decision == OPEN:
        # Back to open keeps nothing; the audit chain holds what had been decided, and why.
        return Decided()
    if not row.item.second:
        return Decided(
            decision=decision, decided_by=who.id, decided_by_name=who.name, decided=now,
            reason=reason, batch=batch,
        )  # fmt: skip
    if confirms(row, decision, who):
        return replace(
            row.decided, decision=decision, decided_by=who.id, decided_by_name=who.name,
            decided=now, reason=reason, proposal="", batch=batch,
        )  # fmt: skip
    return Decided(
        reason=reason, proposal=decision, proposed_by=who.id, proposed_by_name=who.name,
        proposed=now, batch=batch,
    )  # fmt: skip


def confirms(row: ItemRow, decision: str, who: Actor) -> bool:
    """Whether this person is the second one for a decision that another proposed."""
    return row.decided.proposal == decision and row.decided.proposed_by != who.id


def check(row: ItemRow, decision: str, who: Actor) -> None:
    """Raise with a sentence unless this person may decide so about this item now."""
    if who.id == row.item.fact.transcriber:
        raise ForbiddenError(
            "decision.own",
            "You entered this form, so somebody else decides about it.",
            "Ask a colleague who did not key it.",
        )
    if decision == OPEN and row.decided.proposal:
        return
    DECISIONS.check(row.decided.decision, decision)
    if decision == RETURNED or row.decided.decision == RETURNED:
        raise ConflictError(
            "decision.returned",
            "What goes out is recorded by the export alone, and cannot be called back.",
            "Correct it in the live system, then compare again.",
        )
    if decision != OPEN and decision not in row.allowed:
        raise ConflictError(
            "decision.state",
            f"An item that is '{row.item.state}' cannot be decided '{decision}'.",
            f"Choose {' or '.join(row.allowed)}." if row.allowed else "It needs no decision.",
        )
    if row.decided.proposal == decision and row.decided.proposed_by == who.id:
        raise ForbiddenError(
            "decision.second",
            "You proposed this, so somebody else confirms it.",
            "Ask a colleague to look at the item.",
        )
    if decision == RETURN and row.item.state == UNMATCHED and not _has_number(row):
        raise ConflictError(
            "decision.number",
            "This patient has no number at all, so no message can name them.",
            f"Give the {' or '.join(REGISTERS)} form a downtime number and correct the entry.",
        )


def _has_number(row: ItemRow) -> bool:
    person = row.item.person
    return bool(person.mrn or person.nhs_number or person.downtime_number)


def items(
    vault: Vault, outage: str, *, state: str = "", decision: str = "", system: str = ""
) -> list[ItemRow]:
    """The items of an outage, filtered by comparison state, decision and system where given."""
    return list(store.fetch(vault.db, outage, state=state, decision=decision, system=system))


def get(vault: Vault, key: str) -> ItemRow:
    """One item; NotFoundError."""
    return _get(vault, key)


def _get(vault: Vault, key: str) -> ItemRow:
    for row in store.with_keys(vault.db, [key]):
        return row
    raise NotFoundError("decision.unknown", "There is no such item.", "See the list of items.")
