"""Decide about many items by a rule: what a filter lets through, looked at first, undone as one.

What is decided is exactly what was shown: if the items behind a filter have changed since the
preview, nothing is done and the preview is shown again.
"""

import hashlib
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from downtime.errors import ConflictError, NotFoundError
from downtime.reconcile.decide_item import next_decision
from downtime.reconcile.duplicates.recompute import recompute_after_decision
from downtime.reconcile.find_items import list_filtered
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
    is_confirming,
)
from downtime.reconcile.store import bulk_decisions, items
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class BulkPreview:
    """What a decision in bulk would do: the items concerned, and why others are left as they are."""

    decision: Decision
    rows: tuple[StoredItem, ...]
    """Those it is decided about, in the order in which they happened."""
    proposed: int
    """Of them, those that a second person must confirm."""
    confirmed: int
    """Of them, those that this person confirms as the second one."""
    refused: Mapping[str, int]
    """Sentence to the number of items that are left as they are for that reason."""
    token: str
    """Names exactly this preview."""

    def count_items(self, name: str) -> list[tuple[str, int]]:
        """How many of the items by `state`, or by a field of their facts such as `ward`."""
        values = Counter(
            row.item.state if name == "state" else str(getattr(row.item.fact, name))
            for row in self.rows
        )
        return sorted(values.items())


def preview_bulk_decision(
    vault: Vault, outage: str, item_filter: ItemFilter, decision: Decision, actor: Actor
) -> BulkPreview:
    """What deciding so about all open items of a filter would do; InputError for a wide-open one."""
    check_can_decide_in_bulk(decision, item_filter)
    rows: list[StoredItem] = []
    refused: Counter[str] = Counter()
    for row in list_filtered(vault, outage, replace(item_filter, open_only=True)):
        if sentence := explain_refusal(row, decision, actor):
            refused[sentence] += 1
        else:
            rows.append(row)
    for_two = [row for row in rows if row.item.needs_second_person]
    confirmed = sum(is_confirming(row, decision, actor) for row in for_two)
    return BulkPreview(
        decision, tuple(rows), len(for_two) - confirmed, confirmed, dict(refused),
        _token(rows, decision),
    )  # fmt: skip


def _token(rows: Sequence[StoredItem], decision: Decision) -> str:
    digest = hashlib.sha256(decision.encode())
    for row in rows:
        digest.update(f"{row.key} {row.item.state} {row.digest} {row.decided.proposal}\n".encode())
    return digest.hexdigest()[:24]


def apply_bulk_decision(
    vault: Vault, outage: str, item_filter: ItemFilter, decision: Decision, token: str,
    actor: Actor, reason: str,
) -> BulkDecision:  # fmt: skip
    """Decide so about everything in the preview of that token; ConflictError if it has changed."""
    reason = check_reason(reason)
    batch_id = secrets.token_hex(6)
    with vault.change(
        actor, AuditAction.RECONCILE_BULK, target=batch_id, reason=f"{decision}: {reason}"
    ) as db:
        preview = preview_bulk_decision(vault, outage, item_filter, decision, actor)
        _check_is_as_previewed(preview, token)
        now = vault.now()
        batch = BulkDecision(
            id=batch_id, outage=outage, decision=decision, reason=reason,
            filter=item_filter.as_dict(), items=len(preview.rows), decided=now,
            decided_by=actor.id, decided_by_name=actor.name,
        )  # fmt: skip
        bulk_decisions.save_bulk_decision(db, batch)
        bulk_decisions.save_previous_decisions(db, batch_id, preview.rows)
        items.save_decisions(
            db,
            (
                replace(row, decided=next_decision(row, decision, actor, reason, now, batch_id))
                for row in preview.rows
            ),
        )
        recompute_after_decision(db, preview.rows)
        return batch


def _check_is_as_previewed(preview: BulkPreview, token: str) -> None:
    if not preview.rows:
        raise ConflictError("bulk.nothing", "There is nothing to decide.", "Choose another filter.")
    if preview.token != token:
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
