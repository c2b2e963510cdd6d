"""Whether an earlier decision still holds for what a new comparison finds. Pure."""

from dataclasses import replace

from downtime.reconcile.model import UNDECIDED, Decision, ItemState, StoredItem
from downtime.reconcile.reasons import ReasonCode, make_reasons
from downtime.reconcile.store.items import fact_digest


def carry_decision(
    before: StoredItem | None, now: StoredItem, *, is_repeated: bool = False
) -> StoredItem:
    """The new finding with the earlier decision if nothing it rested on has changed.

    `is_repeated`: another form says the same now. What was left out stays so then, and what was to
    be returned although another form said the same is still to be returned when none does any more.

    What was returned and corrected on paper since becomes a conflict: a person decides whether the
    correction is returned too.
    """
    if before is None:
        return now
    now = replace(now, digest=fact_digest(now.item.fact))
    is_same_fact = before.digest == now.digest
    if before.decided.decision == Decision.RETURNED:
        return _carry_return(before, now) if is_same_fact else _correct(now)
    is_same_finding = before.item.state == now.item.state and before.item.has_same_match(now.item)
    if is_same_fact and (is_same_finding or _still_holds(before, now, is_repeated=is_repeated)):
        return replace(now, decided=before.decided)
    return now


def _carry_return(before: StoredItem, now: StoredItem) -> StoredItem:
    """Returned, unless the system that held it says otherwise since: then a person looks again."""
    was, is_ = before.item.state, now.item.state
    if is_ != ItemState.CONFLICT or was == ItemState.CONFLICT:
        return replace(now, decided=before.decided)
    reasons = make_reasons(ReasonCode.CONTRADICTED_SINCE_RETURN) + now.item.reasons
    return replace(now, item=replace(now.item, reasons=reasons, needs_second_person=True))


def _correct(now: StoredItem) -> StoredItem:
    reasons = make_reasons(ReasonCode.CORRECTED_SINCE_RETURN) + now.item.reasons
    return replace(now, item=replace(now.item, state=ItemState.CONFLICT, reasons=reasons))


def is_unchanged(before: StoredItem | None, now: StoredItem) -> bool:
    """Whether a new comparison found what the last one did."""
    return (
        before is not None
        and replace(now, snapshot=before.snapshot, compared=before.compared) == before
    )


def reopen_orphan(row: StoredItem) -> StoredItem:
    """An item that was returned although its form no longer says so: open, never to be resent."""
    reasons = make_reasons(ReasonCode.WITHDRAWN_SINCE_RETURN)
    item = replace(row.item, state=ItemState.NEWER_LIVE, reasons=reasons)
    return replace(row, item=item, decided=UNDECIDED)


def _still_holds(before: StoredItem, now: StoredItem, *, is_repeated: bool) -> bool:
    """Whether the new state only speaks for what was decided."""
    if not before.item.has_same_match(now.item):
        return False
    states = before.item.state, now.item.state
    new, not_compared, conflict = ItemState.NEW, ItemState.NOT_COMPARED, ItemState.CONFLICT
    if before.decided.decision == Decision.LEAVE:
        return is_repeated and states in ((new, conflict), (not_compared, conflict))
    if before.decided.decision == Decision.RETURN:
        return states in ((conflict, new), (conflict, not_compared))
    return False
