"""Take back what a receiver refused: it is decided anew, and so are the forms that wait behind it."""

from sqlite_utils import Database

from downtime.reconcile.duplicates import recompute
from downtime.reconcile.duplicates.store import stored_findings
from downtime.reconcile.model import Decision, StoredItem
from downtime.reconcile.store import items as items_store
from downtime.returns import outbox
from downtime.returns.model import AuditAction, Message
from downtime.returns.policies import check_absence_known, check_can_take_back, check_reason
from downtime.returns.store import outbox_messages
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def list_waiting_behind(db: Database, message: Message) -> list[StoredItem]:
    """What other forms say of the same as this message: it waits, or was decided, because of it."""
    return items_store.fetch_by_keys(db, stored_findings.fetch_followers(db, message.compared))


def take_back_message(
    vault: Vault, control_id: str, actor: Actor, reason: str, *, is_absent: bool = False
) -> Message:
    """A refused message is not to go out: each item that it carries is open again.

    Whoever then leaves such an item lets the next form of the same unit of blood stand. Messages
    of the patient that were held go on. `is_absent`: the actor looked in the live system, and it is
    not there. ConflictError for one that was not refused, that carries no compared items, or that
    may have arrived while nobody says that it is not there.
    """
    reason = check_reason(reason)
    action = AuditAction.RETURN_TAKE_BACK_ABSENT if is_absent else AuditAction.RETURN_TAKE_BACK
    with vault.change(actor, action, target=control_id, reason=reason) as db:
        message = outbox.require_message(db, control_id)
        check_can_take_back(message)
        check_absence_known(message, is_absent=is_absent)
        outbox.settle_message(db, message, reason, vault.now())
        carried_elsewhere = outbox_messages.find_carriers(db, message.compared)
        reopened = [
            stored
            for stored in items_store.fetch_by_keys(db, message.compared)
            if stored.decided.decision == Decision.RETURNED and stored.key not in carried_elsewhere
        ]
        recompute.reopen_after_refusal(db, reopened)
        return outbox.require_message(db, control_id)
