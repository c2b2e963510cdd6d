"""Decide about many items at once: what a page shows with its values, and nothing beyond it.

Whoever decides sends back the keys and versions of what was before their eyes. An item that has
changed since, or that a colleague has decided meanwhile, is left as it is and named. One page is one
decision, and is undone as one.
"""

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlite_utils import Database

from downtime.errors import ConflictError, NotFoundError
from downtime.reconcile.decide_item import next_decision
from downtime.reconcile.duplicates.recompute import recompute_after_decision
from downtime.reconcile.duplicates.unit_rivals import find_unit_rivals
from downtime.reconcile.find_items import list_after
from downtime.reconcile.item_sets import group_sets, is_same_set
from downtime.reconcile.model import (
    AuditAction,
    BulkDecision,
    Decision,
    ItemFilter,
    StoredItem,
)
from downtime.reconcile.policies import (
    can_undo_item,
    check_can_decide_in_bulk,
    check_can_undo,
    check_reason,
    explain_refusal,
    explain_rival,
    is_confirming,
)
from downtime.reconcile.side_by_side import ShownItem, read_shown_items
from downtime.reconcile.store import bulk_decisions, items
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class BulkPreview:
    """One page of what may be decided so, and why others on the way are left as they are."""

    decision: Decision
    shown: tuple[ShownItem, ...]
    """Those it would be decided about, in the order in which they happened, with their values."""
    proposed: int
    """Of them, those that a second person must confirm."""
    confirmed: int
    """Of them, those that this person confirms as the second one."""
    refused: Mapping[str, int]
    """Sentence to the number of items passed over on this page for that reason."""
    waiting: int
    """Open items of the filter altogether."""
    next_after: str
    """The item after which the next page begins; empty on the last one."""

    @property
    def rows(self) -> tuple[StoredItem, ...]:
        """The items without their values."""
        return tuple(item.row for item in self.shown)

    @property
    def versions(self) -> dict[str, str]:
        """Key of each item to the version that is shown: what a decision sends back."""
        return {item.row.key: item.version for item in self.shown}

    @property
    def sets(self) -> list[tuple[ShownItem, ...]]:
        """The items by what was written together."""
        shown = {item.row.key: item for item in self.shown}
        return [tuple(shown[row.key] for row in group) for group in group_sets(self.rows)]


def preview_bulk_decision(
    vault: Vault,
    settings: Settings,
    outage: str,
    item_filter: ItemFilter,
    decision: Decision,
    actor: Actor,
    *,
    after: str = "",
) -> BulkPreview:
    """A page of the open items of a filter about which this person may decide so.

    `after` is the key of an item: the page begins behind it. A set is never parted by a page's end.
    InputError for a filter that lets everything through.
    """
    check_can_decide_in_bulk(decision, item_filter)
    wanted, most = replace(item_filter, open_only=True), settings.reconcile.bulk_items_shown
    page = _Page(decision, actor, most)
    last = after
    while not page.is_full and (batch := list_after(vault, outage, wanted, last, 2 * most)):
        rivals = find_unit_rivals(vault.db, batch)
        for row in batch:
            if not page.take(row, explain_rival(decision, rivals.get(row.key))):
                break
            last = row.key
    has_more = page.is_full and bool(list_after(vault, outage, wanted, last, 1))
    for_two = [row for row in page.rows if row.item.needs_second_person]
    confirmed = sum(is_confirming(row, decision, actor) for row in for_two)
    return BulkPreview(
        decision,
        tuple(read_shown_items(vault, page.rows)),
        len(for_two) - confirmed,
        confirmed,
        dict(page.refused),
        items.count_items(vault.db, outage, wanted),
        last if has_more else "",
    )


class _Page:
    """Fills up with items that may be decided, until the set that makes it full is whole."""

    def __init__(self, decision: Decision, actor: Actor, most: int) -> None:
        self.decision, self.actor, self.most = decision, actor, most
        self.rows: list[StoredItem] = []
        self.refused: Counter[str] = Counter()
        self.is_full = False

    def take(self, row: StoredItem, refusal: str) -> bool:
        """Whether the item is on this page, or passed over on it: for a `refusal`, or by the rules."""
        if len(self.rows) >= self.most and not is_same_set(self.rows[-1], row):
            self.is_full = True
            return False
        if sentence := refusal or explain_refusal(row, self.decision, self.actor):
            self.refused[sentence] += 1
        else:
            self.rows.append(row)
        return True


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """What was decided, and which of the items that were sent had changed or are not there any more."""

    batch: BulkDecision
    changed: tuple[str, ...]
    """Keys."""


