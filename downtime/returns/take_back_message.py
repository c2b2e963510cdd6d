"""Take back what a receiver refused: it is decided anew, and so are the forms that wait behind it."""

from sqlite_utils import Database

from downtime.errors import ConflictError
from downtime.reconcile.duplicates import recompute, store
from downtime.reconcile.model import Decision, StoredItem
from downtime.reconcile.store import items as items_store
from downtime.returns import outbox
from downtime.returns.model import AuditAction, Message, MessageState
from downtime.returns.store import outbox_messages
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


def list_waiting_behind(db: Database, message: Message) -> list[StoredItem]:
    """What other forms say of the same as this message: it waits, or was decided, because of it."""
    return items_store.fetch_by_keys(db, store.fetch_followers(db, message.compared))


def take_back_message(vault: Vault, control_id: str, actor: Actor, reason: str) -> Message:
    """A refused message is not to go out: each item that it carries is open again.

    Whoever then leaves such an item lets the next form of the same unit of blood stand. Messages
    of the patient that were held go on. ConflictError for one that was not refused, which may
    have been taken in, and for one that carries no compared items.
    """
    with vault.change(
        actor,
        AuditAction.RETURN_TAKE_BACK,
        target=control_id,
        reason=outbox.required_reason(reason),
    ) as db:
        message = outbox.require_message(db, control_id)
        _check(message)
        outbox.settle_message(db, message, reason.strip(), vault.now())
        elsewhere = outbox_messages.find_carriers(db, message.compared)
        rows = items_store.fetch_by_keys(db, message.compared)
        out = [row for row in rows if row.decided.decision == Decision.RETURNED]
        recompute.reopen_after_refusal(db, [row for row in out if row.key not in elsewhere])
        return outbox.require_message(db, control_id)


def _check(message: Message) -> None:
    if message.state != MessageState.REFUSED or not message.compared:
        raise ConflictError(
            "return.not-refused",
            f"Message {message.control_id} was not refused, or tells of no form.",
            "Only what a system certainly did not take can be taken back.",
        )
