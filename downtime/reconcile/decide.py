"""What people decide about compared items, each with a reason, never by the one who entered them."""

from downtime.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from downtime.reconcile import store
from downtime.reconcile.states import DECISIONS, OPEN, REGISTERS, RETURN, RETURNED, UNMATCHED
from downtime.reconcile.store import Decided, ItemRow
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


def decide(vault: Vault, key: str, decision: str, who: Actor, reason: str) -> ItemRow:
    """Decide `return`, `leave` or `resolved-elsewhere`, or take a decision back with `open`.

    ForbiddenError for the person who entered the form; ConflictError for a decision that the
    item's state does not allow (newer live data is never returned); InputError without a reason.
    """
    if not reason.strip():
        raise InputError(
            "decision.reason", "A decision needs a reason.", "Say in a few words why you decide so."
        )
    with vault.change(who, "reconcile.decide", target=key, why=f"{decision}: {reason}") as db:
        row = _get(vault, key)
        check(row, decision, who)
        # Back to open keeps nothing; the audit chain holds what had been decided, and why.
        decided = (
            Decided()
            if decision == OPEN
            else Decided(
                decision=decision,
                decided_by=who.id,
                decided_by_name=who.name,
                decided=vault.now(),
                reason=reason.strip(),
            )
        )
        store.set_decision(db, key, decided)
        return _get(vault, key)


def check(row: ItemRow, decision: str, who: Actor) -> None:
    """Raise with a sentence unless this person may decide so about this item now."""
    if who.id == row.item.fact.transcriber:
        raise ForbiddenError(
            "decision.own",
            "You entered this form, so somebody else decides about it.",
            "Ask a colleague who did not key it.",
        )
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
    outage = store.outage_of(vault.db, key)
    for row in store.fetch(vault.db, outage, key=key):
        return row
    raise NotFoundError("decision.unknown", "There is no such item.", "See the list of items.")