def apply_bulk_decision(
    vault: Vault,
    outage: str,
    item_filter: ItemFilter,
    decision: Decision,
    shown: Mapping[str, str],
    actor: Actor,
    reason: str,
) -> BulkOutcome:
    """Decide so about items that were shown: key to version, as `BulkPreview.versions` gives them.

    What does not stand as it was shown is left as it is. ConflictError when that is so of all.
    """
    check_can_decide_in_bulk(decision, item_filter)
    reason = check_reason(reason)
    batch_id = secrets.token_hex(6)
    with vault.change(
        actor, AuditAction.RECONCILE_BULK, target=batch_id, reason=f"{decision}: {reason}"
    ) as db:
        rows = _list_unchanged(vault, db, outage, shown, decision, actor)
        now = vault.now()
        batch = BulkDecision(
            id=batch_id, outage=outage, decision=decision, reason=reason,
            filter=item_filter.as_dict(), items=len(rows), decided=now,
            decided_by=actor.id, decided_by_name=actor.name,
        )  # fmt: skip
        bulk_decisions.save_bulk_decision(db, batch)
        bulk_decisions.save_previous_decisions(db, batch_id, rows)
        items.save_decisions(
            db,
            (
                replace(row, decided=next_decision(row, decision, actor, reason, now, batch_id))
                for row in rows
            ),
        )
        recompute_after_decision(db, rows)
    unchanged = {row.key for row in rows}
    return BulkOutcome(batch, tuple(key for key in shown if key not in unchanged))


def _list_unchanged(
    vault: Vault, db: Database, outage: str, shown: Mapping[str, str], decision: Decision,
    actor: Actor,
) -> Sequence[StoredItem]:  # fmt: skip
    """Those of the items that stand as they were shown; ConflictError without any."""
    present = [row for row in items.fetch_by_keys(db, shown) if row.outage == outage]
    rivals = find_unit_rivals(db, present)
    rows = [
        item.row
        for item in read_shown_items(vault, present)
        if item.version == shown[item.row.key]
        and not explain_rival(decision, rivals.get(item.row.key))
        and not explain_refusal(item.row, decision, actor)
        and item.row.is_open
    ]
    if rows:
        return rows
    if not shown:
        raise ConflictError("bulk.nothing", "There is nothing to decide.", "Choose another filter.")
    raise ConflictError(
        "bulk.changed",
        "These items have changed since you looked at them.",
        "Look at the list again, then decide.",
    )


@dataclass(frozen=True, slots=True)
class BulkUndo:
    """What undoing put back, and how many items stay since they have moved on."""

    batch: BulkDecision
    restored: int
    unchanged: int


def undo_bulk_decision(vault: Vault, batch_id: str, actor: Actor, reason: str) -> BulkUndo:
    """Put every item of a decision in bulk back as it was, unless it has moved on since.

    What the person who undoes has keyed stays too: others decide about it.
    """
    reason = check_reason(reason)
    with vault.change(actor, AuditAction.RECONCILE_BULK_UNDO, target=batch_id, reason=reason) as db:
        batch = get_bulk_decision(vault, batch_id)
        check_can_undo(batch)
        before = bulk_decisions.fetch_previous_decisions(db, batch_id)
        restored = [
            replace(row, decided=before[row.key])
            for row in items.fetch_by_keys(db, before)
            if can_undo_item(row, batch, actor)
        ]
        items.save_decisions(db, restored)
        recompute_after_decision(db, restored)
        undone = replace(batch, undone=vault.now(), undone_by_name=actor.name, undone_reason=reason)
        bulk_decisions.save_bulk_decision(db, undone)
        return BulkUndo(undone, len(restored), len(before) - len(restored))


def get_bulk_decision(vault: Vault, batch_id: str) -> BulkDecision:
    """One decision in bulk; NotFoundError."""
    if batch := bulk_decisions.fetch_bulk_decision(vault.db, batch_id):
        return batch
    raise NotFoundError(
        "bulk.unknown", "There is no such decision in bulk.", "See the list of them."
    )


def list_bulk_decisions(vault: Vault, outage: str) -> list[BulkDecision]:
    """The decisions in bulk of an outage, newest first."""
    return bulk_decisions.fetch_bulk_decisions(vault.db, outage)
