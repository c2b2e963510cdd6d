"""What a new comparison does to an earlier decision: it is kept only while it still holds. Pure."""

from dataclasses import replace

from downtime.reconcile.model import DecisionRecord, Decision, Item, StoredItem, ItemState
from downtime.reconcile.store.items import fact_digest


def carry_decision(old: StoredItem | None, new: StoredItem, told: bool = False) -> StoredItem:
    """The new finding with the old decision if nothing it rested on has changed.

    `told`: another form says the same now. What was left stays left then, and what was to be
    returned although another form said the same is still to be returned when none does any more.

    What went out and was corrected on paper since becomes a conflict: a person decides whether
    the correction goes out too.
    """
    if old is None:
        return new
    new = replace(new, digest=fact_digest(new.item.fact))
    if old.digest == new.digest and _was_sent(old):
        return replace(new, decided=old.decided)
    if _was_sent(old):
        words = f"Returned before the entry was corrected. {new.item.explanation}"
        return replace(new, item=replace(new.item, state=ItemState.CONFLICT, explanation=words))
    if old.digest == new.digest and (_basis(old.item) == _basis(new.item) or _more(old, new, told)):
        return replace(new, decided=old.decided)
    return new


def is_unchanged(old: StoredItem | None, new: StoredItem) -> bool:
    """Whether a new comparison found what the last one did."""
    return old is not None and replace(new, snapshot=old.snapshot, compared=old.compared) == old


def reopen_orphan(old: StoredItem) -> StoredItem:
    """An item that went out although its form no longer says so: open again, never to be resent."""
    words = "Returned, but the entry no longer says so: correct it in the live system."
    item = replace(old.item, state=ItemState.NEWER_LIVE, explanation=words)
    return replace(old, item=item, decided=DecisionRecord())


def _was_sent(row: StoredItem) -> bool:
    return row.decided.decision == Decision.RETURNED


def _basis(item: Item) -> tuple[object, ...]:
    return (item.state, *_meant(item))


def _meant(item: Item) -> tuple[object, ...]:
    return (item.patient, item.matched_ids, item.person)


def _more(old: StoredItem, new: StoredItem, told: bool) -> bool:
    """Whether the new state only speaks for what was decided."""
    if _meant(old.item) != _meant(new.item):
        return False
    states = old.item.state, new.item.state
    if old.decided.decision == Decision.LEAVE:
        return told and states in (
            (ItemState.NEW, ItemState.CONFLICT),
            (ItemState.HELD, ItemState.CONFLICT),
        )
    return old.decided.decision == Decision.RETURN and states in (
        (ItemState.CONFLICT, ItemState.NEW),
        (ItemState.CONFLICT, ItemState.HELD),
    )
