"""Take back what a receiver refused: it is decided anew, and so are the forms that wait behind it."""

from sqlite_utils import Database

from downtime.errors import ConflictError
from downtime.reconcile import standing, store_twice
from downtime.reconcile import store as items_store
from downtime.reconcile.states import RETURNED
from downtime.reconcile.store import ItemRow
from downtime.returns import outbox, store
from downtime.returns.states import REFUSED
from downtime.returns.store import Message
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


def behind(db: Database, message: Message) -> list[ItemRow]:
    """What other forms say of the same as this message: it waits, or was decided, because of it."""
    return items_store.with_keys(db, store_twice.behind(db, message.compared))


def take_back(vault: Vault, control_id: str, who: Actor, why: str) -> Message:
    """A refused message is not to go out: each item that it carries is open again.

    Whoever then leaves such an item lets the next form of the same unit of blood stand. Messages
    of the patient that were held go on. ConflictError for one that was not refused, which may
    have been taken in, and for one that carries no compared items.
    """
    with vault.change(who, "return.take-back", target=control_id, why=outbox.reason(why)) as db:
        message = outbox.current(db, control_id)
        _check(message)
        outbox.settle(db, message, why.strip(), vault.now())
        elsewhere = store.carried(db, message.compared)
        rows = items_store.with_keys(db, message.compared)
        out = [row for row in rows if row.decided.decision == RETURNED]
        standing.reopen(db, [row for row in out if row.key not in elsewhere])
        return outbox.current(db, control_id)


def _check(message: Message) -> None:
    if message.state != REFUSED or not message.compared:
        raise ConflictError(
            "return.not-refused",
            f"Message {message.control_id} was not refused, or tells of no form.",
            "Only what a system certainly did not take can be taken back.",
        )
