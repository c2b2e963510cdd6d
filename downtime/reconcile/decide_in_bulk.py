"""Decide about many items by a rule: what a filter lets through, looked at first, undone as one.

What is decided is exactly what was shown: if the items behind a filter have changed since the
preview, nothing is done and the preview is shown again.
"""

import hashlib
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from downtime.errors import ConflictError, InputError, NotFoundError, UserError
from downtime.reconcile import decide_item
from downtime.reconcile.duplicates import recompute
from downtime.reconcile.model import AuditAction, BulkDecision, Decision, ItemFilter, StoredItem
from downtime.reconcile.store import batches as store_batches
from downtime.reconcile.store import items
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

BULK_DECISIONS = (Decision.RETURN, Decision.LEAVE, Decision.RESOLVED)
"""What may be decided in bulk; back to open goes by undoing."""


@dataclass(frozen=True, slots=True)
class BulkPreview:
    """What a decision in bulk would do: the items concerned, and why others are left as they are."""

    decision: str
    rows: tuple[StoredItem, ...]
    """Those it is decided about, in the order in which they happened."""
    proposed: int
    """Of them, those that a second person must confirm."""
    confirmed: int
    """Of them, those that this person confirms as the second one."""
    left: Mapping[str, int]
    """Sentence to the number of items that are left as they are for that reason."""
    token: str
    """Names exactly this preview."""

    def counts(self, name: str) -> list[tuple[str, int]]:
        """How many of the items by `state`, or by a field of their facts such as `ward`."""
        found = Counter(
            row.item.state if name == "state" else str(getattr(row.item.fact, name))
            for row in self.rows
        )
        return sorted(found.items())


def preview_bulk_decision(
    vault: Vault, outage: str, wanted: ItemFilter, decision: str, actor: Actor
) -> BulkPreview:
    """What deciding so about all open items of a filter would do; InputError for a wide-open one."""
    if decision not in BULK_DECISIONS:
        raise InputError(
            "bulk.decision",
            "That cannot be decided in bulk.",
            f"Choose {' or '.join(BULK_DECISIONS)}.",
        )
    if not wanted.as_dict():
        raise InputError(
            "bulk.filter",
            "A decision in bulk needs a filter.",
            "Choose a state, type, system, ward or form first.",
        )
    rows = items.fetch_item_page(vault.db, outage, replace(wanted, open_only=True), -1)
    taken: list[StoredItem] = []
    left: Counter[str] = Counter()
    for row in rows:
        if reason := _refusal(row, decision, actor):
            left[reason] += 1
        else:
            taken.append(row)
    second = [row for row in taken if row.item.needs_second_person]
    confirmed = sum(decide_item.is_confirming(row, decision, actor) for row in second)
    return BulkPreview(
        decision, tuple(taken), len(second) - confirmed, confirmed, dict(left),
        _token(taken, decision),
    )  # fmt: skip


def _refusal(row: StoredItem, decision: str, actor: Actor) -> str:
    try:
        decide_item.check_can_decide(row, decision, actor)
    except UserError as error:
        return error.sentence
    return ""


def _token(rows: Sequence[StoredItem], decision: str) -> str:
    said = hashlib.sha256(decision.encode())
    for row in rows:
        said.update(f"{row.key} {row.item.state} {row.digest} {row.decided.proposal}\n".encode())
    return said.hexdigest()[:24]


def apply_bulk_decision(
    vault: Vault,
    outage: str,
    wanted: ItemFilter,
    decision: str,
    token: str,
    actor: Actor,
    reason: str,
) -> BulkDecision:
    """Decide so about everything in the preview of that token; ConflictError if it has changed."""
    said = decide_item.check_reason(reason)
    batch = secrets.token_hex(6)
    with vault.change(
        actor, AuditAction.RECONCILE_BULK, target=batch, reason=f"{decision}: {said}"
    ) as db:
        found = preview_bulk_decision(vault, outage, wanted, decision, actor)
        if not found.rows:
            raise ConflictError(
                "bulk.nothing", "There is nothing to decide.", "Choose another filter."
            )
        if found.token != token:
            raise ConflictError(
                "bulk.changed",
                "These items have changed since you looked at them.",
                "Look at the list again, then decide.",
            )
        now = vault.now()
        made = BulkDecision(
            id=batch, outage=outage, decision=decision, reason=said, filter=wanted.as_dict(),
            items=len(found.rows), decided=now, decided_by=actor.id, decided_by_name=actor.name,
        )  # fmt: skip
        store_batches.save_bulk_decision(db, made)
        store_batches.save_previous_decisions(db, batch, found.rows)
        items.save_decisions(
            db,
            (
                replace(
                    row, decided=decide_item.next_decision(row, decision, actor, said, now, batch)
                )
                for row in found.rows
            ),
        )
        recompute.recompute_after_decision(db, found.rows)
        return made


@dataclass(frozen=True, slots=True)
class BulkUndo:
    """What undoing put back, and what it left because it has moved on since."""

    batch: BulkDecision
    back: int
    kept: int


def undo_bulk_decision(vault: Vault, batch_id: str, actor: Actor, reason: str) -> BulkUndo:
    """Put every item of a decision in bulk back as it was, unless it went out or was decided anew."""
    said = decide_item.check_reason(reason)
    with vault.change(actor, AuditAction.RECONCILE_BULK_UNDO, target=batch_id, reason=said) as db:
        batch = get_bulk_decision(vault, batch_id)
        if batch.undone:
            raise ConflictError(
                "bulk.undone", "This decision in bulk is undone already.", "See the list of items."
            )
        before = store_batches.fetch_previous_decisions(db, batch_id)
        rows = items.fetch_by_keys(db, before)
        back = [
            replace(row, decided=before[row.key])
            for row in rows
            if row.decided.batch == batch_id and row.decided.decision != Decision.RETURNED
        ]
        items.save_decisions(db, back)
        recompute.recompute_after_decision(db, back)
        done = replace(batch, undone=vault.now(), undone_by_name=actor.name, undone_reason=said)
        store_batches.save_bulk_decision(db, done)
        return BulkUndo(done, len(back), len(before) - len(back))


def get_bulk_decision(vault: Vault, batch_id: str) -> BulkDecision:
    """One decision in bulk; NotFoundError."""
    for batch in store_batches.fetch(vault.db, "id = ?", batch_id):
        return batch
    raise NotFoundError(
        "bulk.unknown", "There is no such decision in bulk.", "See the list of them."
    )


def list_bulk_decisions(vault: Vault, outage: str) -> list[BulkDecision]:
    """The decisions in bulk of an outage, newest first."""
    return list(store_batches.fetch(vault.db, "outage = ?", outage))
