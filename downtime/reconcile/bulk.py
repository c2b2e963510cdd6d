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
from downtime.reconcile import decide, standing, store, store_batches
from downtime.reconcile.states import LEAVE, RESOLVED, RETURN, RETURNED
from downtime.reconcile.store import Filter, ItemRow
from downtime.reconcile.store_batches import Batch
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

BULK = (RETURN, LEAVE, RESOLVED)
"""What may be decided in bulk; back to open goes by undoing."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a decision in bulk would do: the items concerned, and why others are left as they are."""

    decision: str
    rows: tuple[ItemRow, ...]
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


def preview(vault: Vault, outage: str, wanted: Filter, decision: str, who: Actor) -> Preview:
    """What deciding so about all open items of a filter would do; InputError for a wide-open one."""
    if decision not in BULK:
        raise InputError(
            "bulk.decision", "That cannot be decided in bulk.", f"Choose {' or '.join(BULK)}."
        )
    if not wanted.as_dict():
        raise InputError(
            "bulk.filter",
            "A decision in bulk needs a filter.",
            "Choose a state, type, system, ward or form first.",
        )
    rows = store.listed(vault.db, outage, replace(wanted, open_only=True), -1)
    taken: list[ItemRow] = []
    left: Counter[str] = Counter()
    for row in rows:
        if reason := _refusal(row, decision, who):
            left[reason] += 1
        else:
            taken.append(row)
    second = [row for row in taken if row.item.second]
    confirmed = sum(decide.confirms(row, decision, who) for row in second)
    return Preview(
        decision, tuple(taken), len(second) - confirmed, confirmed, dict(left),
        _token(taken, decision),
    )  # fmt: skip


def _refusal(row: ItemRow, decision: str, who: Actor) -> str:
    try:
        decide.check(row, decision, who)
    except UserError as error:
        return error.sentence
    return ""


def _token(rows: Sequence[ItemRow], decision: str) -> str:
    said = hashlib.sha256(decision.encode())
    for row in rows:
        said.update(f"{row.key} {row.item.state} {row.digest} {row.decided.proposal}\n".encode())
    return said.hexdigest()[:24]


def apply(
    vault: Vault, outage: str, wanted: Filter, decision: str, token: str, who: Actor, reason: str
) -> Batch:
    """Decide so about everything in the preview of that token; ConflictError if it has changed."""
    said = decide.reasoned(reason)
    batch = secrets.token_hex(6)
    with vault.change(who, "reconcile.bulk", target=batch, why=f"{decision}: {said}") as db:
        found = preview(vault, outage, wanted, decision, who)
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
        made = Batch(
            id=batch, outage=outage, decision=decision, reason=said, filter=wanted.as_dict(),
            items=len(found.rows), decided=now, decided_by=who.id, decided_by_name=who.name,
        )  # fmt: skip
        store_batches.save(db, made)
        store_batches.keep_before(db, batch, found.rows)
        store.set_decisions(
            db,
            (
                replace(row, decided=decide.after(row, decision, who, said, now, batch))
                for row in found.rows
            ),
        )
        standing.again(db, found.rows)
        return made


@dataclass(frozen=True, slots=True)
class Undone:
    """What undoing put back, and what it left because it has moved on since."""

    batch: Batch
    back: int
    kept: int


def undo(vault: Vault, batch_id: str, who: Actor, reason: str) -> Undone:
    """Put every item of a decision in bulk back as it was, unless it went out or was decided anew."""
    said = decide.reasoned(reason)
    with vault.change(who, "reconcile.bulk-undo", target=batch_id, why=said) as db:
        batch = get(vault, batch_id)
        if batch.undone:
            raise ConflictError(
                "bulk.undone", "This decision in bulk is undone already.", "See the list of items."
            )
        before = store_batches.before(db, batch_id)
        rows = store.with_keys(db, before)
        back = [
            replace(row, decided=before[row.key])
            for row in rows
            if row.decided.batch == batch_id and row.decided.decision != RETURNED
        ]
        store.set_decisions(db, back)
        standing.again(db, back)
        done = replace(batch, undone=vault.now(), undone_by_name=who.name, undone_reason=said)
        store_batches.save(db, done)
        return Undone(done, len(back), len(before) - len(back))


def get(vault: Vault, batch_id: str) -> Batch:
    """One decision in bulk; NotFoundError."""
    for batch in store_batches.fetch(vault.db, "id = ?", batch_id):
        return batch
    raise NotFoundError(
        "bulk.unknown", "There is no such decision in bulk.", "See the list of them."
    )


def batches(vault: Vault, outage: str) -> list[Batch]:
    """The decisions in bulk of an outage, newest first."""
    return list(store_batches.fetch(vault.db, "outage = ?", outage))
