"""What a new comparison does to an earlier decision: it is kept only while it still holds. Pure."""

from dataclasses import replace

from downtime.reconcile.item import Item
from downtime.reconcile.states import CONFLICT, HELD, LEAVE, NEW, NEWER_LIVE, RETURN, RETURNED
from downtime.reconcile.store import Decided, ItemRow, digest


def keep(old: ItemRow | None, new: ItemRow, told: bool = False) -> ItemRow:
    """The new finding with the old decision if nothing it rested on has changed.

    `told`: another form says the same now. What was left stays left then, and what was to be
    returned although another form said the same is still to be returned when none does any more.

    What went out and was corrected on paper since becomes a conflict: a person decides whether
    the correction goes out too.
    """
    if old is None:
        return new
    new = replace(new, digest=digest(new.item.fact))
    if old.digest == new.digest and _was_sent(old):
        return replace(new, decided=old.decided)
    if _was_sent(old):
        words = f"Returned before the entry was corrected. {new.item.explanation}"
        return replace(new, item=replace(new.item, state=CONFLICT, explanation=words))
    if old.digest == new.digest and (_basis(old.item) == _basis(new.item) or _more(old, new, told)):
        return replace(new, decided=old.decided)
    return new


def is_same(old: ItemRow | None, new: ItemRow) -> bool:
    """Whether a new comparison found what the last one did."""
    return old is not None and replace(new, snapshot=old.snapshot, compared=old.compared) == old


def orphan(old: ItemRow) -> ItemRow:
    """An item that went out although its form no longer says so: open again, never to be resent."""
    words = "Returned, but the entry no longer says so: correct it in the live system."
    item = replace(old.item, state=NEWER_LIVE, explanation=words)
    return replace(old, item=item, decided=Decided())


def _was_sent(row: ItemRow) -> bool:
    return row.decided.decision == RETURNED


def _basis(item: Item) -> tuple[object, ...]:
    return (item.state, *_meant(item))


def _meant(item: Item) -> tuple[object, ...]:
    return (item.patient, item.matched, item.person)


def _more(old: ItemRow, new: ItemRow, told: bool) -> bool:
    """Whether the new state only speaks for what was decided."""
    if _meant(old.item) != _meant(new.item):
        return False
    states = old.item.state, new.item.state
    if old.decided.decision == LEAVE:
        return told and states in ((NEW, CONFLICT), (HELD, CONFLICT))
    return old.decided.decision == RETURN and states in ((CONFLICT, NEW), (CONFLICT, HELD))
